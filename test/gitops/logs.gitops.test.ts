/**
 * The option opensearch: the real Fluent Bit with the rendered configuration reads a node's logs, asks a real API
 * server for the namespace's tenant, and sends to a stand-in of OpenSearch. Not shown: its pod, a real OpenSearch, and
 * that SELinux lets it read.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPart, buildStack, fluxBuildPrograms } from "./fluxBuild";
import { controlPlanePrograms, startControlPlane } from "./live/controlPlane";
import { isThere, journalPrograms, writeJournal } from "./live/journal";
import type { Kubectl } from "./live/kubectl";
import { fluentBit, fluentBitRelease, LogCollector, type Surroundings } from "./live/logCollector";
import { type Document, OpenSearch } from "./live/openSearch";
import { eventually, freePorts, Processes } from "./live/processes";
import { credentials, environment, line, writeSampleLogs } from "./live/sampleLogs";
import { clusterSettings } from "./settings";
import { describeWith } from "./toolbox";

jest.setTimeout(300_000);

/** Documents by their message, without what differs between runs. */
const messages = (documents: readonly Document[]) => documents.map(({ message }) => message).sort();

describeWith([fluentBit, ...controlPlanePrograms, ...fluxBuildPrograms])("the collector of logs", () => {
  let folder: string;
  let control: Processes;
  let kubectl: Kubectl;
  let openSearch: OpenSearch;
  let around: Surroundings;
  const collectors: LogCollector[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "logs-"));
    control = new Processes(folder);
    kubectl = await startControlPlane(join(folder, "control-plane"), control);
    const labels = { "openstack-kubernetes/tenant": "atlas", "openstack-kubernetes/owner": "platform" };
    for (const metadata of [{ name: "logging" }, { name: "atlas", labels }])
      kubectl.create({ apiVersion: "v1", kind: "Namespace", metadata });
    const access = buildStack("dev", { LOGS: "opensearch", OPENSEARCH_HOST: "localhost" }, ["choices"])
      .get("logs")!
      .filter(({ kind }) =>
        ["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"].includes(String(kind)),
      );
    expect(kubectl.apply(...access)).toMatchObject({ ok: true });
    const container = { name: "fluent-bit", image: "registry.example.org/fluent-bit:1.0.0" };
    const spec = { serviceAccountName: "fluent-bit", containers: [container] };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: environment.HOSTNAME, namespace: "logging" }, spec };
    expect(kubectl.create(pod)).toMatchObject({ ok: true });
    const [port] = await freePorts(1);
    openSearch = new OpenSearch(folder, port!, credentials.user, credentials.password);
    await openSearch.start();
    const { server, authority } = kubectl.address();
    const token = kubectl.run(["create", "token", "fluent-bit", "-n", "logging"]);
    around = {
      openSearchPort: port!,
      authority: openSearch.authority,
      apiServer: server,
      apiAuthority: authority,
      token,
    };
  }, 300_000);

  afterAll(async () => {
    for (const collector of collectors) await collector.stop();
    await openSearch?.stop();
    await control?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A collector on a node of its own; `settings` beside those of the stack. */
  const collectorOf = async (name: string, settings: Readonly<Record<string, string>> = {}) => {
    const collector = await LogCollector.prepare(join(folder, name), { ...around, settings }, environment);
    collectors.push(collector);
    return collector;
  };
  /** Waits until these and no other messages of a pod are there. */
  const arrive = (collector: LogCollector, pod: string, expected: readonly string[], seconds = 60) =>
    eventually(
      `The logs of ${pod}`,
      seconds,
      () => {
        const found = openSearch.documents("dev-pods-").filter((document) => document.pod === pod);
        return found.length >= expected.length ? found : undefined;
      },
      () => `${JSON.stringify(openSearch.documents())}\n${collector.log()}`,
    );

  it("is of the version that the chart runs", () => {
    const [, version] = /v(\d+\.\d+\.\d+)/.exec(execFileSync(fluentBit, ["--version"], { encoding: "utf8" })) ?? [];
    // The chart's appVersion, which no test can ask a repository for.
    expect([fluentBitRelease({}).version, version]).toEqual(["0.58.1", "5.1.1"]);
  });

  describe("on a node", () => {
    let collector: LogCollector;

    beforeAll(async () => {
      collector = await collectorOf("node");
      writeSampleLogs(collector);
      if (isThere()) writeJournal(collector.journal, "kubelet says hello");
      collector.start();
    });

    it("delivers a container's lines with their time, stream, node, and the tenant that the API server knows", async () => {
      const found = await arrive(collector, "web-0", ["first line", "", "", ""]);
      const common = {
        kind: "pods",
        index: "dev-pods",
        cluster: "dev",
        node: "dev-worker-0",
        namespace: "atlas",
        pod: "web-0",
        container: "main",
        tenant: "atlas",
      };
      const at = (second: number) => `2026-11-23T10:00:0${second}.123456789Z`;
      for (const { id } of found) expect(id).toMatch(/^1795428\d{3}\.\d{9}-[0-9a-f]{16}$/);
      expect(
        [...found]
          .map((document): Document => ({ ...document, id: undefined }))
          .sort((a, b) => String(a["@timestamp"]).localeCompare(String(b["@timestamp"]))),
      ).toEqual([
        { ...common, "@timestamp": at(1), stream: "stdout", message: "first line" },
        { ...common, "@timestamp": at(2), stream: "stdout", message: '{"level":"info","kubernetes":"not ours"}' },
        { ...common, "@timestamp": at(3), stream: "stdout", message: "a long line that containerd cut in three" },
        { ...common, "@timestamp": at(4), stream: "stderr", message: "an error" },
      ]);
    });

    it("names no tenant where the namespace is nobody's, and leaves out what the collector says of itself", async () => {
      const [document] = await arrive(collector, "coredns-abc.def", ["ready"]);
      expect(document).toMatchObject({ namespace: "kube-system", container: "coredns", message: "ready" });
      expect(Object.keys(document!)).not.toContain("tenant");
      expect(openSearch.documents().filter(({ namespace }) => namespace === "logging")).toEqual([]);
    });

    it("delivers a line as it stands that is not as containerd writes them", async () => {
      const [document] = await arrive(collector, "odd-0", ["not as containerd writes"]);
      expect(document).toMatchObject({
        kind: "pods",
        namespace: "atlas",
        tenant: "atlas",
        message: "not as containerd writes",
      });
    });

    it("delivers the audit log: who did what, and the whole event as text", async () => {
      const [event] = await eventually(
        "The audit event",
        60,
        () => (openSearch.documents("dev-audit-").length > 0 ? openSearch.documents("dev-audit-") : undefined),
        () => collector.log(),
      );
      expect(event).toEqual({
        id: expect.stringMatching(/^\d+\.654321000-/) as string,
        "@timestamp": "2026-11-23T10:00:07.654321000Z",
        kind: "audit",
        index: "dev-audit",
        cluster: "dev",
        node: "dev-worker-0",
        verb: "create",
        uri: "/apis/apps/v1/namespaces/atlas/deployments",
        user: "oidc:ada",
        groups: ["oidc:atlas-developers", "system:authenticated"],
        source: "10.0.0.7",
        resource: "deployments",
        namespace: "atlas",
        name: "web",
        code: 201,
        message: expect.stringContaining('"extra":{"a/b":["c"]}') as string,
      });
    });

    describeWith(journalPrograms)("with a journal", () => {
      it("delivers what the node's services write", async () => {
        const [entry] = await eventually(
          "The journal's entry",
          60,
          () => {
            const found = openSearch.documents("dev-nodes-").filter(({ message }) => message === "kubelet says hello");
            return found.length > 0 ? found : undefined;
          },
          () => `${JSON.stringify(openSearch.documents("dev-nodes-"))}\n${collector.log()}`,
        );
        expect(entry).toMatchObject({
          kind: "nodes",
          cluster: "dev",
          node: "dev-worker-0",
          unit: "kubelet",
          priority: "4",
        });
      });
    });

    it("finds that it may ask the API server what it asks", () => {
      expect(collector.log(400)).toContain("connectivity OK");
    });

    it("writes to one index per kind of log and day", () => {
      // What has no time of its own has that of its reading.
      const today = new Date().toISOString().slice(0, 10).replaceAll("-", ".");
      const expected = new Set(["dev-audit-2026.11.23", "dev-pods-2026.11.23", `dev-pods-${today}`]);
      expect(openSearch.indices().filter((index) => !index.startsWith("dev-nodes-"))).toEqual([...expected].sort());
    });

    it("keeps what it read while OpenSearch is away, over a power cut too, and delivers each line once when it is back", async () => {
      await openSearch.stop();
      const lines = Array.from({ length: 40 }, (_, number) => `written while it was away ${number}`);
      collector.write(
        "atlas",
        "away-0",
        "main",
        lines.slice(0, 20).map((text) => line(10, text)),
      );
      await eventually("A failed attempt", 90, async () =>
        value(await collector.metrics(), "fluentbit_output_retries_total") > 0 ? true : undefined,
      );
      await collector.kill();
      collector.forget();
      collector.start();
      collector.write(
        "atlas",
        "away-0",
        "main",
        lines.slice(20).map((text) => line(11, text)),
      );
      await eventually("Metrics of the new process", 60, async () =>
        value(await collector.metrics(), "fluentbit_output_retries_total") > 0 ? true : undefined,
      );
      await openSearch.start();
      const found = await arrive(collector, "away-0", lines, 90);
      expect(messages(found)).toEqual([...lines].sort());
      // What had been delivered before was read once more.
      await eventually("Nothing left to send", 90, () => (collector.queued() === 0 ? true : undefined));
      expect(openSearch.documents("dev-pods-").filter(({ pod }) => pod === "web-0")).toHaveLength(4);
      expect(openSearch.documents("dev-audit-")).toHaveLength(1);
    });

    it.each(["refuses", "refuses some"] as const)(
      "sends again what OpenSearch %s, until it is there, and each line once",
      async (mood) => {
        const pod = mood.replace(" ", "-");
        const lines = Array.from({ length: 10 }, (_, number) => `${mood} ${number}`);
        const before = openSearch.refused;
        openSearch.mood = mood;
        collector.write(
          "atlas",
          pod,
          "main",
          lines.map((text) => line(20, text)),
        );
        await eventually("A refusal", 90, () => (openSearch.refused > before ? true : undefined));
        openSearch.mood = "takes";
        const found = await arrive(collector, pod, lines, 90);
        expect(messages(found)).toEqual([...lines].sort());
      },
    );

    it("has every metric by the name that alerts ask for", async () => {
      const asked = new Set(
        JSON.stringify(buildPart("dev", "alerts", clusterSettings("dev"))).match(/\bfluentbit_[a-z_]+\b/g),
      );
      const metrics = await collector.metrics();
      expect(asked.size).toBeGreaterThan(2);
      expect([...asked].filter((name) => !metrics.includes(`# HELP ${name} `))).toEqual([]);
    });
  });

  it("takes no more of the node's disk than its queue may, loses the oldest first, and says how much", async () => {
    await openSearch.stop();
    const collector = await collectorOf("full", { LOGS_QUEUE: "8M" });
    collector.start();
    const filler = "x".repeat(1000);
    for (let round = 0; round < 12; round++) {
      collector.write(
        "atlas",
        "flood-0",
        "main",
        Array.from({ length: 2000 }, (_, number) => line(30, `${round} ${number} ${filler}`)),
      );
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
    await eventually(
      "Dropped records",
      120,
      async () => (value(await collector.metrics(), "fluentbit_output_dropped_records_total") > 0 ? true : undefined),
      () => collector.log(),
    );
    expect(collector.queued()).toBeLessThan(12 * 1024 * 1024);
    expect(value(await collector.metrics(), "fluentbit_output_chunk_available_capacity_percent")).toBeLessThan(50);
    await openSearch.start();
    const newest = await eventually(
      "The newest line",
      180,
      () => openSearch.documents("dev-pods-").find(({ message }) => message?.startsWith("11 1999 ")),
      () => collector.log(),
    );
    expect(newest).toMatchObject({ pod: "flood-0", tenant: "atlas" });
    expect(openSearch.documents("dev-pods-").some(({ message }) => message?.startsWith("0 0 "))).toBe(false);
  });

  it("does not start to send where the certificate is of another authority", async () => {
    const other = new OpenSearch(mkdirTemp(folder), around.openSearchPort, "", "");
    const collector = await LogCollector.prepare(
      join(folder, "stranger"),
      { ...around, authority: other.authority },
      environment,
    );
    collectors.push(collector);
    collector.write("atlas", "stranger-0", "main", [line(40, "secret")]);
    collector.start();
    await eventually("A failed attempt", 90, async () =>
      value(await collector.metrics(), "fluentbit_output_retries_total") > 0 ? true : undefined,
    );
    expect(openSearch.documents("dev-pods-").filter(({ pod }) => pod === "stranger-0")).toEqual([]);
    expect(collector.log()).toContain("certificate verify failed");
  });
});

function mkdirTemp(folder: string): string {
  const made = join(folder, "other");
  mkdirSync(made);
  return made;
}

/** Sum of a metric over its series; 0 where there is none. */
function value(metrics: string, name: string): number {
  return [...metrics.matchAll(new RegExp(`^${name}\\{[^}]*\\} ([\\d.e+]+)`, "gm"))].reduce(
    (sum, [, number]) => sum + Number(number),
    0,
  );
}
