import { leavingAnnotation } from "../../src/kubernetes/leavingMark";
import { releaseLeavingNodes } from "../../src/up/leavingNodes";
import { messageOf } from "../../src/engine/messageOf";
import type { Node } from "../../src/kubernetes/nodes";
import { budget, fakeNode, FakeNodes, type FakePod } from "../kubernetes/fakeNodes";
import { standingClock } from "../engine/standingClock";

const controlPlane = fakeNode("dev-control-plane-0", { labels: { "node-role.kubernetes.io/control-plane": "" } });

interface Situation {
  readonly nodes: readonly Node[];
  readonly pods?: readonly FakePod[];
  /** Workers in OpenStack besides those of the configuration. */
  readonly others?: readonly string[];
  readonly timeoutMinutes?: number;
}

/** An `up` of a configuration with one control-plane machine and the worker dev-general-0. */
async function up({ nodes, pods = [], others = [], timeoutMinutes = 1 }: Situation) {
  const api = new FakeNodes(new Map(nodes.map((node) => [node.metadata.name, node])), pods);
  const message: string[] = [];
  let asked = 0;
  const refusal = await releaseLeavingNodes({
    machines: ["dev-control-plane-0", "dev-general-0"],
    nodes,
    request: api.request,
    workers: () => {
      asked++;
      return Promise.resolve(new Set(["dev-general-0", ...others]));
    },
    timeoutMinutes,
    progress: () => undefined,
    tell: (line) => message.push(line),
    clock: standingClock(),
  }).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  return { refusal, calls: api.calls, message, asked, nodes: api.nodes };
}

const marked = (node: Node | undefined) => [
  node?.metadata.annotations?.[leavingAnnotation],
  node?.spec?.["unschedulable"],
];

describe("nodes whose machines left the configuration", () => {
  it("cost an ordinary `up` no question", async () => {
    expect(await up({ nodes: [controlPlane, fakeNode("dev-general-0")] })).toMatchObject({
      calls: [],
      message: [],
      asked: 0,
    });
  });

  it("are told from nodes of others by what OpenStack has, whatever those are called", async () => {
    const nodes = [controlPlane, fakeNode("bare-metal-7"), fakeNode("dev-2-general-0"), fakeNode("dev-general-1")];
    expect(await up({ nodes })).toMatchObject({ calls: [], message: [], asked: 1 });
  });

  it("are all cordoned before the first is drained, then drained one after the other", async () => {
    const pods = [
      { name: "cart", node: "dev-general-1" },
      { name: "till", node: "dev-general-2" },
      { name: "stays", node: "dev-general-0" },
    ];
    const nodes = [controlPlane, fakeNode("dev-general-0"), fakeNode("dev-general-1"), fakeNode("dev-general-2")];
    const result = await up({ nodes, pods, others: ["dev-general-1", "dev-general-2"] });
    expect(result).toMatchObject({
      refusal: undefined,
      calls: ["PUT dev-general-1", "PUT dev-general-2", "evict cart", "evict till"],
      message: [
        "Node dev-general-1 is drained; its machine can go.",
        "Node dev-general-2 is drained; its machine can go.",
      ],
    });
    expect(result.nodes.get("dev-general-1")).toEqual({
      apiVersion: "v1",
      kind: "Node",
      ...fakeNode("dev-general-1", { annotations: { [leavingAnnotation]: "schedulable" }, cordoned: true }),
    });
    expect(marked(result.nodes.get("dev-general-0"))).toEqual([undefined, undefined]);
  });

  it("keep their machines, all of them, when one cannot be drained in time", async () => {
    const nodes = [fakeNode("dev-general-1"), fakeNode("dev-general-2")];
    const { refusal, calls, message } = await up({
      nodes,
      pods: [{ name: "cart", node: "dev-general-1", held: Infinity }],
      others: ["dev-general-1", "dev-general-2"],
    });
    expect(refusal).toBe(
      `Machines that left the configuration are not deleted: node dev-general-1 still holds something after 1 minute (readiness.drainTimeoutMinutes): pod shop/cart: ${budget}. The node is cordoned. See to what holds it (docs/runbooks/drain-held.md) and run \`pulumi up\` again; with readiness.drainTimeoutMinutes: 0 its pods go with the machine.`,
    );
    expect({ calls, message }).toEqual({
      calls: ["PUT dev-general-1", "PUT dev-general-2"],
      message: ["Node dev-general-2 is drained; its machine can go."],
    });
  });

  it("are only cordoned where pods go with the machine", async () => {
    const result = await up({
      nodes: [fakeNode("dev-general-1")],
      pods: [{ name: "cart", node: "dev-general-1" }],
      others: ["dev-general-1"],
      timeoutMinutes: 0,
    });
    expect(result).toMatchObject({ refusal: undefined, calls: ["PUT dev-general-1"] });
  });

  it("take pods again when their machines stay after all, unless somebody else had cordoned them", async () => {
    const leaving = (before: string) =>
      fakeNode("dev-general-0", { annotations: { [leavingAnnotation]: before, other: "kept" }, cordoned: true });
    const open = await up({ nodes: [leaving("schedulable")] });
    expect(open).toMatchObject({ calls: ["PUT dev-general-0"], message: ["Node dev-general-0 takes pods again."] });
    expect(open.nodes.get("dev-general-0")).toMatchObject({
      metadata: { annotations: { other: "kept" } },
      spec: { unschedulable: false },
    });
    expect(marked(open.nodes.get("dev-general-0"))).toEqual([undefined, false]);
    expect(marked((await up({ nodes: [leaving("cordoned")] })).nodes.get("dev-general-0"))).toEqual([undefined, true]);
  });

  it("are removed once their machines are gone, if it was an `up` that let them go", async () => {
    const nodes = [
      fakeNode("dev-general-1", { annotations: { [leavingAnnotation]: "schedulable" }, cordoned: true, ready: false }),
      fakeNode("dev-by-hand-0", { ready: false }),
    ];
    expect(await up({ nodes })).toMatchObject({
      calls: ["DELETE dev-general-1"],
      message: ["Node dev-general-1 is removed: its machine is gone."],
    });
  });

  it("are never those of the control plane", async () => {
    const gone = fakeNode("dev-control-plane-1", { labels: { "node-role.kubernetes.io/control-plane": "" } });
    expect(await up({ nodes: [gone], others: ["dev-control-plane-1"] })).toMatchObject({ calls: [], asked: 0 });
  });
});
