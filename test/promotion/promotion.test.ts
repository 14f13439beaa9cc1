import { arrivals, judgePromotion, type PromotionInput } from "../../src/promotion/promotion";

const day = 86_400;
const now = 1_000 * day;
/** Commits of DEV's file, newest first: days ago, and the version that the file then named. */
const history = (...commits: readonly (readonly [days: number, version?: string])[]) =>
  commits.map(([days, version], index) => ({ commit: `c${index}`, time: now - days * day, version }));

function judge(changes: Partial<PromotionInput>) {
  const input: PromotionInput = {
    version: "1.36.3",
    from: "dev",
    soakDays: 7,
    allow: [],
    history: history([9, "1.36.3"], [40, "1.35.8"]),
    nodes: { "dev-control-plane-0": "1.36.3", "dev-general-0": "1.36.3" },
    now,
    ...changes,
  };
  return judgePromotion(input);
}

describe("a version", () => {
  it("may be taken when the other stack has named it for long enough and its nodes run it", () => {
    expect(judge({})).toEqual({
      seen: [
        "Pulumi.dev.yaml named 1.36.3 for 9 days, from commit c0 on.",
        "Every node of dev (2) runs 1.36.3 or newer.",
      ],
      refusals: [],
    });
  });

  it("is refused until the last day is over", () => {
    expect(judge({ history: history([6.9, "1.36.3"], [40, "1.35.8"]) }).refusals).toEqual([
      "Pulumi.dev.yaml named 1.36.3 for 6 days, from commit c0 on. promotion.soakDays wants 7. Wait 1 more day.",
    ]);
    expect(judge({ history: history([7, "1.36.3"]) }).refusals).toEqual([]);
  });

  it("counts from the first commit that named it, whatever else changed in the file since", () => {
    const { seen, refusals } = judge({ history: history([1, "1.36.3"], [3, "1.36.3"], [8, "1.36.3"], [9]) });
    expect(refusals).toEqual([]);
    expect(seen[0]).toBe("Pulumi.dev.yaml named 1.36.3 for 8 days, from commit c2 on.");
  });

  it("does not count days before and after another version as one time", () => {
    const { refusals } = judge({ history: history([2, "1.36.3"], [4, "1.36.2"], [10, "1.36.3"]) });
    expect(refusals).toEqual([
      "Pulumi.dev.yaml named 1.36.3 for 6 days, from commit c2 on. promotion.soakDays wants 7. Give it 1.36.3 again.",
    ]);
  });

  it("may be taken when the other stack has gone on to a newer one", () => {
    const nodes = { "dev-general-0": "1.37.0" };
    expect(judge({ history: history([1, "1.37.0"], [20, "1.36.3"]), nodes }).refusals).toEqual([]);
  });

  it("is refused when the other stack never named it, and when its nodes do not run it, all at once", () => {
    const nodes = { "dev-control-plane-0": "1.36.3", "dev-general-0": "1.36.2" };
    expect(judge({ history: history([9, "1.36.2"], [30]), nodes }).refusals).toEqual([
      "Pulumi.dev.yaml has never named 1.36.3. Upgrade dev first.",
      "The last `up` of dev that succeeded left nodes below 1.36.3: dev-general-0 (1.36.2).",
    ]);
  });

  it("is refused when no `up` of the other stack has said what its nodes run", () => {
    expect(judge({ nodes: {} }).refusals).toEqual(["No `up` of dev has said which version its nodes run. Run one."]);
  });

  it("is judged by the file alone where nobody asked for the nodes, and that is said", () => {
    expect(judge({ nodes: undefined })).toMatchObject({
      seen: [expect.any(String), "The nodes of dev were not asked."],
      refusals: [],
    });
  });

  it("passes without proof where it is allowed by name, and no other does", () => {
    const unproven = { history: [], nodes: {} };
    expect(judge({ ...unproven, allow: ["1.36.3"] })).toEqual({
      seen: ["promotion.allow names 1.36.3, so nothing else is asked."],
      refusals: [],
    });
    expect(judge({ ...unproven, allow: ["1.36.2"] }).refusals).toHaveLength(2);
  });
});

describe("when commits came to a branch", () => {
  const days = (...each: readonly number[]) =>
    arrivals(
      each.map((ago) => now - ago * day),
      now,
    ).map((time) => (now - time) / day);

  it("is when each says", () => {
    expect(days(40, 9, 0)).toEqual([40, 9, 0]);
  });

  it("is not before the commits that were there already", () => {
    expect(days(40, 20_000, 3, 500)).toEqual([40, 40, 3, 3]);
  });

  it("is when the next one came, or now, where a clock was ahead", () => {
    expect(days(40, -9_000, 3)).toEqual([40, 3, 3]);
    expect(days(40, -1)).toEqual([40, 0]);
  });
});
