import { leavingAnnotation } from "../../src/kubernetes/leavingMark";
import { messageOf } from "../../src/engine/messageOf";
import { forgetReleasedNode, mustBeReleased, releaseRolledMachine, waitForOthers } from "../../src/up/rolledMachine";
import type { Node } from "../../src/kubernetes/nodes";
import { budget, fakeNode, FakeNodes, type FakePod } from "../kubernetes/fakeNodes";
import { standingClock } from "../engine/standingClock";

const apiOf = (nodes: readonly Node[], pods: readonly FakePod[] = []) =>
  new FakeNodes(new Map(nodes.map((node) => [node.metadata.name, node])), pods);
const leaving = (name: string, before = "schedulable") =>
  fakeNode(name, { annotations: { [leavingAnnotation]: before }, cordoned: true });

/** Rolls a machine; the answer is what happened, with the seconds that it took. */
async function roll(
  api: FakeNodes,
  {
    machine,
    others,
    role = "worker",
    drainTimeoutMinutes = 1,
  }: { machine: string; others: string[]; role?: "worker" | "control-plane"; drainTimeoutMinutes?: number },
) {
  const clock = standingClock();
  const message: string[] = [];
  const refusal = await releaseRolledMachine({
    machine,
    role,
    others,
    request: api.request,
    timeoutMinutes: 2,
    drainTimeoutMinutes,
    progress: () => undefined,
    tell: (line) => message.push(line),
    clock,
  }).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  return { refusal, message, calls: api.calls, seconds: clock.now() / 1000 };
}

describe("a machine that `roll` names", () => {
  const existing = new Map([
    ["dev-general-0", "0123456789ab"],
    ["dev-general-1", undefined],
  ]);

  it("is released first when it was created otherwise than today", () => {
    expect(mustBeReleased("dev-general-0", "ba9876543210", existing)).toBe(true);
  });

  it("is left alone when it was created as it would be today, and when there is none", () => {
    expect(mustBeReleased("dev-general-0", "0123456789ab", existing)).toBe(false);
    expect(mustBeReleased("dev-general-2", "0123456789ab", existing)).toBe(false);
  });

  it("is released first when an older program created it, which kept no digest", () => {
    expect(mustBeReleased("dev-general-1", "0123456789ab", existing)).toBe(true);
  });
});

describe("a worker that is rolled", () => {
  it("is cordoned and drained at once when it is the first", async () => {
    const api = apiOf(
      [fakeNode("dev-general-0"), fakeNode("dev-general-1")],
      [{ name: "cart", node: "dev-general-0" }],
    );
    expect(await roll(api, { machine: "dev-general-0", others: [] })).toEqual({
      refusal: undefined,
      message: ["Node dev-general-0 is drained; its machine can be rolled."],
      calls: ["PUT dev-general-0", "evict cart"],
      seconds: 5,
    });
    expect(api.nodes.get("dev-general-0")?.spec?.["unschedulable"]).toBe(true);
  });

  it("waits until the one before it is a node again, is Ready, and its kubelet lives", async () => {
    const api = apiOf([fakeNode("dev-general-1")]);
    api.atListing = (listing) => {
      if (listing === 3) api.nodes.set("dev-general-0", fakeNode("dev-general-0", { ready: false }));
      if (listing === 5) api.nodes.set("dev-general-0", fakeNode("dev-general-0"));
    };
    const result = await roll(api, { machine: "dev-general-1", others: ["dev-general-0"] });
    // Seen Ready at the fifth look, after 40 s.
    expect(result).toMatchObject({ refusal: undefined, calls: ["PUT dev-general-1"], seconds: 40 });
  });

  it("takes the cordon off one that kept its Node, a machine that was resized", async () => {
    const api = apiOf([leaving("dev-general-0"), fakeNode("dev-general-1")]);
    expect(await roll(api, { machine: "dev-general-1", others: ["dev-general-0"] })).toMatchObject({
      calls: ["PUT dev-general-0", "PUT dev-general-1"],
    });
    expect(api.nodes.get("dev-general-0")).toMatchObject({
      metadata: { annotations: {} },
      spec: { unschedulable: false },
    });
  });

  it("stays when the one before it does not come back, and the message says what is the matter and what to do", async () => {
    const api = apiOf(
      [fakeNode("dev-general-0", { ready: false }), fakeNode("dev-general-1")],
      [{ name: "cart", node: "dev-general-1" }],
    );
    const { refusal, calls } = await roll(api, { machine: "dev-general-1", others: ["dev-general-0"] });
    expect({ refusal, calls }).toEqual({
      refusal:
        "dev-general-1 is not touched: after 2 minutes (readiness.clusterTimeoutMinutes) node dev-general-0 is not Ready. Repair or replace it (docs/runbooks/replace-machine.md), then run `pulumi up` again.",
      calls: [],
    });
  });

  it("stays while a PodDisruptionBudget holds a pod", async () => {
    const api = apiOf([fakeNode("dev-general-0")], [{ name: "cart", node: "dev-general-0", held: Infinity }]);
    expect((await roll(api, { machine: "dev-general-0", others: [] })).refusal).toBe(
      `dev-general-0 is not rolled: node dev-general-0 still holds something after 1 minute (readiness.drainTimeoutMinutes): pod shop/cart: ${budget}. The node is cordoned. See to what holds it (docs/runbooks/drain-held.md) and run \`pulumi up\` again; with readiness.drainTimeoutMinutes: 0 its pods go with the machine.`,
    );
  });

  it("is only cordoned where pods go with the machine; one that never became a node is left alone", async () => {
    const api = apiOf([fakeNode("dev-general-0")], [{ name: "cart", node: "dev-general-0" }]);
    expect(await roll(api, { machine: "dev-general-0", others: [], drainTimeoutMinutes: 0 })).toMatchObject({
      refusal: undefined,
      calls: ["PUT dev-general-0"],
    });
    expect(await roll(apiOf([]), { machine: "dev-general-0", others: [] })).toMatchObject({
      refusal: undefined,
      calls: [],
    });
  });

  it("waits out an API that does not answer", async () => {
    const api = apiOf([fakeNode("dev-general-0"), fakeNode("dev-general-1")]);
    api.silent = true;
    expect((await roll(api, { machine: "dev-general-1", others: ["dev-general-0"] })).refusal).toContain(
      "connect EHOSTUNREACH",
    );
  });
});

