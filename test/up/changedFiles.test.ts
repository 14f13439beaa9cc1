/** Which machines `up` orders when, against a stand-in API whose nodes have stand-in agents. */
import { renderPoolFiles } from "../../src/bootstrap/filesInPlace";
import { messageOf } from "../../src/engine/messageOf";
import type { KubernetesRequest } from "../../src/kubernetes/client";
import { answerAnnotation, orderAnnotation } from "../../src/kubernetes/filesGuard";
import { answerOf } from "../../src/kubernetes/filesInPlace";
import type { Node } from "../../src/kubernetes/nodes";
import { filesMachines, takeChangedFiles, type ChangedFilesInput } from "../../src/up/changedFiles";
import { sampleConfig } from "../bootstrap/samples";
import { standingClock } from "../engine/standingClock";
import { FakeNodes, fakeNode } from "../kubernetes/fakeNodes";

const mirrored = (endpoint: string, count = 4, replicas = 3) =>
  sampleConfig({
    registryMirrors: [{ registry: "quay.io", endpoints: [endpoint] }],
    controlPlane: { flavor: "medium", replicas },
    nodePools: [{ name: "default", count, flavor: "large" }],
    kubernetes: { podCidr: "172.16.0.0/12" },
  });
const before = mirrored("https://old.example.org");
const after = mirrored("https://new.example.org");
const digestOf = (config: typeof before, pool: "control-plane" | "worker" = "worker") =>
  filesMachines(config).find(({ role }) => role === pool)!.files.digest;

/** Annotations of a node whose agent has the files of a configuration. */
function having(
  config: typeof before,
  role: "control-plane" | "worker",
  packageManager = "apt",
): Record<string, string> {
  const order = digestOf(config, role);
  const answer = { order, state: "reached", message: "done", packageManager };
  return { [orderAnnotation]: order, [answerAnnotation]: JSON.stringify(answer) };
}

/** A cluster whose nodes have agents that answer at the second look. */
class Agents {
  /** Each order, with the seconds at which it was given. */
  readonly orders: string[] = [];
  readonly published: string[] = [];
  readonly nodes = new Map<string, Node>();
  readonly clock = standingClock();
  /** Machines whose agents answer that they failed, and machines whose agents are silent. */
  readonly failing = new Set<string>();
  readonly silent = new Set<string>();
  readonly api = new FakeNodes(this.nodes);
  private readonly objects = new Set<string>();
  private readonly seen = new Set<string>();

  constructor(config = before, annotations = having) {
    for (const { name, role } of filesMachines(config))
      this.nodes.set(name, fakeNode(name, { annotations: annotations(config, role as "worker") }));
  }

  readonly request: KubernetesRequest = async (method, path, body) => {
    if (!path.startsWith("/api/v1/nodes")) {
      if (path.includes("secrets") || path.includes("admission") || path.includes("rbac"))
        return this.object(method, path, body);
      return this.api.request(method, path, body);
    }
    const name = /^\/api\/v1\/nodes\/([^?]+)$/.exec(path)?.[1];
    if (method === "GET" && name !== undefined) this.work(name);
    if (method === "PUT" && name !== undefined) this.orders.push(`${name} ${this.clock.now() / 1000}`);
    return this.api.request(method, path, body);
  };

  private object(method: string, path: string, body: unknown) {
    const name = method === "POST" ? `${path}/${(body as Node).metadata.name}` : path;
    if (method === "GET" && !this.objects.has(name)) return { status: 404, body: "{}" };
    if (method !== "GET") this.published.push(name.split("/").at(-1)!);
    this.objects.add(name);
    return { status: method === "POST" ? 201 : 200, body: JSON.stringify(body ?? {}) };
  }

  private work(name: string): void {
    const node = this.nodes.get(name)!;
    const order = node.metadata.annotations?.[orderAnnotation];
    const look = `${name} ${order}`;
    const first = !this.seen.has(look);
    this.seen.add(look);
    if (first || order === undefined || this.silent.has(name) || answerOf(node)?.order === order) return;
    const [state, message] = this.failing.has(name) ? ["failed", "containerd: invalid"] : ["reached", "changed /x"];
    const answer = JSON.stringify({ order, state, message, packageManager: "apt" });
    const annotations = { ...node.metadata.annotations, [answerAnnotation]: answer };
    this.nodes.set(name, { ...node, metadata: { ...node.metadata, annotations } });
  }

  async take(config = after, changes: Partial<ChangedFilesInput> = {}): Promise<{ told: string[]; error?: string }> {
    const told: string[] = [];
    const error = await takeChangedFiles({
      clusterName: "test",
      machines: filesMachines(config),
      packageManager: "apt",
      withAgent: new Set(),
      created: new Set(),
      maxUnavailable: "2",
      nodeTimeoutMinutes: 10,
      timeoutMinutes: 30,
      request: this.request,
      progress: () => undefined,
      tell: (line) => told.push(line),
      clock: this.clock,
      ...changes,
    }).then(() => undefined, messageOf);
    return { told, ...(error === undefined ? {} : { error }) };
  }

  /** Names of the machines that were ordered, those at the same time together. */
  batches(): string[][] {
    const times = [...new Set(this.orders.map((order) => order.split(" ")[1]!))];
    return times.map((time) =>
      this.orders
        .filter((order) => order.endsWith(` ${time}`))
        .map((order) => order.split(" ")[0]!.replace("test-", "")),
    );
  }
}

