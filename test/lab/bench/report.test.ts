import {
  medianOf,
  medians,
  perWorker,
  promises,
  renderPromises,
  renderTable,
  type Action,
  type Measurement,
} from "../../../lab/bench/report";

const measurement = (
  tool: Measurement["tool"],
  workers: number,
  action: Action,
  seconds: number,
  more: Partial<Measurement> = {},
): Measurement => ({
  tool,
  workers,
  action,
  usage: { seconds, cpuSeconds: 2 * seconds, peakMib: 300, peakByProgram: {} },
  calls: { Nova: { total: 10 + workers, repeated: 4 } },
  ...more,
});

describe("The median", () => {
  it("of an even number of runs is the quicker of the two in the middle", () => {
    const runs = [4, 1, 3, 2].map((seconds) => measurement("Pulumi", 10, "fresh", seconds));
    expect(medianOf(runs).usage.seconds).toBe(2);
  });

  it("of nothing is an error", () => {
    expect(() => medianOf([])).toThrow("no median of nothing");
  });
});

describe("Measurements of several runs", () => {
  it("become one of each kind, in the order of the first of its kind", () => {
    const taken = [
      measurement("Pulumi", 10, "fresh", 3),
      measurement("OpenTofu", 10, "fresh", 1),
      measurement("Pulumi", 10, "fresh", 2),
      measurement("Pulumi", 10, "up", 9),
    ];
    expect(medians(taken)).toEqual([taken[2], taken[1], taken[3]]);
  });
});

describe("The table", () => {
  it("has a row per measurement", () => {
    const table = renderTable([
      measurement("Pulumi", 10, "up", 12.34, { stateBytes: 5000 }),
      measurement("OpenTofu", 10, "fresh", 1, { calls: {} }),
    ]);
    expect(table.split("\n").slice(2)).toEqual([
      "| 3 + 10 | up | Pulumi | 12.3 | 24.7 | 300 | 20 (4 repeated) | Nova 20 | 5000 |",
      "| 3 + 10 | preview, nothing exists | OpenTofu | 1.0 | 2.0 | 300 | 0 |  |  |",
    ]);
  });
});

describe("Growth per worker", () => {
  it("is taken from one size to the next", () => {
    const all = [10, 100, 500].map((workers) =>
      measurement("Pulumi", workers, "up", 1, { stateBytes: 1000 + workers * 7 }),
    );
    expect(perWorker([...all].reverse(), "Pulumi", "up", ({ stateBytes }) => stateBytes)).toEqual([7, 7]);
  });
});

describe("The promises", () => {
  it("judge previews from 500 workers on, and an up at every size", () => {
    const all = [10, 500].flatMap((workers) =>
      (["fresh", "up"] as const).flatMap((action) => [
        measurement("Pulumi", workers, action, 3, { calls: {} }),
        measurement("OpenTofu", workers, action, 2),
      ]),
    );
    expect(promises(all).map(({ what, value, kept }) => [what, value, kept])).toEqual([
      ["3 + 10: up: time as a multiple of OpenTofu's", 1.5, false],
      ["3 + 500: preview, nothing exists: time as a multiple of OpenTofu's", 1.5, false],
      ["3 + 500: up: time as a multiple of OpenTofu's", 1.5, false],
      ["preview: API calls per further worker", 0, true],
    ]);
  });

  it("want calls per worker that do not grow with the number of workers, polling left out", () => {
    const calls = (total: number, repeated: number) => ({ calls: { Nova: { total, repeated } }, stateBytes: 0 });
    const all = [
      measurement("Pulumi", 10, "up", 1, calls(110, 50)),
      measurement("Pulumi", 20, "up", 1, calls(220, 100)),
      measurement("Pulumi", 30, "up", 1, calls(900, 600)),
    ];
    const judged = promises(all).filter(({ what }) => what.startsWith("up: API calls"));
    expect(judged.map(({ value, kept }) => [value, kept])).toEqual([[3, false]]);
  });

  it("are told one per line, the missed ones as such", () => {
    const message = renderPromises([
      { what: "state bytes per further worker", value: 9000.123, limit: 8192, kept: false },
      { what: "preview: API calls per further worker", value: 0, limit: 0, kept: true },
    ]);
    expect(message).toBe(
      "MISSED state bytes per further worker: 9000.12, promised at most 8192\nPASS   preview: API calls per further worker: 0, promised at most 0",
    );
  });
});
