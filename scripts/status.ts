/** `npm run status -- <stack>`: how the cluster is, on one screen. */
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { parseClusterConfig } from "../src/config/parse";
import { readStackFile } from "../src/config/stackFile";
import { OpenstackApi } from "../src/openstack/client";
import { findOpenstackCloud } from "../src/openstack/cloud";
import { readStackOutputs } from "../src/status/stackOutputs";
import { askStatus, type Status, type StatusSources } from "../src/status/status";
import type { Health, StatusLevel } from "../src/status/statusLine";
import { renderStatus } from "../src/status/statusReport";
import { providerKeys } from "./providerKeys";
import { assertSilentNpm, filePath, runCommand, wholeNumber } from "./runCommand";
import { wrappedFor } from "./wrapped";

interface Options {
  readonly config?: string;
  readonly json?: true;
  /** Seconds between two looks; true where none were said. */
  readonly watch?: number | true;
  readonly color: boolean;
}

const root = join(__dirname, "..");
const exitCodes = { healthy: 0, bad: 1, unknown: 2 };
/** Seconds. */
const watchedEvery = 10;
/** Milliseconds that Pulumi may take, less than what a part may take in all. */
const engineLimit = 6_000;
const colors: Readonly<Record<StatusLevel, number>> = { ok: 32, absent: 2, warn: 33, unknown: 35, bad: 31 };

async function status(stack: string, options: Options): Promise<void> {
  if (options.json === true) assertSilentNpm(`status -- ${stack} --json`);
  const file = options.config ?? join(root, `Pulumi.${stack}.yaml`);
  const sources: StatusSources = {
    stack,
    readFile: () => {
      const { values, problems, notes } = readStackFile(file);
      const config = parseClusterConfig(values, stack, { problems, source: basename(file) });
      return { config, hasEncrypted: notes.length > 0 };
    },
    readOutputs: () => readStackOutputs(stack, root, engineLimit),
    logIn: async (allowed) => OpenstackApi.login(findOpenstackCloud(providerKeys(file), process.env), allowed),
  };
  // Interrupted before the first answer, it knows nothing.
  let health: Health = "unknown";
  process.once("SIGINT", () => process.exit(exitCodes[health]));
  for (;;) {
    const found = await askStatus(sources);
    ({ health } = found);
    await print(found, options);
    if (options.watch === undefined) break;
    await sleep((options.watch === true ? watchedEvery : options.watch) * 1000);
  }
  // Whoever did not answer may still hold a connection.
  process.exit(exitCodes[health]);
}

async function print(found: Status, options: Options): Promise<void> {
  const colored = options.color && process.stdout.isTTY && process.env.NO_COLOR === undefined;
  const paint = (level: StatusLevel, text: string) => (colored ? `\u001b[${colors[level]}m${text}\u001b[0m` : text);
  const screen = wrappedFor(renderStatus(found, paint), process.stdout);
  // A watched terminal shows the last look only.
  const clear = options.watch !== undefined && process.stdout.isTTY ? "\u001b[2J\u001b[H" : "";
  const text = options.json === true ? `${JSON.stringify(found)}\n` : `${clear}${screen}`;
  await new Promise((resolve) => process.stdout.write(text, resolve));
}

// `npm run status -- dev | head` closes the pipe early, which is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? 0 : exitCodes.unknown),
);
void runCommand(
  new Command("npm run status --")
    .description(
      "Shows how the cluster of a stack is: what works, what does not, what could not be asked, and what helps.",
    )
    .argument("<stack>", "name of the stack; its configuration is Pulumi.<stack>.yaml")
    .option("--config <file>", "read this stack file instead", filePath)
    .option("--json", "print one JSON document on one line")
    .option("--watch [seconds]", `look again and again, with so many seconds between (${watchedEvery})`, wholeNumber(1))
    .option("--no-color", "no colours")
    .addHelpText(
      "after",
      "\nExit code: 0 nothing is bad, warnings aside; 1 something is bad; 2 nothing is known to be bad, but not everything could be asked, or wrong usage.",
    )
    .action(status),
);
