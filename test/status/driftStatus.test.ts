import type { Node } from "../../src/kubernetes/nodes";
import { judgeNodeDrift, judgeStackFile } from "../../src/status/driftStatus";
import { standInConfig, standInNodes, standInOutputs } from "./standIn";

const config = standInConfig(2);
const outputs = standInOutputs(config);
const preview = "run `pulumi preview`, then `pulumi up`";
const warning = (text: string, remedy: string) => ({ part: "drift", level: "warn", text, remedy });

describe("drift between stack file and last up", () => {
  const judge = (file: typeof config, change: Partial<typeof outputs> = {}, hasEncrypted = false) =>
    judgeStackFile({ config: file, hasEncrypted }, { ...outputs, ...change });

  it("is none right after an up", () => {
    expect(judge(config)).toEqual([{ part: "drift", level: "ok", text: "stack file and last `up` agree" }]);
  });

  it("is a machine more or fewer", () => {
    expect(judge(standInConfig(3))).toEqual([warning("the last `up` did not create dev-default-2", preview)]);
    expect(judge(standInConfig(1))).toEqual([warning("the stack file lacks dev-default-1", preview)]);
  });

  it("is a machine of an older template", () => {
    expect(judge(config, { staleMachines: ["dev-default-1"] })).toEqual([
      warning("of an older template: dev-default-1", "name them in `roll`, then run `pulumi up`"),
    ]);
  });

  it("is a changed template, and changed files of machines that run", () => {
    const mirrored = standInConfig(2, {
      registryMirrors: [{ registry: "quay.io", endpoints: ["https://m.example.org"] }],
    });
    expect(judge(mirrored)).toEqual([warning("stack file or program changed for control-plane, default", preview)]);
    const pools = [{ name: "default", count: 2, flavor: "small" }];
    expect(judge(standInConfig(2, { nodePools: pools }))).toEqual([
      warning("stack file or program changed for default", preview),
    ]);
  });

  it("is not looked for in templates where the file holds what only Pulumi can read", () => {
    const pools = [{ name: "default", count: 2, flavor: "small" }];
    expect(judge(standInConfig(2, { nodePools: pools }), {}, true)).toEqual([
      {
        part: "drift",
        level: "ok",
        text: "stack file and last `up` agree on the machines; templates were not compared, since the file has encrypted values",
      },
    ]);
  });
});

describe("drift between stack file and nodes", () => {
  const judge = (nodes: readonly Node[]) => judgeNodeDrift({ config, hasEncrypted: false }, outputs, nodes);
  const nodes = standInNodes(config);

  it("is none where all run the version of the stack file", () => {
    expect(judge(nodes)).toEqual([{ part: "drift", level: "ok", text: "nodes run v1.36.3 as in the stack file" }]);
  });

  it("is a node of another version, and a node that no stack has", () => {
    const [first, ...others] = nodes as [Node, ...Node[]];
    const older = { ...first, status: { ...first.status, nodeInfo: { kubeletVersion: "v1.35.4" } } };
    const foreign = { ...first, metadata: { name: "dev-old-0" } };
    expect(judge([older, ...others, foreign])).toEqual([
      warning("not v1.36.3 as in the stack file: dev-control-plane-0", "name them in `roll`, then run `pulumi up`"),
      warning(
        "nodes that are no machines of the stack: dev-old-0",
        "where the machine is gone, run `kubectl delete node NAME`",
      ),
    ]);
  });
});
