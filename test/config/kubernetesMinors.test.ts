/** What every row of the table must have, and how it is read. */
import {
  cloudProviderCharts,
  defaultKubernetesVersion,
  hasEnded,
  kubernetesMinor,
  kubernetesMinors,
  minorNames,
  minorOf,
  reviewedOn,
} from "../../src/config/kubernetesMinors";

describe("the table of Kubernetes minors", () => {
  it("goes from the oldest to the newest without a gap", () => {
    const numbers = minorNames.map((minor) => Number(minor.split(".")[1]));
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
  });

  it.each(minorNames)("has a patch, an end and charts of %s itself", (minor) => {
    const { newestPatch, endOfLife, cloudProvider, pause } = kubernetesMinor(minor);
    expect(minorOf(newestPatch)).toBe(minor);
    expect(pause).toMatch(/^\d+\.\d+(\.\d+)?$/);
    expect(new Date(endOfLife).toISOString().slice(0, 10)).toBe(endOfLife);
    for (const chart of Object.values(cloudProvider ?? {})) expect(minorOf(chart)).toBe(minor.replace(/^1\./, "2."));
  });

  it("ends each minor after the one before", () => {
    const ends = minorNames.map((minor) => kubernetesMinors[minor].endOfLife);
    expect(ends).toEqual([...new Set(ends)].sort());
  });

  it("counts a minor as ended from the day after its end", () => {
    const { endOfLife } = kubernetesMinors["1.35"];
    expect([endOfLife, "2027-03-01", "2027-02-27", "2028-01-01"].map((day) => hasEnded("1.35", day))).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it("gives a minor without charts of its own those of the newest before it", () => {
    expect(cloudProviderCharts("1.37.2")).toEqual(kubernetesMinors["1.36"].cloudProvider);
    expect(cloudProviderCharts("1.35.0")).toEqual(kubernetesMinors["1.35"].cloudProvider);
  });

  it("refuses a version without a row", () => {
    expect(() => kubernetesMinor("1.12.3")).toThrow("Kubernetes 1.12.3 has no row in src/config/kubernetesMinors.ts.");
  });
});

describe("the default version", () => {
  it("is the newest patch of a minor that had not ended when the table was reviewed", () => {
    const minor = minorNames.find((name) => kubernetesMinors[name].newestPatch === defaultKubernetesVersion)!;
    expect(hasEnded(minor, reviewedOn)).toBe(false);
  });
});
