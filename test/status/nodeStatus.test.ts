import { answerAnnotation, orderAnnotation } from "../../src/kubernetes/filesGuard";
import { withLeavingMark } from "../../src/kubernetes/leavingMark";
import type { Node } from "../../src/kubernetes/nodes";
import { judgeNodes } from "../../src/status/nodeStatus";
import { standInConfig, standInNodes, standInOutputs } from "./standIn";

const now = new Date("2026-11-30T10:00:00Z");
const config = standInConfig(2);
const outputs = standInOutputs(config, now);

/** The lines of the pool "default" once its first node is changed, without the pool's name. */
function linesOf(change: (node: Node) => Node | undefined): string[] {
  const nodes = standInNodes(config);
  const changed = nodes.flatMap((node) => (node.metadata.name === "dev-default-0" ? (change(node) ?? []) : [node]));
  return judgeNodes(outputs, changed, now)
    .filter(({ part }) => part === "nodes default")
    .map(({ level, text, remedy }) => [level, text, ...(remedy === undefined ? [] : [remedy])].join(" | "));
}

function withCondition(node: Node, type: string, status: string, message: string): Node {
  const conditions = (node.status?.conditions ?? []).filter((condition) => condition.type !== type);
  const changed = { type, status, message, lastTransitionTime: "2026-11-30T09:48:00Z" };
  return { ...node, status: { ...node.status, conditions: [...conditions, changed] } };
}

const annotated = (node: Node, annotations: Record<string, string>): Node => ({
  ...node,
  metadata: { ...node.metadata, annotations: { ...node.metadata.annotations, ...annotations } },
});

describe("status of nodes", () => {
  const allReady = "2 of 2 Ready; v1.36.3; 2 of 2 have the files of the last `up`";

  it("is one line for each pool where all is well", () => {
    expect(judgeNodes(outputs, standInNodes(config), now)).toEqual([
      {
        part: "nodes control-plane",
        level: "ok",
        text: "3 of 3 Ready; v1.36.3; 3 of 3 have the files of the last `up`",
      },
      { part: "nodes default", level: "ok", text: allReady },
    ]);
  });

  it("names a node that is not Ready, since when and why", () => {
    expect(linesOf((node) => withCondition(node, "Ready", "Unknown", "Kubelet stopped posting node status."))).toEqual([
      "bad | 1 of 2 Ready; v1.36.3; 2 of 2 have the files of the last `up`",
      "bad | dev-default-0 is not Ready for 12 min: Kubelet stopped posting node status. | docs/runbooks/alerts/NodeNotReady.md",
    ]);
  });

  it("names a machine without a Node", () => {
    expect(linesOf(() => undefined)).toEqual([
      "bad | 1 of 2 Ready; v1.36.3; 1 of 1 have the files of the last `up`",
      "bad | dev-default-0 has no Node | docs/runbooks/node-deleted.md, or docs/runbooks/machine-does-not-join.md if it never was a node; where the server is gone too, docs/runbooks/replace-machine.md",
    ]);
  });

  it("shows what node-problem-detector and the kubelet found", () => {
    expect(linesOf((node) => withCondition(node, "ReadonlyFilesystem", "True", "remounted read-only"))[1]).toBe(
      "bad | dev-default-0 has ReadonlyFilesystem for 12 min: remounted read-only | docs/runbooks/alerts/NodeProblem.md",
    );
    expect(linesOf((node) => withCondition(node, "DiskPressure", "True", ""))[1]).toBe(
      "bad | dev-default-0 has DiskPressure for 12 min | docs/runbooks/alerts/NodePressure.md",
    );
  });

  it("tells the versions apart, and pools without agents", () => {
    const old = { nodeInfo: { kubeletVersion: "v1.35.4" } };
    expect(linesOf((node) => ({ ...node, status: { ...node.status, ...old } }))[0]).toBe(
      "ok | 2 of 2 Ready; 1 v1.36.3, 1 v1.35.4; 2 of 2 have the files of the last `up`",
    );
    const plain = standInNodes(config).map((node) => annotated(node, {}));
    const silent = plain.map((node) => ({ ...node, metadata: { ...node.metadata, annotations: {} } }));
    expect(judgeNodes(outputs, silent, now)[1]?.text).toBe("2 of 2 Ready; v1.36.3");
  });

  it("says which node does not have the files of the last up, and what its agent says", () => {
    const { default: digest = "" } = outputs.fileDigests;
    const failed = JSON.stringify({ order: digest, state: "failed", message: "containerd did not start" });
    const files = "2 of 2 Ready; v1.36.3; 1 of 2 have the files of the last `up`";
    expect(linesOf((node) => annotated(node, { [answerAnnotation]: failed }))).toEqual([
      `ok | ${files}`,
      "warn | dev-default-0 did not take its files: containerd did not start | docs/how-to/change-a-setting.md",
    ]);
    expect(linesOf((node) => annotated(node, { [orderAnnotation]: "other" }))).toEqual([
      `ok | ${files}`,
      "warn | dev-default-0 without the files of the last `up` | docs/how-to/change-a-setting.md",
    ]);
  });

  it("says which node waits for a reboot", () => {
    expect(
      linesOf((node) => annotated(node, { "weave.works/kured-reboot-in-progress": "2026-11-30T07:00:00Z" })),
    ).toEqual([
      `ok | ${allReady}`,
      "warn | dev-default-0 waits for a reboot by kured, or reboots, for 3 h | docs/how-to/reboot-nodes.md",
    ]);
  });

  it("says who cordoned a node", () => {
    const cordon = (managedFields: object[]) => (node: Node) => ({
      ...node,
      metadata: { ...node.metadata, managedFields },
      spec: { ...node.spec, unschedulable: true },
    });
    const fields = { "f:spec": { "f:unschedulable": {} } };
    const runbook = "docs/runbooks/alerts/NodeUnschedulable.md";
    const hand = { manager: "kubectl-cordon", time: "2026-11-30T09:15:00Z", fieldsV1: fields };
    expect(linesOf(cordon([{ manager: "kubelet", fieldsV1: {} }, hand]))).toEqual([
      `ok | ${allReady}`,
      `warn | dev-default-0 is cordoned by kubectl-cordon, 45 min ago | ${runbook}`,
    ]);
    expect(linesOf((node) => withLeavingMark(node))[1]).toBe(
      `warn | dev-default-0 is cordoned by \`pulumi up\`, which drains it | ${runbook}`,
    );
    expect(linesOf(cordon([]))[1]).toBe(
      `warn | dev-default-0 is cordoned by a program that the API server does not name | ${runbook}`,
    );
  });

  it("gives lines of their own to the first five of many", () => {
    const many = standInConfig(9);
    const nodes = standInNodes(many).map((node) => withCondition(node, "Ready", "False", "down"));
    const lines = judgeNodes(standInOutputs(many, now), nodes, now).filter(({ part }) => part === "nodes default");
    expect(lines.map(({ text }) => text).at(-1)).toBe("and 4 more");
    expect(lines).toHaveLength(7);
  });
});
