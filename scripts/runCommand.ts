/** How the commands of this folder end, and what their options have in common. */
import { CommanderError, InvalidArgumentError, type Command } from "commander";
import { messageOf } from "../src/engine/messageOf";

const exitCodes = { failed: 1, usage: 2 };

/**
 * Runs a command with the arguments of this process. An error ends it with exit code 1 and what `explain` makes of the
 * error on stderr, a wrong call with 2.
 */
export async function runCommand(command: Command, explain: (error: unknown) => string = messageOf): Promise<void> {
  try {
    await command.exitOverride().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
      return;
    }
    process.exitCode = exitCodes.failed;
    process.stderr.write(`${explain(error)}\n`);
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
