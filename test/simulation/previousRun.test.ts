import { compare, keptInputs } from "../../simulation/previousRun";

const seed = "00".repeat(32);
const kept = (inputs: Record<string, unknown>, secrets: string[] = []) => keptInputs(inputs, secrets, seed);

describe("the inputs of a previous run", () => {
  it("hold secrets as digests only", () => {
    const inputs = kept({ open: "a", hidden: "b" }, ["hidden"]);
    expect(inputs.open).toEqual({ value: "a" });
    expect(Object.keys(inputs.hidden ?? {})).toEqual(["digest"]);
    expect(inputs.hidden).not.toEqual(keptInputs({ hidden: "b" }, ["hidden"], "01".repeat(32)).hidden);
  });
});

describe("a comparison of inputs", () => {
  it("finds none where only the order of keys differs", () => {
    expect(compare(kept({ metadata: { a: 1, b: 2 } }), kept({ metadata: { b: 2, a: 1 } }), [], [])).toMatchObject({
      operation: "same",
      changed: [],
      ignored: [],
    });
  });

  it("tells an update from a replacement", () => {
    const [before, now] = [kept({ name: "a", size: 1 }), kept({ name: "b", size: 2 })];
    expect(compare(before, now, [], [])).toMatchObject({
      operation: "update",
      changed: ["name", "size"],
      replacing: [],
    });
    expect(compare(before, now, [], ["size"])).toMatchObject({
      operation: "replace",
      changed: ["name", "size"],
      replacing: ["size"],
    });
    expect(compare(before, now, [], ["*"])).toMatchObject({ operation: "replace", replacing: ["name", "size"] });
  });

  it("counts a part of an input where only that part replaces", () => {
    const before = kept({ metadata: { name: "a", labels: { x: "1" } } });
    expect(compare(before, kept({ metadata: { name: "a", labels: { x: "2" } } }), [], ["metadata.name"])).toMatchObject(
      { operation: "update" },
    );
    expect(compare(before, kept({ metadata: { name: "b", labels: { x: "1" } } }), [], ["metadata.name"])).toMatchObject(
      {
        operation: "replace",
        replacing: ["metadata.name"],
      },
    );
  });

  it("leaves ignored inputs as they were, and names them", () => {
    const result = compare(kept({ image: "old", size: 1 }), kept({ image: "new", size: 2 }), ["image"], ["image"]);
    expect(result).toEqual({
      operation: "update",
      changed: ["size"],
      replacing: [],
      ignored: ["image"],
      effective: kept({ image: "old", size: 2 }),
    });
  });

  it("ignores a path below an input alone", () => {
    const before = kept({ metadata: { "template-digest": "1", owner: "a" } });
    const now = kept({ metadata: { "template-digest": "2", owner: "b" } });
    expect(compare(before, now, ['metadata["template-digest"]'], [])).toMatchObject({
      changed: ["metadata"],
      ignored: ["metadata"],
      effective: kept({ metadata: { "template-digest": "1", owner: "b" } }),
    });
  });

  it("takes back an ignored input that was not there before, and keeps one that is gone", () => {
    expect(compare(kept({ a: 1 }), kept({ b: 2 }), ["a", "b"], [])).toEqual({
      operation: "same",
      changed: [],
      replacing: [],
      ignored: ["a", "b"],
      effective: kept({ a: 1 }),
    });
  });

  it("ignores all with *", () => {
    expect(compare(kept({ a: 1 }, ["a"]), kept({ a: 2 }, ["a"]), ["*"], ["a"])).toMatchObject({
      operation: "same",
      changed: [],
      ignored: ["a"],
    });
  });
});
