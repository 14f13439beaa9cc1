import { drain } from "../../src/kubernetes/drain";
import { messageOf } from "../../src/engine/messageOf";
import { budget, fakeNode, FakeNodes, type FakePod } from "./fakeNodes";
import { standingClock } from "../engine/standingClock";

const node = "dev-general-1";

async function drained(pods: readonly FakePod[], { ready = true, volumes = {}, silent = false } = {}) {
  const api = new FakeNodes(new Map(), pods, volumes);
  api.silent = silent;
  const message: string[] = [];
  const clock = standingClock();
  const refusal = await drain({
    node: fakeNode(node, { ready }),
    request: api.request,
    timeoutMinutes: 1,
    progress: (line) => message.push(line),
    clock,
  }).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  return { refusal, calls: api.calls, message, seconds: clock.now() / 1000 };
}

describe("a drain", () => {
  it("evicts what would run elsewhere, and leaves DaemonSets, static pods, finished pods and other nodes alone", async () => {
    const pods: FakePod[] = [
      { name: "cart", node },
      { name: "by-hand", node, owner: "" },
      { name: "proxy", node, owner: "DaemonSet" },
      { name: "mirror", node, annotations: { "kubernetes.io/config.mirror": "x" } },
      { name: "done", node, phase: "Succeeded" },
      { name: "broken", node, phase: "Failed" },
      { name: "elsewhere", node: "dev-general-0" },
    ];
    expect(await drained(pods)).toEqual({
      refusal: undefined,
      calls: ["evict cart", "evict by-hand"],
      message: [],
      seconds: 5,
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

  it("ends at the time limit with what is left, and why", async () => {
    const { refusal, seconds } = await drained([
      { name: "cart", node, held: Infinity },
      { name: "slow", node, ending: Infinity },
    ]);
    expect({ refusal, seconds }).toEqual({
      refusal: `node dev-general-1 still holds something after 1 minutes (readiness.drainTimeoutMinutes): pod shop/cart: ${budget}; pod shop/slow is ending`,
      seconds: 60,
    });
  });

  it("does not wait for the end of pods on a node that is not there to confirm it", async () => {
    const pods = [{ name: "cart", node, ending: Infinity }];
    expect(await drained(pods, { ready: false, volumes: { [node]: 99 } })).toEqual({
      refusal: undefined,
      calls: ["evict cart"],
      message: [],
      seconds: 5,
    });
  });

  it("gives up at the same limit when the API does not answer", async () => {
    expect(await drained([], { silent: true })).toMatchObject({
      refusal:
        "node dev-general-1 still holds something after 1 minutes (readiness.drainTimeoutMinutes): connect EHOSTUNREACH",
      seconds: 60,
    });
  });
});