describe("changed settings", () => {
  it("are ordered of one control-plane machine after the other, of one worker, and then of batches", async () => {
    const agents = new Agents();
    const { told, error } = await agents.take();
    expect(error).toBeUndefined();
    expect(agents.batches()).toEqual([
      ["control-plane-0"],
      ["control-plane-1"],
      ["control-plane-2"],
      ["default-0"],
      ["default-1", "default-2"],
      ["default-3"],
    ]);
    expect(told).toHaveLength(7);
    expect(told[0]).toBe("test-control-plane-0: reached: changed /x (2 s)");
  });

  it("wait before each control-plane machine until the others were whole three times in a row", async () => {
    const agents = new Agents();
    agents.api.brokenPods.add("etcd-test-control-plane-2");
    const { error } = await agents.take();
    expect(error).toMatch(
      /^test-control-plane-0 is not touched: after 30 minutes .* etcd of node test-control-plane-2 is not Ready/,
    );
    expect(agents.orders).toEqual([]);
  });

  it("that all machines have are ordered of none, and nothing is published again", async () => {
    const agents = new Agents();
    await agents.take();
    const published = agents.published.length;
    const ordered = agents.orders.length;
    expect(await agents.take()).toEqual({ told: [] });
    expect(agents.orders).toHaveLength(ordered);
    expect(agents.published.slice(published).filter((name) => !name.startsWith("openstack-kubernetes-files"))).toEqual(
      [],
    );
  });

  it("stop at the first machine that refuses them, which is named with its reason", async () => {
    const agents = new Agents();
    agents.failing.add("test-default-0");
    const { error } = await agents.take();
    expect(error).toBe(
      "Changed settings were refused by a machine: test-default-0: containerd: invalid. No further machine is touched.\nCorrect the setting, or what it names, and run `pulumi up` again.",
    );
    expect(agents.batches().flat()).not.toContain("default-1");
  });

  it("are ordered once more of a machine that refused them", async () => {
    const agents = new Agents();
    agents.failing.add("test-default-0");
    await agents.take();
    agents.failing.clear();
    expect(await agents.take()).not.toHaveProperty("error");
    expect(agents.orders.filter((order) => order.startsWith("test-default-0 "))).toHaveLength(2);
    expect(agents.orders.filter((order) => order.startsWith("test-control-plane-0 "))).toHaveLength(1);
  });

  it("end with a sentence when an agent does not answer", async () => {
    const agents = new Agents();
    agents.silent.add("test-default-0");
    expect((await agents.take()).error).toMatch(
      /^Changed settings did not reach every machine within 10 minutes \(update\.nodeTimeoutMinutes\): test-default-0 has not answered\. No further machine is touched\./,
    );
  });

  it("come last to a machine that is not Ready, which needs only answer", async () => {
    const agents = new Agents();
    agents.nodes.set(
      "test-default-0",
      fakeNode("test-default-0", { annotations: having(before, "worker"), ready: false }),
    );
    expect(await agents.take()).not.toHaveProperty("error");
    expect(agents.batches().at(-1)).toContain("default-0");
  });

  it("are not ordered of a machine without an agent, nor of one with another operating system", async () => {
    const old = new Agents(before, () => ({}));
    expect(await old.take()).toEqual({ told: [] });
    expect(old.orders).toEqual([]);
    const other = new Agents(before, (config, role) => having(config, role, "dnf"));
    await other.take();
    expect(other.orders).toEqual([]);
  });
});

describe("changed settings of many workers", () => {
  it("cost a number of calls that grows with the number of nodes", async () => {
    const calls = async (count: number) => {
      const agents = new Agents(mirrored("https://old.example.org", count));
      let made = 0;
      const { error } = await agents.take(mirrored("https://new.example.org", count), {
        maxUnavailable: "10%",
        request: (...call) => {
          made++;
          return agents.request(...call);
        },
      });
      expect(error).toBeUndefined();
      expect(agents.orders).toHaveLength(count + 3);
      return made;
    };
    const [small, large] = [await calls(30), await calls(300)];
    // An order and two looks for each node; the rest does not depend on their number.
    expect(large - small).toBe(270 * 3);
  });
});

describe("machines that this run created", () => {
  it("are ordered all at once, and reported by nobody", async () => {
    const agents = new Agents(after, () => ({}));
    const names = new Set(filesMachines(after).map(({ name }) => name));
    expect(await agents.take(after, { withAgent: names, created: names })).toEqual({ told: [] });
    expect(agents.batches()).toHaveLength(1);
    expect(agents.orders).toHaveLength(7);
  });
});

describe("the digest of a pool's files", () => {
  it("differs with a mirror, and not with what needs a roll", () => {
    expect(digestOf(before)).not.toBe(digestOf(after));
    const template = (config: typeof before) => ({ role: "worker" as const, pool: "default", config });
    const digest = ({ config, ...rest }: ReturnType<typeof template>) => renderPoolFiles(config, rest).digest;
    expect(digest(template(sampleConfig({ image: "debian-13" })))).toBe(digest(template(sampleConfig())));
  });
});
