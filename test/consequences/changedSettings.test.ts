import { changeInWords } from "../../src/consequences/changedSettings";

const cidrs = (count: number) => Array.from({ length: count }, (_, index) => `10.${index}.0.0/16`);

describe("A changed value in words", () => {
  it.each<[string, unknown, unknown, string]>([
    ["a number", 3, 1, "3 -> 1"],
    ["a key that is new", undefined, "1.36", 'nothing -> "1.36"'],
    [
      "a property of an object that is too long to show",
      { allowedCidrs: cidrs(9), kind: "virtualIp" },
      { allowedCidrs: cidrs(9), idleTimeoutMinutes: 6, kind: "loadBalancer" },
      'kind: "virtualIp" -> "loadBalancer", idleTimeoutMinutes: nothing -> 6',
    ],
    ["an item of a long list", cidrs(9), [...cidrs(8), "::/0"], 'without "10.8.0.0/16", with "::/0"'],
    [
      "many items",
      [],
      cidrs(9),
      'with "10.0.0.0/16", with "10.1.0.0/16", with "10.2.0.0/16", with "10.3.0.0/16", 5 more',
    ],
    ["a new item that is too long to show", undefined, { cidrs: cidrs(9), name: "gpu" }, 'nothing -> "gpu"'],
    ["an order", ["a", "b"], ["b", "a"], "in another order"],
    ["a list within an object", { a: { b: ["x"] } }, { a: { b: ["y"] } }, 'a: b: without "x", with "y"'],
  ])("shows %s", (_, before, after, words) => {
    expect(changeInWords({ before, after })).toBe(words);
  });
});
