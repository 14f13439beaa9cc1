/** docs/cis.md against the benchmark's numbering. Whether a row passes is for the tests that the page names. */
import { benchmarkRows, cisRows } from "./cis";

describe("docs/cis.md", () => {
  it("has every row of the benchmark once", () => {
    const order = (ids: readonly string[]) =>
      [...ids].sort((a, b) => benchmarkRows.indexOf(a) - benchmarkRows.indexOf(b));
    expect(benchmarkRows).toHaveLength(131);
    expect(order(cisRows().map(({ id }) => id))).toEqual(benchmarkRows);
  });
});
