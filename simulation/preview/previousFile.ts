/** Where a run is kept for the next one. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { PreviousRun } from "../previousRun";

/** Raised when the file's form changes; an older file is then passed over. */
const version = 1;

interface PreviousFile extends PreviousRun {
  readonly version: number;
  /** RFC 3339. */
  readonly time: string;
}

type Kept = { readonly run: PreviousRun; readonly time: string } | { readonly reason: string };

/** Undefined: there is no such file. With a reason: there is one, but it cannot be used. */
export function readPrevious(file: string): Kept | undefined {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT"
      ? undefined
      : { reason: `${file} cannot be read, so there is nothing to compare with.` };
  }
  try {
    const { version: found, time, seed, resources } = JSON.parse(content) as Partial<PreviousFile>;
    if (
      found === version &&
      typeof time === "string" &&
      /^[0-9a-f]{64}$/.test(seed ?? "") &&
      typeof resources === "object"
    ) {
      return { run: { seed: seed as string, resources }, time };
    }
  } catch {
    // Not JSON: the same to the reader as a file of another version.
  }
  return { reason: `${file} is not a run that this version of the preview kept, so there is nothing to compare with.` };
}

/** Readable by its owner alone: it holds no secret of yours, but the seed of the simulation's throw-away keys. */
export function writePrevious(file: string, run: PreviousRun, time: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const content: PreviousFile = { version, time, ...run };
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, JSON.stringify(content), { mode: 0o600 });
  renameSync(unfinished, file);
}
