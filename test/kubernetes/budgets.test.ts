import { type Budget, underTwoBudgets } from "../../src/kubernetes/budgets";
import type { Pod } from "../../src/kubernetes/podsToDrain";

const pod = (labels?: Readonly<Record<string, string>>): Pod => ({
  metadata: { name: "cart", namespace: "shop", uid: "1", ...(labels === undefined ? {} : { labels }) },
});
const over = (selector?: NonNullable<Budget["spec"]>["selector"], namespace = "shop"): Budget => ({
  metadata: { name: "other", namespace },
  spec: selector === undefined ? {} : { selector },
});
const one: Budget = { metadata: { name: "all", namespace: "shop" }, spec: { selector: {} } };

describe("two PodDisruptionBudgets over a pod", () => {
  it.each<[string, Budget, boolean]>([
    ["an empty selector", over({}), true],
    ["no selector", over(), false],
    ["a label that it has", over({ matchLabels: { app: "cart" } }), true],
    ["a label with another value", over({ matchLabels: { app: "till" } }), false],
    ["one of two labels", over({ matchLabels: { app: "cart", tier: "web" } }), false],
    ["a value In", over({ matchExpressions: [{ key: "app", operator: "In", values: ["cart"] }] }), true],
    ["a value not In", over({ matchExpressions: [{ key: "app", operator: "In", values: ["till"] }] }), false],
    ["a value NotIn", over({ matchExpressions: [{ key: "app", operator: "NotIn", values: ["till"] }] }), true],
    ["an absent label NotIn", over({ matchExpressions: [{ key: "tier", operator: "NotIn", values: ["x"] }] }), true],
    ["a label that Exists", over({ matchExpressions: [{ key: "app", operator: "Exists" }] }), true],
    ["a label that does not exist", over({ matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] }), true],
    ["a label that must not exist", over({ matchExpressions: [{ key: "app", operator: "DoesNotExist" }] }), false],
    ["another namespace", over({}, "till"), false],
  ])("the second by %s: %#", (_selector, second, isOver) => {
    const expected = isOver ? "pod shop/cart (PodDisruptionBudgets all, other)" : undefined;
    expect(underTwoBudgets(pod({ app: "cart" }), [one, second])).toBe(expected);
  });

  it("may be over a pod without labels", () => {
    expect(underTwoBudgets(pod(), [one, over({})])).toContain("all, other");
    expect(underTwoBudgets(pod(), [one])).toBeUndefined();
  });
});
