/** Asks the person at the terminal before something that cannot be taken back. */
import { createInterface } from "node:readline/promises";

interface Confirmation {
  /** `--yes` was given: nobody is asked. */
  readonly yes: boolean;
  readonly question: string;
  /** What did not happen where nobody can be asked, for instance "Nothing was deleted". */
  readonly refusal: string;
  readonly say: (line: string) => void;
}

export async function confirmed({ yes, question, refusal, say }: Confirmation): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) {
    say(`${refusal}: nobody can be asked here; --yes goes on without.`);
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `).finally(() => terminal.close());
  return /^y(es)?$/i.test(answer.trim());
}
