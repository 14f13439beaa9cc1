/** `npm run bench:lab`: the program next to OpenTofu, with the real engine, on the lab that runs. */
import { counted } from "../src/config/counted";
import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { benchmark } from "../lab/bench/benchmark";
import { medians, promises, renderPromises, renderTable, type Measurement } from "../lab/bench/report";
import { isRunning } from "../lab/openstack/lab";
import { labFolder, type Layout } from "../lab/openstack/layout";
import { labIn } from "../lab/openstack/units";
import { runCommand, wholeNumber } from "./runCommand";

const sizes = (text: string): number[] =>
  text
    .split(",")
    .map(wholeNumber(1))
    .sort((a, b) => a - b);

function show(lab: Layout, taken: readonly Measurement[], circumstances: string): void {
  writeFileSync(join(lab.data, "bench", "results.json"), JSON.stringify(taken, undefined, 2));
  const results = medians(taken);
  console.log(`${new Date().toISOString().slice(0, 10)}, ${circumstances}.\n`);
  console.log(`${renderTable(results)}\n\n${renderPromises(promises(results))}`);
}

void runCommand(
  new Command("npm run bench:lab --")
    .description(
      "Measures preview and up next to OpenTofu on the lab (docs/benchmark.md). Needs `npm run lab -- up` without quotas, and Go the first time.",
    )
    .option("--sizes <n,n>", "numbers of workers, beside three control-plane machines", sizes, [10, 100, 500])
    .option(
      "--make-up-to <n>",
      "largest number of workers that is really made; beyond it there are previews only",
      wholeNumber(1),
      100,
    )
    .option("--runs <n>", "previews of each kind, of which the median counts", wholeNumber(1), 3)
    .option("--check", "exit with 1 when a promise is missed")
    .action(async (options: { sizes: number[]; makeUpTo: number; runs: number; check?: true }) => {
      const lab = labIn(labFolder());
      if (!isRunning(lab))
        throw new Error("The lab is not up: run `npm run lab -- up` first (docs/benchmark.md says with which quotas).");
      const before = loadavg()[0] as number;
      const taken: Measurement[] = [];
      const keep = (one: Measurement): void => {
        taken.push(one);
        process.stderr.write(
          `${new Date().toISOString().slice(11, 19)} ${one.tool.padEnd(8)} 3 + ${one.workers} ${one.action}: ${one.usage.seconds.toFixed(1)} s\n`,
        );
      };
      try {
        await benchmark(lab, options, keep);
      } finally {
        if (taken.length > 0)
          show(lab, taken, `load ${before.toFixed(1)} before, median of ${counted(options.runs, "preview")} by turns`);
      }
      const kept = promises(medians(taken));
      if (options.check === true && kept.some((one) => !one.kept)) process.exitCode = 1;
    }),
);
