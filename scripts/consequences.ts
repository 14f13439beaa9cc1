/**
 * `npm run consequences -- preview.json`: what a planned change means, in words; refuses what destroys without having
 * been allowed by name.
 */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { readStackFile } from "../src/config/stackFile";
import { planOf } from "../src/consequences/plannedChange";
import { allowancesOf, reportOf } from "../src/consequences/consequenceReport";
import { renderReport } from "../src/consequences/renderReport";
import { filePath, runCommand } from "./runCommand";
import { wrappedFor } from "./wrapped";

const refused = 3;

interface Options {
  readonly allowedIn?: string;
}

function consequences(file: string, { allowedIn }: Options): void {
  const plan = planOf(readFileSync(file === "-" ? 0 : file, "utf8"));
  if (plan.errors.length > 0)
    throw new Error(`The preview failed, so nothing is known of what the change would do:\n${plan.errors.join("\n")}`);
  const config = allowedIn === undefined ? plan.config : { ...plan.config, allowDestruction: allowedBy(allowedIn) };
  const report = reportOf(plan, allowancesOf({ ...plan, config }));
  process.stdout.write(wrappedFor(renderReport(report), process.stdout));
  if (report.refused.length > 0) process.exitCode = refused;
}

/** What a stack file allows to be destroyed, in the form of a plan's configuration. */
function allowedBy(stackFile: string): string {
  return JSON.stringify(readStackFile(stackFile).values.allowDestruction ?? []);
}

void runCommand(
  new Command("npm run consequences --")
    .description(
      "Explains what a change would do to the cluster: what is destroyed, who is disturbed, what nobody notices.",
    )
    .argument("<file>", "what `pulumi preview --json` printed; - reads it from standard input", filePath)
    .option(
      "--allowed-in <stack file>",
      "read allowDestruction from this stack file, not from the planned change",
      filePath,
    )
    .addHelpText(
      "after",
      "\nExit code: 0 nothing is destroyed, or only what is allowed by name; 1 the file cannot be read, or the preview failed; 2 wrong usage; 3 refused.",
    )
    .action(consequences),
);
