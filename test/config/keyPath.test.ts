import { didYouMean, keyPath, shown } from "../../src/config/keyPath";

describe("a key path", () => {
  it("is written as `pulumi config set --path` takes it", () => {
    expect(keyPath(["nodePools", 0, "labels", "example.org/tier"])).toBe('nodePools[0].labels["example.org/tier"]');
    expect(keyPath(["tags", "cost-centre"])).toBe("tags.cost-centre");
    expect(keyPath(["a b"])).toBe('["a b"]');
  });
});

describe("a value in a sentence", () => {
  it.each([
    ["rocky-9", '"rocky-9"'],
    [3, "3"],
    [true, "true"],
    [null, "empty"],
    [[], "an empty list"],
    [[1], "a list"],
    [{ a: 1 }, "a map"],
    ["-----BEGIN PRIVATE KEY-----", "a text of 27 characters"],
    ["line one\nline two", "a text of 17 characters"],
    ["http://user:p@ss/word@proxy:3128", '"http://***@proxy:3128"'],
    ["https://ghp_token@github.com/x", '"https://***@github.com/x"'],
    ["user:password@proxy:3128", '"***@proxy:3128"'],
    ["git@github.com:a/b", '"git@github.com:a/b"'],
    ["a".repeat(81), `"${"a".repeat(80)}..."`],
  ])("%j is shown as %s", (value, expected) => {
    expect(shown(value)).toBe(expected);
  });
});

describe("did you mean", () => {
  it.each([
    ["cuont", "count"],
    ["prot", "port"],
    ["controlplane", "controlPlane"],
    ["controlPlan", "controlPlane"],
    ["xyz", undefined],
    ["o", "os"],
    ["x".repeat(65), undefined],
  ])("%s: %s", (word, expected) => {
    expect(didYouMean(word, ["count", "port", "host", "controlPlane", "os"])).toBe(expected);
  });

  it("finds nothing where nothing is known", () => {
    expect(didYouMean("count", [])).toBeUndefined();
  });
});
