import { ConfigError } from "../../src/config/configError";
import { askStatus, type Status, type StatusSources } from "../../src/status/status";
import type { LastUp } from "../../src/status/stackOutputs";
import { OpenstackApi } from "../../src/openstack/client";
import {
  healthyAnswers,
  healthyEtcd,
  standInCloud,
  standInConfig,
  standInOutputs,
  type StandInAnswers,
  watchdog,
  withCloud,
  withStandIn,
} from "./standIn";

const config = standInConfig(2);
const sourcesOfCloud = { auth: { identity: { methods: [] } }, insecure: false };

function sources(outputs: LastUp, authUrl: string, change: Partial<StatusSources> = {}): StatusSources {
  return {
    stack: "dev",
    readFile: () => ({ config, hasEncrypted: false }),
    readOutputs: () => Promise.resolve(outputs),
    logIn: () => OpenstackApi.login({ ...sourcesOfCloud, authUrl }),
    ...change,
  };
}

/** The status of a cluster that answers as a healthy one, but for `answers`; so does its cloud. */
function statusWith(answers: StandInAnswers, change: Partial<StatusSources> = {}, limit = 7_000): Promise<Status> {
  const outputs = standInOutputs(config);
  return withCloud({ ...standInCloud(config), ...answers }, (authUrl) =>
    withStandIn({ ...healthyAnswers(config), ...answers }, outputs, (known) =>
      askStatus(sources(known, authUrl, change), limit),
    ),
  );
}

/** The lines of these parts. */
const partsOf = (found: Status, ...parts: string[]) =>
  shown(found).filter((line) => parts.some((part) => line.split(": ")[0]?.endsWith(` ${part}`)));

/** Lines as "level part: text", without the port of the stand-in. */
const shown = ({ lines }: Status) =>
  lines.map(({ level, part, text }) => `${level} ${part}: ${text.replace(/127\.0\.0\.1:\d+/g, "API")}`);

const nodesWell = [
  "ok nodes control-plane: 3 of 3 Ready; v1.36.3; 3 of 3 have the files of the last `up`",
  "ok nodes default: 2 of 2 Ready; v1.36.3; 2 of 2 have the files of the last `up`",
];
const noBackups = "absent backups: none leaves the machines (kubernetes.etcd.backup)";
const certificatesWell = "ok certificates: 2 certificates of the stack; the first to end, dev-admin, has 300 days left";
const cloudWell = [
  "ok servers: 5 of 5 run or start by themselves, says Nova",
  "ok Nova quota: machines 5 of 10, vCPU 20 of 40, memory 40 GiB of 80 GiB",
  "ok Cinder quota: volumes 21 of 100, size 300 GiB without limit",
  "ok Neutron quota: floating IPs 2 of 10, ports 12 of 500, security groups 3 of 10",
];
const fileWell = "ok drift: stack file and last `up` agree";

