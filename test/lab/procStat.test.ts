import { parseStat } from "../../lab/procStat";

describe("a line of /proc/<pid>/stat", () => {
  it("is read by its place after the name, which may hold spaces and parentheses", () => {
    const line =
      "4711 (a) (b c) S 12 4711 4240 0 -1 4194304 100 0 0 0 250 50 7 7 20 0 1 0 99 123456 2048 18446744073709551615";
    expect(parseStat(line)).toEqual({
      pid: 4711,
      parent: 12,
      name: "a) (b c",
      state: "S",
      session: 4240,
      started: 99,
      ticks: 300,
      pages: 2048,
    });
  });
});
