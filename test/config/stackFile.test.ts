import { join } from "node:path";
import { ownKeys, parseStackFile, readStackFile } from "../../src/config/stackFile";
import { sentencesOf } from "./fixtures";

describe("a stack file", () => {
  it("that does not exist is one sentence with its path", () => {
    const path = join(__dirname, "Pulumi.nowhere.yaml");
    expect(sentencesOf(() => readStackFile(path))).toEqual([
      `${path} does not exist; write it, or copy one of the Pulumi.<stack>.yaml files.`,
    ]);
  });

  it("that is a folder is one sentence with the reason", () => {
    expect(sentencesOf(() => readStackFile(__dirname))).toEqual([`${__dirname} cannot be read (EISDIR).`]);
  });

  it("yields the keys of this project only", () => {
    const content = [
      "config:",
      "  openstack-kubernetes:image: rocky-9",
      "  openstack:cloud: site",
      "  pulumi:tags:",
      "    a: b",
      "environment:",
      "  - prod",
    ].join("\n");
    expect(parseStackFile(content, "Pulumi.dev.yaml")).toEqual({
      values: { image: "rocky-9" },
      notes: [],
      problems: [],
    });
  });

  it.each(["? [openstack-kubernetes:image]\n  : rocky-9", "openstack-kubernetes image: rocky-9"])(
    "with a key that is no name is refused: %j",
    (entry) => {
      expect(sentencesOf(() => parseStackFile(`config:\n  ${entry}\n`, "Pulumi.dev.yaml"))).toEqual([
        expect.stringMatching(
          /^config has a key that is no name \(".*openstack-kubernetes.*"\); write keys such as openstack-kubernetes:image\.$/,
        ),
      ]);
    },
  );

  it("that unfolds to an enormous document is refused", () => {
    const levels = ["a", "b", "c", "d", "e", "f", "g", "h"].map((name, index, all) => {
      const items = index === 0 ? "x" : `*${String(all[index - 1])}`;
      return `${name}: &${name} [${Array.from({ length: 10 }, () => items).join(", ")}]`;
    });
    expect(sentencesOf(() => parseStackFile(`${levels.join("\n")}\n`, "Pulumi.dev.yaml"))).toEqual([
      "Pulumi.dev.yaml is not usable YAML: Excessive alias count indicates a resource exhaustion attack.",
    ]);
  });

  it("shows nothing of an encrypted value it refuses", () => {
    const content =
      "config:\n  openstack-kubernetes:nodePools:\n    - name: a\n      count:\n        secure: v1:abcdef:ciphertext\n";
    const { problems } = parseStackFile(content, "Pulumi.dev.yaml");
    expect(problems.map(({ sentence }) => sentence)).toEqual([
      "nodePools[0].count is encrypted, and cannot be read without Pulumi; write it in the clear (it is no credential), or use `pulumi preview`.",
    ]);
  });
});

describe("the keys of a namespace", () => {
  it("lose it, in both spellings that Pulumi has", () => {
    expect(ownKeys({ "p:a": 1, "p:config:b": 2, "pp:c": 3, d: 4 }, "p")).toEqual({ a: 1, b: 2 });
  });
});
