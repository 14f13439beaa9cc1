/** What was measured, as tables, and what of the promises was kept. */
import type { CallsByService } from "./countingProxy";
import type { Usage } from "./processTree";
import type { Tool } from "./tools";

/** What was done; for OpenTofu a preview is a plan, and an `up` is an apply. */
const actions = {
  fresh: "preview, nothing exists",
  up: "up",
  unchanged: "preview, nothing to change, as each does by default",
  unrefreshed: "preview, nothing to change, without refresh",
  refreshed: "preview, nothing to change, with refresh",
  multiplied: "preview, nothing to change, without refresh, state multiplied",
  destroy: "destroy",
} as const;

export type Action = keyof typeof actions;

export interface Measurement {
  readonly tool: Tool["name"];
  /** Number of workers, beside three control-plane machines. */
  readonly workers: number;
  readonly action: Action;
  readonly usage: Usage;
  readonly calls: CallsByService;
  /** After an `up` only. */
  readonly stateBytes?: number;
}

interface Judgement {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly kept: boolean;
}

/** State of one worker may not be larger, in bytes. */
const stateLimit = 8 * 1024;
/**
 * Workers from which on a preview may take no longer than OpenTofu's plan; below, starting Node is most of the time.
 */
const previewsJudgedFrom = 500;

/** The measurement whose time is the median of several of the same. */
export function medianOf(measurements: readonly Measurement[]): Measurement {
  const sorted = [...measurements].sort((a, b) => a.usage.seconds - b.usage.seconds);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new Error("There is no median of nothing.");
  return middle;
}

/** One measurement of each kind, in the order in which the kinds were first measured. */
export function medians(measurements: readonly Measurement[]): Measurement[] {
  const kind = ({ workers, action, tool }: Measurement) => `${workers} ${action} ${tool}`;
  return [...new Set(measurements.map(kind))].map((wanted) =>
    medianOf(measurements.filter((one) => kind(one) === wanted)),
  );
}

const totalCalls = (calls: CallsByService): number => Object.values(calls).reduce((sum, { total }) => sum + total, 0);
const repeatedCalls = (calls: CallsByService): number =>
  Object.values(calls).reduce((sum, { repeated }) => sum + repeated, 0);

/** A Markdown table, one row per measurement. */
export function renderTable(measurements: readonly Measurement[]): string {
  const head = ["workers", "what", "tool", "s", "CPU s", "peak MiB", "API calls", "by service", "state bytes"];
  const rows = measurements.map(({ workers, action, tool, usage, calls, stateBytes }) => [
    `3 + ${workers}`,
    actions[action],
    tool,
    usage.seconds.toFixed(1),
    usage.cpuSeconds.toFixed(1),
    `${usage.peakMib}`,
    repeatedCalls(calls) === 0 ? `${totalCalls(calls)}` : `${totalCalls(calls)} (${repeatedCalls(calls)} repeated)`,
    Object.entries(calls)
      .map(([service, { total }]) => `${service} ${total}`)
      .join(", "),
    stateBytes === undefined ? "" : `${stateBytes}`,
  ]);
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Measurements of both tools side by side; undefined where one is missing. */
function pair(
  all: readonly Measurement[],
  workers: number,
  action: Action,
): readonly [Measurement, Measurement] | undefined {
  const of = (tool: Tool["name"]) =>
    all.find((one) => one.workers === workers && one.action === action && one.tool === tool);
  const [ours, theirs] = [of("Pulumi"), of("OpenTofu")];
  return ours === undefined || theirs === undefined ? undefined : [ours, theirs];
}

/** What each further worker adds to a number, from one size to the next. */
export function perWorker(
  all: readonly Measurement[],
  tool: Tool["name"],
  action: Action,
  number: (one: Measurement) => number | undefined,
): number[] {
  const taken = all
    .filter((one) => one.tool === tool && one.action === action && number(one) !== undefined)
    .sort((a, b) => a.workers - b.workers);
  return taken.slice(1).map((one, index) => {
    const before = taken[index] as Measurement;
    return ((number(one) as number) - (number(before) as number)) / (one.workers - before.workers);
  });
}

/** Of the promises of this project, those that these measurements can tell of. */
export function promises(all: readonly Measurement[]): Judgement[] {
  const found: Judgement[] = [];
  const add = (what: string, value: number, limit: number) => found.push({ what, value, limit, kept: value <= limit });
  const sizes = [...new Set(all.map(({ workers }) => workers))].sort((a, b) => a - b);
  for (const workers of sizes) {
    for (const action of ["fresh", "unchanged", "multiplied", "up"] as const) {
      const both = pair(all, workers, action);
      if (both === undefined || (action !== "up" && workers < previewsJudgedFrom)) continue;
      add(
        `3 + ${workers}: ${actions[action]}: time as a multiple of OpenTofu's`,
        both[0].usage.seconds / both[1].usage.seconds,
        1,
      );
    }
  }
  // Polling is left out: how often a machine is asked after depends on how long the cloud takes to make it.
  const asked = ({ calls }: Measurement) => totalCalls(calls) - repeatedCalls(calls);
  perWorker(all, "Pulumi", "fresh", ({ calls }) => totalCalls(calls)).forEach((each) =>
    add("preview: API calls per further worker", each, 0),
  );
  const slopes = perWorker(all, "Pulumi", "up", asked);
  slopes.slice(1).forEach((each, index) => {
    const before = slopes[index] as number;
    add(
      "up: API calls per further worker, repeated ones left out, as a multiple of what they are between the two smaller sizes",
      each / before,
      1.05,
    );
  });
  perWorker(all, "Pulumi", "up", ({ stateBytes }) => stateBytes).forEach((each) =>
    add("state bytes per further worker", each, stateLimit),
  );
  return found;
}

export function renderPromises(all: readonly Judgement[]): string {
  return all
    .map(
      ({ what, value, limit, kept }) =>
        `${kept ? "PASS  " : "MISSED"} ${what}: ${Number(value.toFixed(2))}, promised at most ${limit}`,
    )
    .join("\n");
}
