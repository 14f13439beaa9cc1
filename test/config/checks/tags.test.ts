import { reservedTags } from "../../../src/config/clusterConfig";
import { minimal } from "../fixtures";
import { runProgram } from "../../runProgram";

describe("reserved tags", () => {
  it("are all keys that the program itself writes on servers and network resources", async () => {
    const { resources } = await runProgram({ ...minimal, tags: { owner: "platform" } }, { stack: "dev" });
    const keys = resources.flatMap(({ inputs: { metadata, tags }, type }) => [
      ...(type === "openstack:compute/instance:Instance" ? Object.keys(metadata as object) : []),
      ...(Array.isArray(tags) ? tags.map((tag) => String(tag).split("=")[0]) : []),
    ]);
    const own = [...new Set(keys)].filter((key) => key !== "owner");
    expect(own).toEqual(expect.arrayContaining(["kubernetes-cluster", "kubernetes-role"]));
    expect(own.filter((key) => !reservedTags.some((reserved) => reserved === key))).toEqual([]);
  }, 120_000);
});
