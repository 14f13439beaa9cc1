import { drain } from "../../src/kubernetes/drain";
import { messageOf } from "../../src/engine/messageOf";
import { budget, fakeNode, FakeNodes, type FakePod } from "./fakeNodes";
import { standingClock } from "../engine/standingClock";

const node = "dev-general-1";

interface Setting {
  ready?: boolean;
  /** Looks for which a volume stays attached, by node. */
  volumes?: Record<string, number>;
  /** Name of the attached volume. */
  volume?: string;
  silent?: boolean;
}

async function drained(pods: readonly FakePod[], { ready = true, volumes = {}, volume, silent = false }: Setting = {}) {
  const api = new FakeNodes(new Map(), pods, volumes);
  api.silent = silent;
  api.daemonSets.add("proxy");
  if (volume !== undefined) api.persistentVolumes = { [node]: volume };
  const message: string[] = [];
  const told: string[] = [];
  const clock = standingClock();
  const refusal = await drain({
    node: fakeNode(node, { ready }),
    request: api.request,
    timeoutMinutes: 1,
    progress: (line) => message.push(line),
    tell: (line) => told.push(line),
    clock,
  }).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  return { refusal, calls: api.calls, message, told, seconds: clock.now() / 1000 };
}

describe("what a drain takes off a node, as kubectl does", () => {
  it.each<[string, Omit<FakePod, "node">, "leaves" | "stays"]>([
    ["a pod of a controller", { name: "cart" }, "leaves"],
    ["a pod of nobody", { name: "by-hand", owner: "" }, "leaves"],
    ["a pod with an emptyDir", { name: "scratch", emptyDir: true }, "leaves"],
    ["a pod of a DaemonSet", { name: "proxy", owner: "DaemonSet" }, "stays"],
    ["a pod of a DaemonSet that is gone", { name: "orphan", owner: "DaemonSet" }, "leaves"],
    ["a mirror pod", { name: "etcd", owner: "Node", annotations: { "kubernetes.io/config.mirror": "x" } }, "stays"],
    ["a pod that has ended well", { name: "done", phase: "Succeeded" }, "stays"],
    ["a pod that has failed", { name: "broken", phase: "Failed" }, "stays"],
    ["a pod that waits for its image", { name: "new", phase: "Pending" }, "leaves"],
  ])("%s", async (_, pod, fate) => {
    expect(await drained([{ ...pod, node }])).toEqual({
      refusal: undefined,
      calls: fate === "leaves" ? [`evict ${pod.name}`] : [],
      message: [],
      told: [],
      seconds: fate === "leaves" ? 5 : 0,
    });
  });

  it("leaves other nodes alone", async () => {
    expect(await drained([{ name: "elsewhere", node: "dev-general-0" }])).toMatchObject({ calls: [], seconds: 0 });
  });
});

describe("a drain", () => {
  it("evicts once what tolerates the cordon and comes back, and ends", async () => {
    expect(await drained([{ name: "cart", node, returns: true }])).toMatchObject({
      refusal: undefined,
      calls: ["evict cart"],
      seconds: 5,
    });
  });

  it("goes on at the time limit without pods that do not end, and names what keeps them", async () => {
    const pods: FakePod[] = [
      { name: "slow", node, ending: Infinity },
      { name: "kept", node, ending: Infinity, finalizers: ["example.com/audit"] },
      { name: "cart", node },
    ];
    expect(await drained(pods)).toMatchObject({
      refusal: undefined,
      calls: ["evict slow", "evict kept", "evict cart"],
      told: [
        "Node dev-general-1 is no longer waited for (readiness.drainTimeoutMinutes: 1): pod shop/slow is ending and has until 2026-01-05T10:00:30Z (terminationGracePeriodSeconds); pod shop/kept is ending and has until 2026-01-05T10:00:30Z (terminationGracePeriodSeconds), held by example.com/audit (finalizers). They end with the machine (docs/runbooks/drain-held.md).",
      ],
      seconds: 60,
    });
  });

  it("does not wait for volumes of pods that stay", async () => {
    const proxy = { name: "proxy", node, owner: "DaemonSet", claim: "cache" };
    const attached = { volumes: { [node]: Infinity }, volume: "volume-of-cache" };
    expect(await drained([proxy, { name: "cart", node }], attached)).toMatchObject({ refusal: undefined, seconds: 5 });
    expect(await drained([proxy], { ...attached, volume: "volume-of-another" })).toMatchObject({
      refusal: expect.stringContaining("volume attachment csi-dev-general-1") as string,
      seconds: 60,
    });
  });

  it("tries again while a PodDisruptionBudget holds a pod, and says so", async () => {
    const { refusal, calls, message, seconds } = await drained([{ name: "cart", node, held: 8 }]);
    expect({ refusal, calls, seconds }).toEqual({ refusal: undefined, calls: ["evict cart"], seconds: 45 });
    expect(message).toEqual([`draining node dev-general-1: pod shop/cart: ${budget} (30 s of 60 s)`]);
  });

  it("waits until pods have ended and their volumes are off the node", async () => {
    expect(await drained([{ name: "cart", node, ending: 2 }])).toMatchObject({ refusal: undefined, seconds: 15 });
    expect(await drained([{ name: "cart", node }], { volumes: { [node]: 3, "dev-general-0": 99 } })).toMatchObject({
      refusal: undefined,
      seconds: 20,
    });
  });

  it("ends at once where two PodDisruptionBudgets are over a pod, names them, and has asked the others to go", async () => {
    const pods: FakePod[] = [
      { name: "cart", node, budgets: ["whole", "cart"] },
      { name: "till", node, budgets: ["till"] },
    ];
    expect(await drained(pods)).toMatchObject({
      refusal:
        "node dev-general-1 holds what Kubernetes never evicts, because more than one PodDisruptionBudget is over it: pod shop/cart (PodDisruptionBudgets cart, whole). Leave one of them over each",
      calls: ["evict till"],
      seconds: 0,
    });
  });

  it("fails at the time limit when a PodDisruptionBudget allows no eviction, and names all that is left", async () => {
    const { refusal, seconds } = await drained([
      { name: "cart", node, held: Infinity },
      { name: "slow", node, ending: Infinity },
    ]);
    expect({ refusal, seconds }).toEqual({
      refusal: `node dev-general-1 still holds something after 1 minute (readiness.drainTimeoutMinutes): pod shop/cart: ${budget}; pod shop/slow is ending and has until 2026-01-05T10:00:30Z (terminationGracePeriodSeconds)`,
      seconds: 60,
    });
  });

  it("does not wait for the end of pods on a node that is not there to confirm it", async () => {
    const pods = [{ name: "cart", node, ending: Infinity }];
    expect(await drained(pods, { ready: false, volumes: { [node]: 99 } })).toEqual({
      refusal: undefined,
      calls: ["evict cart"],
      message: [],
      told: [],
      seconds: 5,
    });
  });

  it("gives up at the same limit when the API does not answer", async () => {
    expect(await drained([], { silent: true })).toMatchObject({
      refusal:
        "node dev-general-1 still holds something after 1 minute (readiness.drainTimeoutMinutes): connect EHOSTUNREACH",
      seconds: 60,
    });
  });
});
