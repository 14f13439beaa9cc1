/** In which order `up` upgrades machines, drains and opens their nodes; against stand-ins (agents.ts). */
import type { KubernetesRequest } from "../../src/kubernetes/client";
import { sampleConfig } from "../bootstrap/samples";
import { budget } from "../kubernetes/fakeNodes";
import { Agents, having } from "./agents";

const configOf = (version: string, more: Record<string, unknown> = {}) =>
  sampleConfig({
    controlPlane: { flavor: "medium", replicas: 3 },
    nodePools: [{ name: "default", count: 3, flavor: "large" }],
    kubernetes: { version },
    ...more,
  });
const older = configOf("1.35.8");
const newer = configOf("1.36.3");

function cluster(pods: ConstructorParameters<typeof Agents>[2] = []): Agents {
  const agents = new Agents(older, having, pods);
  agents.target = "1.36.3";
  return agents;
}

/** What happens to a node that is drained. */
const upgraded = (name: string) => ["cordoned", "drained", "1.36.3", "open"].map((event) => `${name} ${event}`);

describe("an upgrade to the next minor", () => {
  it("takes one control-plane machine after the other, one worker, and then batches, each drained and opened again", async () => {
    const agents = cluster();
    expect(await agents.take(newer)).not.toHaveProperty("error");
    expect(agents.events).toEqual([
      ...upgraded("control-plane-0"),
      ...upgraded("control-plane-1"),
      ...upgraded("control-plane-2"),
      ...upgraded("default-0"),
      ...["cordoned", "drained", "1.36.3", "open"].flatMap((event) => [`default-1 ${event}`, `default-2 ${event}`]),
    ]);
  });

  it.each([
    ["all along", new Set<string>()],
    ["until a machine fails", new Set(["test-default-0"])],
  ])("holds reboots by kured back %s", async (_, failing) => {
    const agents = cluster();
    failing.forEach((name) => agents.failing.add(name));
    const kured = { metadata: { name: "kured", namespace: "kured" } };
    agents.facts["/apis/apps/v1/daemonsets"] = { items: [kured], metadata: {} };
    const locks: unknown[] = [];
    const take = agents.request;
    const request: KubernetesRequest = (method, path, body) => {
      if (method !== "PUT" || !path.endsWith("/daemonsets/kured")) return take(method, path, body);
      locks.push([
        agents.events.length,
        Object.keys((body as { metadata: { annotations: object } }).metadata.annotations),
      ]);
      agents.facts["/apis/apps/v1/daemonsets"] = { items: [body], metadata: {} };
      return Promise.resolve({ status: 200, body: "{}" });
    };
    await agents.take(newer, { request });
    expect(locks).toEqual([
      [0, ["weave.works/kured-node-lock"]],
      [agents.events.length, []],
    ]);
  });

  it("asks for nothing when it is done", async () => {
    const agents = cluster();
    await agents.take(newer);
    const events = agents.events.length;
    expect([await agents.take(newer), agents.events.length]).toEqual([{ told: [] }, events]);
  });

  it("tells each machine's steps with the time that has passed", async () => {
    const { told } = await cluster().take(newer);
    expect(told.filter((line) => line.startsWith("test-default-0"))).toEqual([
      expect.stringMatching(/^test-default-0: waits \(\d+ s\)$/),
      expect.stringMatching(/^test-default-0: its pods are gone \(\d+ s\)$/),
      expect.stringMatching(/^test-default-0: reached: changed \/x \(\d+ s\)$/),
    ]);
  });

  it("is not begun where something stands in the way: everything is named, and nothing published or written", async () => {
    const agents = cluster();
    const status = { expectedPods: 1, disruptionsAllowed: 0 };
    agents.facts["/apis/policy/v1/poddisruptionbudgets"] = {
      items: [{ metadata: { namespace: "shop", name: "cart" }, status }],
      metadata: {},
    };
    agents.api.brokenPods.add("etcd-test-control-plane-1");
    const { error } = await agents.take(newer, { unlistedComponents: ["Kyverno 1.19"] });
    expect(error?.split("\n")).toEqual([
      "Kubernetes is not upgraded to 1.36.3, and no machine was touched:",
      "- Not Ready in the control plane: etcd-test-control-plane-1. Mend them first (`npm run status`).",
      "- PodDisruptionBudgets allow no eviction now: shop/cart. Change them, or make their pods healthy (docs/runbooks/drain-held.md).",
      "- Upstream does not list 1.36.3 as supported by Kyverno 1.19. Choose an older minor, or set update.allowUnlistedComponents.",
    ]);
    expect([agents.published, agents.orders, agents.clock.now()]).toEqual([[], [], 60_000]);
  });

  it("begins when what stood in the way has passed within a minute", async () => {
    const agents = cluster();
    agents.api.brokenPods.add("etcd-test-control-plane-1");
    agents.api.atListing = (listing) => listing === 4 && agents.api.brokenPods.clear();
    expect(await agents.take(newer)).not.toHaveProperty("error");
  });

  it("goes on after an interruption, and opens what was left cordoned", async () => {
    const agents = cluster();
    agents.failing.add("test-control-plane-1");
    const { error } = await agents.take(newer);
    expect(error).toContain("test-control-plane-1: containerd: invalid");
    agents.failing.clear();
    agents.events.length = 0;
    expect(await agents.take(newer)).not.toHaveProperty("error");
    expect(agents.events.slice(0, 4)).toEqual(upgraded("control-plane-1"));
    expect(agents.events.filter((event) => event.startsWith("control-plane-0"))).toEqual([]);
  });

  it("opens a node again that could not be drained, names what held it, and touches no further machine", async () => {
    const agents = cluster([{ name: "cart", node: "test-default-0", held: Infinity }]);
    const { error } = await agents.take(newer);
    expect(error).toBe(
      `Kubernetes is not upgraded on every machine: node test-default-0 still holds something after 10 minutes (readiness.drainTimeoutMinutes): pod shop/cart: ${budget}. The nodes take pods again. See to what holds them (docs/runbooks/drain-held.md) and run \`pulumi up\` again.`,
    );
    expect(agents.events.filter((event) => event.startsWith("default"))).toEqual([
      "default-0 cordoned",
      "default-0 open",
    ]);
  });

  it.each([
    ["never", [] as string[]],
    ["always", upgraded("default-0")],
  ] as const)("drains nodes %s, as update.drain says", async (drain, events) => {
    const agents = cluster();
    await agents.take(newer, { drain });
    const seen = agents.events.filter((event) => event.startsWith("default-0"));
    expect(seen).toEqual(events.length === 0 ? ["default-0 drained", "default-0 1.36.3"] : events);
  });
});

describe("an upgrade to another patch", () => {
  it("leaves pods where they are", async () => {
    const agents = cluster();
    agents.target = "1.35.9";
    expect(await agents.take(configOf("1.35.9"))).not.toHaveProperty("error");
    expect(agents.events.filter((event) => / (cordoned|open)$/.test(event))).toEqual([]);
    expect(agents.events.filter((event) => event.endsWith(" 1.35.9"))).toHaveLength(6);
  });
});
