/** How the commands of this folder begin and end, and what their options have in common. */
import * as path from "node:path";
import { CommanderError, InvalidArgumentError, type Command } from "commander";
import { messageOf } from "../src/engine/messageOf";
import { wrappedFor } from "./wrapped";

const exitCodes = { failed: 1, usage: 2 };

/** Whether npm runs this very script, and not a test of it or something else that runs this. */
const isRunByNpm = (process.env.npm_lifecycle_script ?? "").includes(`scripts/${path.basename(process.argv[1] ?? "")}`);

/** npm begins in the package's folder; the paths that a user gives are those of the folder that npm was called in. */
function enterUsersFolder(): void {
  if (isRunByNpm && process.env.INIT_CWD !== undefined) process.chdir(process.env.INIT_CWD);
}

/** Throws where npm has written lines of its own to standard output, which is to be one document for a machine. */
export function assertSilentNpm(call: string): void {
  if (isRunByNpm && process.env.npm_config_loglevel !== "silent")
    throw new Error(`npm writes lines of its own before the JSON; call it as \`npm run --silent ${call}\`.`);
}

/** An option's value that names a file or folder. */
export const filePath = (text: string): string => {
  if (text.trim() === "") throw new InvalidArgumentError("it must name a file or folder.");
  return text;
};

/**
 * Runs a command with the arguments of this process. An error ends it with exit code 1 and what `explain` makes of the
 * error on stderr, a wrong call with 2.
 */
export async function runCommand(command: Command, explain: (error: unknown) => string = messageOf): Promise<void> {
  enterUsersFolder();
  try {
    for (const each of [command, ...command.commands]) each.exitOverride();
    await command.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
      return;
    }
    process.exitCode = exitCodes.failed;
    process.stderr.write(`${wrappedFor(explain(error), process.stderr)}\n`);
  }
}

/** An option's value that must be a whole number of at least `least`. */
export const wholeNumber =
  (least: number) =>
  (text: string): number => {
    if (!/^\d+$/.test(text) || Number(text) < least)
      throw new InvalidArgumentError(`must be a whole number of at least ${least}.`);
    return Number(text);
  };