describe("a control-plane machine that is rolled or resized", () => {
  const names = ["dev-control-plane-0", "dev-control-plane-1", "dev-control-plane-2"];
  const others = names.slice(1);
  const wait = async (api: FakeNodes) => {
    const clock = standingClock();
    const error = await waitForOthers({
      machine: names[0]!,
      role: "control-plane",
      others,
      request: api.request,
      timeoutMinutes: 2,
      progress: () => undefined,
      clock,
    }).then(
      () => undefined,
      (problem: unknown) => messageOf(problem),
    );
    return { error, seconds: clock.now() / 1000 };
  };

  it("waits until all others were whole three times in a row", async () => {
    const api = apiOf(names.map((name) => fakeNode(name)));
    // The first look learns the leases only.
    expect(await wait(api)).toEqual({ error: undefined, seconds: 30 });
    const restarts = apiOf(names.map((name) => fakeNode(name)));
    restarts.atListing = (listing) => {
      if (listing === 4) restarts.brokenPods.add("etcd-dev-control-plane-2");
      else restarts.brokenPods.clear();
    };
    expect(await wait(restarts)).toEqual({ error: undefined, seconds: 60 });
  });

  it.each([
    [
      "its etcd does not run",
      (api: FakeNodes) => void api.brokenPods.add("etcd-dev-control-plane-1"),
      "etcd of node dev-control-plane-1 is not Ready",
    ],
    [
      "its API server does not run",
      (api: FakeNodes) => void api.brokenPods.add("kube-apiserver-dev-control-plane-2"),
      "kube-apiserver of node dev-control-plane-2 is not Ready",
    ],
    [
      "its kubelet is silent",
      (api: FakeNodes) => void api.dead.add("dev-control-plane-1"),
      "the kubelet of node dev-control-plane-1 gave no sign of life yet",
    ],
    [
      "it is no node",
      (api: FakeNodes) => void api.nodes.delete("dev-control-plane-2"),
      "machine dev-control-plane-2 has not become a node",
    ],
  ])("is not touched when of another one %s", async (_what, spoil, message) => {
    const api = apiOf(names.map((name) => fakeNode(name)));
    spoil(api);
    const { error } = await wait(api);
    expect(error).toBe(
      `dev-control-plane-0 is not touched: after 2 minutes (readiness.clusterTimeoutMinutes) ${message}. Repair or replace it (docs/runbooks/replace-machine.md), then run \`pulumi up\` again.`,
    );
  });

  it("may be broken itself", async () => {
    const api = apiOf(names.map((name) => fakeNode(name, { ready: name !== names[0] })));
    api.dead.add(names[0]!);
    expect(await wait(api)).toMatchObject({ error: undefined });
  });
});

describe("the Node of a machine that was rolled", () => {
  const forget = async (api: FakeNodes) => {
    await forgetReleasedNode({
      machine: "dev-general-0",
      request: api.request,
      progress: () => undefined,
      clock: standingClock(),
    });
    return api.calls;
  };

  it("is removed before the new machine registers", async () => {
    expect(await forget(apiOf([leaving("dev-general-0"), leaving("dev-general-1")]))).toEqual(["DELETE dev-general-0"]);
  });

  it("is left alone when nobody drained it, and may be gone already", async () => {
    expect(await forget(apiOf([fakeNode("dev-general-0")]))).toEqual([]);
    expect(await forget(apiOf([]))).toEqual([]);
  });

  it("keeps the machine from being created when the API will not have it removed", async () => {
    const api = apiOf([leaving("dev-general-0")]);
    api.silent = true;
    await expect(forget(api)).rejects.toThrow(
      "dev-general-0 is not created: the Node of the replaced machine could not be removed in 2 minutes: connect EHOSTUNREACH",
    );
  });
});
