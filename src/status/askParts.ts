/** Asks all parts at the same time; a part that fails or hangs costs its own lines only. */
import { messageOf } from "../engine/messageOf";
import type { StatusLevel, StatusLine } from "./statusLine";

export interface StatusPart {
  readonly name: string;
  /** What must be known before anything can be asked: where it fails, the part is unknown. */
  readonly needs?: Promise<unknown>;
  readonly ask: () => Promise<readonly StatusLine[]>;
  /** What it means when `ask` fails. @default unknown */
  readonly silence?: StatusLevel;
  /** What helps then. */
  readonly remedy: string;
}

/** The lines of all parts in their order. `limit`: milliseconds that each part may take. Never rejects. */
export async function askParts(parts: readonly StatusPart[], limit: number): Promise<StatusLine[]> {
  const answers = await Promise.all(parts.map((part) => askPart(part, limit)));
  return answers.flat();
}

async function askPart(part: StatusPart, limit: number): Promise<readonly StatusLine[]> {
  const { name, needs, ask, silence = "unknown", remedy } = part;
  let level: StatusLevel = "unknown";
  const asked = async () => {
    await needs;
    level = silence;
    return ask();
  };
  try {
    return await withinLimit(limit, asked());
  } catch (error) {
    const reason = messageOf(error).replace(/\s+/g, " ").replace(/\.$/, "");
    return [{ part: name, level, text: `could not be asked: ${reason}`, remedy }];
  }
}

/** What `work` comes to; rejects after `limit` milliseconds, whatever becomes of the work. */
export async function withinLimit<T>(limit: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limit / 1000} s`)), limit);
  });
  return Promise.race([work, end]).finally(() => clearTimeout(timer));
}