describe("status of a cluster", () => {
  it("is healthy where everybody says so", async () => {
    const found = await statusWith({});
    expect([found.health, ...shown(found)]).toEqual([
      "healthy",
      "ok API: API answers and passes its 5 checks",
      "ok etcd: 3 of 3 members healthy; leader dev-control-plane-1; 24 MiB of 2 GiB",
      noBackups,
      "ok control plane: 9 of 9 static pods Ready; v1.36.3",
      ...nodesWell,
      certificatesWell,
      "ok Flux: 1 GitRepository, 2 Kustomizations, 1 HelmRelease; all Ready",
      "ok alerts: none fires but Watchdog, which always does",
      "ok tenants: 1 quota, none used by 90 % or more",
      ...cloudWell,
      fileWell,
      "ok drift: nodes run v1.36.3 as in the stack file",
    ]);
  });

  it("is one document of few keys, which a machine may rely on", async () => {
    const found = await statusWith({});
    expect(Object.keys(found)).toEqual(["stack", "asked", "health", "lines"]);
    expect(found.stack).toBe("dev");
    expect(Math.abs(Date.parse(found.asked) - Date.now())).toBeLessThan(60_000);
    const keys = new Set(found.lines.flatMap((line) => Object.keys(line)));
    expect([...keys].sort()).toEqual(["level", "part", "remedy", "text"]);
  });

  it("is bad where the API answers but is not ready, and names the check", async () => {
    const body = "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n";
    const found = await statusWith({ "/readyz": () => ({ status: 500, body }) });
    expect([found.health, shown(found)[0]]).toEqual(["bad", "bad API: API answers, but is not ready (500): etcd"]);
  });

  it("is bad where the API refuses the admin certificate", async () => {
    const found = await statusWith({ "/readyz": () => ({ status: 401, body: { message: "Unauthorized" } }) });
    expect([found.health, shown(found)[0]]).toEqual(["bad", "bad API: API refuses the admin certificate (401)"]);
  });

  it("shows all else where one part hangs", async () => {
    const found = await statusWith({ "/api/v1/nodes": () => "hang" }, {}, 4_000);
    const hung = "could not be asked: no answer within 4 s";
    expect(found.health).toBe("unknown");
    expect(partsOf(found, "nodes", "drift")).toEqual([`unknown nodes: ${hung}`, fileWell, `unknown drift: ${hung}`]);
    expect(found.lines.filter(({ level }) => level === "unknown")).toHaveLength(2);
  });

  it("shows what the API's refusal was", async () => {
    const message = "nodes is forbidden";
    const found = await statusWith({ "/api/v1/nodes": () => ({ status: 403, body: { message } }) });
    expect(partsOf(found, "nodes")).toEqual([
      "unknown nodes: could not be asked: The Kubernetes API refused a listing of the nodes (403): nodes is forbidden",
    ]);
  });

  it("is bad with the API away, and shows what stack and OpenStack know", async () => {
    const outputs = await withStandIn({}, standInOutputs(config), (known) => Promise.resolve(known));
    const found = await withCloud(standInCloud(config), (url) => askStatus(sources(outputs, url)));
    const refused = "could not be asked: connect ECONNREFUSED API";
    expect([found.health, ...shown(found)]).toEqual([
      "bad",
      "bad API: could not be asked: API: connect ECONNREFUSED API",
      `unknown etcd: ${refused}`,
      `unknown backups: ${refused}`,
      `unknown control plane: ${refused}`,
      `unknown nodes: ${refused}`,
      certificatesWell,
      `unknown Flux: ${refused}`,
      `unknown alerts: ${refused}`,
      `unknown tenants: ${refused}`,
      ...cloudWell,
      fileWell,
      `unknown drift: ${refused}`,
    ]);
  });

  it("shows the cluster where OpenStack is away", async () => {
    const away = await withCloud({}, (url) => Promise.resolve(url));
    const found = await statusWith({}, { logIn: () => OpenstackApi.login({ ...sourcesOfCloud, authUrl: away }) });
    expect(found.health).toBe("unknown");
    expect(found.lines.filter(({ level }) => level === "unknown").map(({ part }) => part)).toEqual([
      "servers",
      "Nova quota",
      "Cinder quota",
      "Neutron quota",
    ]);
    expect(partsOf(found, "servers")[0]).toMatch(
      /^unknown servers: could not be asked: Keystone at \S+ could not be reached: connect ECONNREFUSED/,
    );
  });

  it("logs in over plain http where the stack file allows it by name", async () => {
    const asked: (readonly string[])[] = [];
    const logIn = (allowed: readonly string[]) => {
      asked.push(allowed);
      return Promise.reject(new Error("not now"));
    };
    const open = standInConfig(2, { allowPlainHttp: ["openstack.authUrl"] });
    await statusWith({}, { logIn, readFile: () => ({ config: open, hasEncrypted: false }) });
    const readFile = () => {
      throw new ConfigError("Pulumi.dev.yaml", ["image is missing."]);
    };
    await statusWith({}, { logIn, readFile });
    expect(asked).toEqual([["openstack.authUrl"], []]);
  });

  it("is bad where half of the nodes are gone", async () => {
    const all = healthyAnswers(config)["/api/v1/nodes"]!(new URL("https://x/")) as { body: { items: object[] } };
    const half = { ...all.body, items: all.body.items.filter((_, index) => index % 2 === 0) };
    const found = await statusWith({ "/api/v1/nodes": () => ({ body: half }) });
    expect([found.health, ...partsOf(found, "control-plane", "default")]).toEqual([
      "bad",
      "bad nodes control-plane: 2 of 3 Ready; v1.36.3; 2 of 2 have the files of the last `up`",
      "bad nodes control-plane: dev-control-plane-1 has no Node",
      "bad nodes default: 1 of 2 Ready; v1.36.3; 1 of 1 have the files of the last `up`",
      "bad nodes default: dev-default-0 has no Node",
    ]);
  });

  it("names the etcd member that does not answer, and the one with an alarm", async () => {
    const proxy = (machine: string) =>
      `/api/v1/namespaces/kube-system/pods/etcd-dev-control-plane-${machine}:2381/proxy`;
    const full = { health: "false", reason: "ALARM NOSPACE" };
    const found = await statusWith({
      [`${proxy("0")}/health`]: () => ({ status: 503, body: full }),
      [`${proxy("0")}/metrics`]: () => ({ body: healthyEtcd(false) }),
      [`${proxy("2")}/health`]: () => ({ status: 503, body: { message: "dial tcp 10.20.0.12:2381: refused" } }),
      [`${proxy("2")}/metrics`]: () => ({ status: 503, body: { message: "dial tcp 10.20.0.12:2381: refused" } }),
    });
    expect(partsOf(found, "etcd")).toEqual([
      "bad etcd: 1 of 3 members healthy; leader dev-control-plane-1; 24 MiB of 2 GiB",
      "bad etcd: dev-control-plane-0: ALARM NOSPACE",
      "unknown etcd: dev-control-plane-2 could not be asked: dial tcp 10.20.0.12:2381: refused",
    ]);
  });

  it("shows the alerts of Alertmanager's own program", async () => {
    const labels = { alertname: "EtcdNoLeader", severity: "critical", pod: "etcd-dev-control-plane-0" };
    const annotations = {
      summary: "etcd-dev-control-plane-0 has no leader",
      runbook_url: "https://docs/EtcdNoLeader.md",
    };
    const startsAt = new Date(Date.now() - 12.5 * 60_000).toISOString();
    const found = await statusWith({
      "/api/v1/namespaces/monitoring/pods/alertmanager-0/exec": ({ searchParams }) => ({
        body: searchParams.getAll("command")[0] === "amtool" ? [watchdog, { labels, annotations, startsAt }] : [],
      }),
    });
    expect(found.lines.filter(({ part }) => part === "alerts")).toEqual([
      {
        part: "alerts",
        level: "bad",
        text: "EtcdNoLeader (critical) for 12 min: etcd-dev-control-plane-0 has no leader",
        remedy: "https://docs/EtcdNoLeader.md",
      },
    ]);
  });

  it("is healthy without Flux and Alertmanager where the stack file wants none", async () => {
    const found = await statusWith({
      "/apis/source.toolkit.fluxcd.io/v1/gitrepositories": () => ({ status: 404, body: "404 page not found" }),
      "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations": () => ({ status: 404, body: "404 page not found" }),
      "/apis/helm.toolkit.fluxcd.io/v2/helmreleases": () => ({ status: 404, body: "404 page not found" }),
      "/api/v1/namespaces/monitoring/pods": () => ({ body: { items: [], metadata: {} } }),
      "/api/v1/resourcequotas": () => ({ body: { items: [], metadata: {} } }),
    });
    expect([found.health, ...partsOf(found, "Flux", "alerts", "tenants")]).toEqual([
      "healthy",
      "absent Flux: this stack has none",
      "absent alerts: this stack has no Alertmanager",
      "absent tenants: no namespace has a quota",
    ]);
  });

  it("is unknown, with one reason, where the stack's outputs cannot be read", async () => {
    const readOutputs = () => Promise.reject(new Error("passphrase must be set"));
    const found = await statusWith({}, { readOutputs });
    expect([found.health, shown(found)[0]]).toEqual([
      "unknown",
      "unknown stack: could not be asked: passphrase must be set",
    ]);
    const reasons = found.lines.filter(({ level, part }) => level === "unknown" && part !== "stack");
    expect(reasons.map(({ part }) => part)).toEqual([
      ...["API", "etcd", "backups", "control plane", "nodes", "certificates", "Flux", "alerts", "tenants", "servers"],
      ...["drift", "drift"],
    ]);
    expect([...new Set(reasons.map(({ text }) => text))]).toEqual([
      "could not be asked: the outputs of the stack are unknown",
    ]);
    expect(partsOf(found, "quota")).toEqual(cloudWell.slice(1));
  });

  it("asks the cluster where the stack file is wrong", async () => {
    const readFile = () => {
      throw new ConfigError("Pulumi.dev.yaml", ["image is missing."]);
    };
    const found = await statusWith({}, { readFile });
    expect(found.health).toBe("unknown");
    expect(partsOf(found, "control-plane", "default")).toEqual(nodesWell);
    expect(shown(found).at(-1)).toMatch(/^unknown drift: could not be asked: .*image is missing$/);
  });

  it("shows no secret", async () => {
    const found = await statusWith({ "/api/v1/nodes": () => ({ status: 500, body: "broken" }) });
    expect(JSON.stringify(found)).not.toMatch(/PRIVATE KEY|certificate-authority-data|client-key-data/);
  });
});
