/** What runbooks quote, in blocks of text and step by step of the bootstrap, is what the program prints. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseClusterConfig } from "../../src/config/parse";
import { messageOf } from "../../src/engine/messageOf";
import { answerJoinRequests } from "../../src/kubernetes/joinRequests";
import { OpenstackApi } from "../../src/openstack/client";
import { preflightMessage } from "../../src/preflight/checkPreflight";
import { planRepair } from "../../src/repair/repairPlan";
import { renderPlan } from "../../src/repair/repairReport";
import { refusedChange } from "../../src/up/changedSettings";
import { waitForCluster } from "../../src/up/clusterGate";
import { standingClock } from "../engine/standingClock";
import { minimalStack } from "../fixtures/minimalStack";
import { withServer } from "../openstack/fakeOpenstack";
import { preflight } from "../preflight/run";
import { machine, now } from "../repair/machines";
import { repositoryFolder } from "./textFiles";

const textOf = (path: string) => readFileSync(join(repositoryFolder, path), "utf8");
const words = (text: string) => text.trim().replace(/\s+/g, " ");

/** The blocks of text of a runbook, each as one line. */
const quotes = (page: string) =>
  [...textOf(`docs/runbooks/${page}.md`).matchAll(/^ *```text\n([^]*?)^ *```$/gm)].map(([, block = ""]) =>
    words(block),
  );

const refusal = (authUrl: string) =>
  OpenstackApi.login({ authUrl, auth: {}, insecure: false }).then(() => "no refusal", messageOf);

/** How a log-in at a Keystone that answers so is refused, with the address of the pages. */
async function logIn(status: number): Promise<string> {
  const refused = await withServer(
    () => ({ status }),
    (own) => refusal(own),
  );
  return refused.replace(/http:\/\/127\.0\.0\.1:\d+/, "https://keystone.example.org:5000");
}

describe("a quotation in a runbook", () => {
  it("of OpenStack that is away is pre-flight's", async () => {
    const away = await refusal("http://127.0.0.1:9");
    const sentence = `${away}.`
      .replace("http://127.0.0.1:9 ", "https://keystone.example.org:5000 ")
      .replace("127.0.0.1:9.", "192.0.2.20:5000.");
    const { problems } = await preflight({}, { refused: { nova: 503 } });
    expect(quotes("openstack-away")).toEqual([words(preflightMessage([sentence])), words(preflightMessage(problems))]);
  });

  it("of a refused log-in is the client's, and names the page itself", async () => {
    expect(quotes("openstack-credential")).toEqual([await logIn(401)]);
    expect(await logIn(403)).not.toContain("runbooks");
  });

  it("of a silent endpoint is what docs/status.md shows", () => {
    const [quoted = ""] = quotes("endpoint-down");
    expect(words(textOf("docs/status.md"))).toContain(quoted);
  });

  it("of the settings for an endpoint that is gone is one that the program takes, and `up` carries out", () => {
    const [, block = ""] = /```yaml\n([^]*?)```/.exec(textOf("docs/runbooks/endpoint-down.md")) ?? [];
    const quoted = Object.entries(parse(block) as Record<string, object>).map(([key, value]) => [
      key.replace("openstack-kubernetes:", ""),
      value,
    ]);
    const { apiEndpoint, allowDestruction } = Object.fromEntries(quoted) as {
      apiEndpoint: object;
      allowDestruction: string[];
    };
    for (const kind of ["loadBalancer", "virtualIp"]) {
      const before = { ...minimalStack, network: { cidr: "10.0.0.0/24" }, apiEndpoint: { kind } };
      const after = { ...before, apiEndpoint: { kind, ...apiEndpoint } };
      expect(parseClusterConfig({ ...after, allowDestruction }, "dev").apiEndpoint).toMatchObject(apiEndpoint);
      expect(refusedChange(before, after, [], [])).toContain("unless this is the old address");
      expect(refusedChange(before, after, allowDestruction, [])).toBeUndefined();
    }
  });

  it("of a machine that does not join is the gate's, the answer to its request, and the repair's", async () => {
    const name = "dev-general-3";
    const empty = { items: [], metadata: {} };
    const gate = waitForCluster({
      request: () => Promise.resolve({ status: 200, body: JSON.stringify(empty) }),
      machines: [name],
      touched: () => [name],
      nodesReady: true,
      isCalico: false,
      timeoutMinutes: 1,
      seen: () => Promise.resolve(),
      consoles: () => Promise.resolve(new Map()),
      progress: () => undefined,
      clock: standingClock(),
    });
    const lines = String(await gate.catch(messageOf)).split("\n");
    const signerName = "kubernetes.io/kube-apiserver-client-kubelet";
    const spec = { request: "", signerName, username: "system:bootstrap:abcdef" };
    const answers = (method: string) =>
      method === "GET" ? { items: [{ metadata: { name: "csr-1" }, spec }], metadata: {} } : {};
    const denials = await answerJoinRequests(
      (method) => Promise.resolve({ status: 200, body: JSON.stringify(answers(method)) }),
      "abcdef.0123456789abcdef",
      () => Promise.resolve({ admitted: new Set(), deferred: new Set() }),
    );
    const repair = { afterMinutes: 15, maxUnhealthy: "40%" };
    const machines = [
      { ...machine(name), node: undefined },
      ...[0, 1, 2].map((index) => machine(`dev-general-${index}`)),
    ];
    const [plan] = renderPlan(
      planRepair({ machines, repair, roll: [], now, clockAhead: 0 }),
      repair.afterMinutes,
    ).split("\n");
    expect(quotes("machine-does-not-join")).toEqual([lines[1], ...denials, plan]);
    expect(lines[2]).toContain("docs/runbooks/machine-does-not-join.md");
  });

  it("of the bootstrap is a step of it, and what it says", () => {
    const page = words(textOf("docs/runbooks/machine-does-not-join.md"));
    const bootstrap = textOf("src/bootstrap/files/bootstrap.sh");
    const steps = [...bootstrap.matchAll(/step "([^"]+)"/g)].map(([, step = ""]) => step.replace("$ROLE", "worker"));
    const named = ["preparing the operating system", "mounting volumes", "starting containerd", "installing packages"];
    for (const step of [...named, "becoming a worker node"]) {
      expect(steps).toContain(step);
      expect(page).toContain(step);
    }
    expect(bootstrap).toContain("(step: $title; full log: $log; tried again in 30 s)");
    expect(page).toContain("(step: installing packages; ...)");
    expect(textOf("src/bootstrap/files/join-worker.sh")).toContain("waiting for the API endpoint https://$ENDPOINT: ");
    expect(page).toContain("waiting for the API endpoint https://...: ");
    expect(bootstrap).toContain('console "SUCCESS: ${name%%.*} is a $ROLE node of $CLUSTER_NAME"');
    expect(page).toContain("SUCCESS: ... is a worker node");
  });
});
