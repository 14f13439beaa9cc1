/**
 * `npm run preview -- <stack>`: the program on a simulated OpenStack; what it would make, and how that differs from a
 * baseline or from another revision.
 */
import { counted } from "../src/config/counted";
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { Command, Option } from "commander";
import { baselineFile, comparisonOf } from "../simulation/preview/comparison";
import { differenceOf } from "../simulation/preview/difference";
import { assertOurs, writeDocuments } from "../simulation/preview/documents";
import { defaultFlavorsFile, readFlavors } from "../simulation/preview/flavors";
import { paintFor } from "../simulation/preview/paint";
import { pictureFacts } from "../simulation/preview/picture/facts";
import { renderPicture } from "../simulation/preview/picture/renderPicture";
import type * as page from "../simulation/preview/page/renderPage";
import { plannedChanges, recordedConfigurations } from "../simulation/preview/plannedChanges";
import { progressLine } from "../simulation/preview/progress";
import { writePrevious } from "../simulation/preview/previousFile";
import { renderForReview, renderJson, renderText } from "../simulation/preview/report";
import { readStack, runStack } from "../simulation/preview/run";
import { totalsOf } from "../simulation/preview/totals";
import type { SimulationError } from "../simulation/simulate";
import { reportOf } from "../src/consequences/consequenceReport";
import { ConfigError } from "../src/config/configError";
import { assertSilentNpm, filePath, runCommand } from "./runCommand";
import { wrappedFor } from "./wrapped";

interface Options {
  readonly out?: string;
  readonly json?: true;
  readonly config?: string;
  readonly flavors?: string;
  readonly against?: string;
  readonly previous?: string;
  readonly accept?: true;
  readonly report?: string;
  readonly svg?: string;
  readonly html?: string;
  readonly color: boolean;
}

// The loader that runs this file; plain JavaScript, since nothing can compile it.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { sourceStack } = require("./typescript") as { sourceStack: (stack: string) => string };
const root = path.join(__dirname, "..");
/** The configuration or the program is wrong. */
const failed = 1;

async function preview(stack: string, options: Options): Promise<void> {
  if (options.json === true) assertSilentNpm(`preview -- ${stack} --json`);
  const stackFile = options.config ?? path.join(root, `Pulumi.${stack}.yaml`);
  const input = readStack(stack, stackFile);
  const flavors = readFlavors(options.flavors ?? defaultFlavorsFile);
  if (options.out !== undefined) assertOurs(options.out);

  const progress = progressLine();
  const { against, previous, accept } = options;
  const comparing = { root, stack, stackFile, against, previous, accept, onProgress: progress.update };
  const { run: before, name, notes, first } = await comparisonOf(comparing);
  const run = await runStack(input, before, progress.update).finally(progress.end);
  const difference = differenceOf(run, before, name);
  const { clusterName, roll, allowDestruction, readiness } = input.config;
  const plan = {
    stack,
    changes: plannedChanges(run, before),
    unchanged: difference.unchanged,
    recorded: recordedConfigurations(run, before),
    warnings: input.notes,
  };
  const report = reportOf(plan, { clusterName, roll, allowDestruction, drains: readiness.drainTimeoutMinutes > 0 });
  const totals = totalsOf(run, flavors);
  const result = { stack, run, notes: [...input.notes, ...notes], totals, difference, report };

  const colored = options.color && process.stdout.isTTY && process.env.NO_COLOR === undefined;
  process.stdout.write(
    options.json === true
      ? `${renderJson(result)}\n`
      : wrappedFor(renderText(result, paintFor(colored)), process.stdout),
  );
  if (options.out !== undefined) {
    const count = writeDocuments(options.out, result);
    process.stderr.write(
      `Wrote ${counted(count, "document")} to ${options.out}. The keys in them are throw-away ones, made for this preview.\n`,
    );
  }
  if (options.report !== undefined) writeInto(options.report, renderForReview(result));
  const picture = () => renderPicture(pictureFacts(input.config, run, difference));
  if (options.svg !== undefined) writeInto(options.svg, picture());
  if (options.html !== undefined) {
    // Loaded here and not above: every other preview does without it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { renderPage } = require("../simulation/preview/page/renderPage") as typeof page;
    writeInto(options.html, renderPage(result, picture()));
  }
  if (accept === undefined && !first) return;
  writePrevious(baselineFile(comparing), run.toPrevious(), new Date().toISOString());
  process.stderr.write("This preview is the baseline now: later ones are compared with it, until --accept moves it.\n");
}

function writeInto(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/**
 * What the user reads when it goes wrong: sentences for what a user can mend, the place in the source for a fault of
 * the program.
 */
function explain(error: unknown): string {
  if (error instanceof ConfigError || !(error instanceof Error))
    return String((error as Partial<Error>).message ?? error);
  // By name: the class itself would load Pulumi, for which a mistake in the configuration need not wait.
  if (error.name !== "SimulationError") return error.message;
  const { failures } = error as Error & Pick<SimulationError, "failures">;
  return failures
    .map(({ where, message, error: thrown }) => {
      if (where !== "program") return `${where}: ${message}`;
      // RunError is Pulumi's error for the user: its message is all there is to say.
      return thrown instanceof Error && !("__pulumiRunError" in thrown)
        ? sourceStack(thrown.stack ?? message)
        : message;
    })
    .join("\n");
}

const command = new Command("npm run preview --")
  .description(
    "Simulates `pulumi up` of a stack with no cloud at all: resources, totals, and the difference from a baseline (the first preview here) or from what --against names.",
  )
  .argument("<stack>", "name of the stack; its configuration is Pulumi.<stack>.yaml")
  .option("--out <dir>", "write every rendered document to this folder, keys (throw-away ones) included", filePath)
  .option("--json", "print one JSON document, secrets hidden")
  .option("--config <file>", "read this stack file instead", filePath)
  .option("--flavors <file>", "sizes of flavors, for the totals (default: simulation/flavors.yaml)", filePath)
  .addOption(
    new Option(
      "--against <revision or file>",
      "compare with the program and stack file of a Git revision, or with another stack file (default in a merge request's pipeline: the merge base)",
    )
      .argParser(filePath)
      .conflicts(["accept", "previous"]),
  )
  .option("--accept", "make this preview the baseline")
  .option("--previous <file>", "the baseline's file (default: .preview/<stack>.json)", filePath)
  .option("--report <file>", "write the difference and what it means to this file too", filePath)
  .option("--svg <file>", "draw the cluster, with what changes marked, into this file", filePath)
  .option(
    "--html <file>",
    "write a page with the picture, the tree, what the change means and what machines get",
    filePath,
  )
  .option("--no-color", "no colours")
  .addHelpText("after", "\nExit code: 0 done, 1 the configuration or the program is wrong, 2 wrong usage.")
  .action(preview);

// Stdout is for the preview alone: what the SDK logs without an engine goes to stderr.
console.log = console.info = console.error;
// `npm run preview -- dev | head` closes the pipe early, which is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : failed));
void runCommand(command, explain);
