/** What becomes of one object of an export. */
import type { Fields, Manifest } from "./manifest";

/**
 * `kept`: the same object, without what a server wrote into it. `converted`: other objects that do the same. `decide`:
 * nothing is written until a person has decided. `left out`: the new cluster makes it itself, or has no use for it.
 */
export type ObjectOutcome = "kept" | "converted" | "decide" | "left out";

interface Note {
  /** Whether a person must do something. */
  readonly isTask: boolean;
  readonly sentence: string;
}

export interface Conversion {
  readonly outcome: ObjectOutcome;
  readonly notes: readonly Note[];
  /** What goes into the tenant's repository. */
  readonly objects: readonly Manifest[];
}

export const remark = (sentence: string): Note => ({ isTask: false, sentence });
export const task = (sentence: string): Note => ({ isTask: true, sentence });

export const leftOut = (reason: string): Conversion => ({ outcome: "left out", notes: [remark(reason)], objects: [] });
export const toDecide = (...sentences: readonly string[]): Conversion => ({
  outcome: "decide",
  notes: sentences.map(task),
  objects: [],
});

/** A sentence for each key that a converter did not take, so that nothing is lost in silence. */
export const notCarried = (path: string, rest: Fields): Note[] =>
  Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => task(`${path}.${key} (${brief(value)}) is not carried over; see whether it matters.`));

/** A value on one line, at most 60 characters of it. */
function brief(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
