import { filesMachines } from "../../src/up/filesMachines";
import { plannedSummary, seenSummary } from "../../src/up/summary";
import { fakeNode } from "../kubernetes/fakeNodes";
import { after, before, having } from "./agents";

const names = (config: typeof after) => filesMachines(config).map(({ name }) => name);

function cluster(changes: Record<string, object | undefined> = {}) {
  return filesMachines(after).flatMap(({ name, role }) => {
    const node = fakeNode(name);
    const seen = {
      ...node,
      metadata: { ...node.metadata, annotations: having(after, role as "control-plane" | "worker") },
      status: { ...node.status, nodeInfo: { kubeletVersion: "v1.36.2" } },
    };
    if (name in changes) return changes[name] === undefined ? [] : [{ ...seen, ...changes[name] }];
    return [seen];
  });
}

describe("the outputs about the nodes", () => {
  it("show the kubelet's version of every node as the cluster says it", () => {
    const old = { status: { nodeInfo: { kubeletVersion: "v1.35.8" } } };
    const { kubernetesVersion } = seenSummary(filesMachines(after), cluster({ [names(after)[3]!]: old }));
    expect(Object.keys(kubernetesVersion)).toEqual(names(after));
    expect(kubernetesVersion[names(after)[0]!]).toBe("1.36.2");
    expect(kubernetesVersion[names(after)[3]!]).toBe("1.35.8");
  });

  it("name the machines that have other files, no answer, or no Node", () => {
    const [, second, third, fourth] = names(after) as [string, string, string, string];
    const nodes = cluster({
      [second]: undefined,
      [third]: { metadata: { name: third } },
      [fourth]: { metadata: { name: fourth, annotations: having(before, "worker") } },
    });
    const seen = seenSummary(filesMachines(after), nodes);
    expect(seen.convergingMachines).toEqual([second, third, fourth]);
    expect(Object.keys(seen.kubernetesVersion)).not.toContain(second);
  });

  it("are in a preview what an `up` without faults then shows", () => {
    const version = after.kubernetes.version;
    const done = cluster().map((node) => ({ ...node, status: { nodeInfo: { kubeletVersion: `v${version}` } } }));
    expect(seenSummary(filesMachines(after), done)).toEqual(plannedSummary(after));
  });
});
