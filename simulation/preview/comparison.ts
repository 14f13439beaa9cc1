/** What a preview is compared with. Looking never changes it; only `--accept` does. */
import { existsSync } from "node:fs";
import * as path from "node:path";
import type { PreviousRun } from "../previousRun";
import { readPrevious } from "./previousFile";
import { mergeBaseInPipeline, runAtRevision } from "./revision";
import { readStack, runStack } from "./run";

interface Comparison {
  /** Absent: there is nothing to compare with. */
  readonly run?: PreviousRun;
  /** What `run` is, to follow "compared with". */
  readonly name: string;
  readonly notes: readonly string[];
  /** Whether this preview becomes the baseline, since there is none. */
  readonly first: boolean;
}

interface ComparisonOptions {
  readonly root: string;
  readonly stack: string;
  /** The stack file of this preview. */
  readonly stackFile: string;
  /** A file or a revision. */
  readonly against?: string;
  /** File of the local baseline. @default .preview/<stack>.json, and in a merge request's pipeline the merge base */
  readonly previous?: string;
  readonly accept?: true;
  readonly onProgress: (resources: number) => void;
}

export function baselineFile({ root, stack, previous }: ComparisonOptions): string {
  return previous ?? path.join(root, ".preview", `${stack}.json`);
}

/** Throws a sentence, or what a run of the other side throws. */
export async function comparisonOf(options: ComparisonOptions): Promise<Comparison> {
  const { root, against, previous, accept } = options;
  if (against !== undefined) return existsSync(against) ? withFile(against, options) : withRevision(against, options);
  const target = previous === undefined && accept === undefined ? mergeBaseInPipeline(root, process.env) : undefined;
  return target === undefined ? withBaseline(baselineFile(options)) : withRevision(target, options);
}

function withBaseline(file: string): Comparison {
  const kept = readPrevious(file);
  if (kept === undefined) return { name: "", notes: [], first: true };
  if ("reason" in kept) return { name: "", notes: [`${kept.reason} Replace it with --accept.`], first: false };
  return { run: kept.run, name: `the baseline of ${kept.time}, which --accept moves`, notes: [], first: false };
}

/** A run that was kept, or a stack file that today's program runs. */
async function withFile(file: string, { stack, onProgress }: ComparisonOptions): Promise<Comparison> {
  const kept = readPrevious(file);
  if (kept !== undefined && "run" in kept) return { run: kept.run, name: file, notes: [], first: false };
  const run = await runStack(readStack(stack, file), undefined, onProgress);
  return { run: run.toPrevious(), name: file, notes: [], first: false };
}

function withRevision(revision: string, { root, stack, stackFile }: ComparisonOptions): Comparison {
  const { run, commit } = runAtRevision(root, revision, stack, stackFile);
  const name = revision.startsWith(commit) ? `revision ${commit}` : `revision ${revision} (${commit})`;
  if (run !== undefined) return { run, name, notes: [], first: false };
  return { name, notes: [`${name} has no stack ${stack}, so all of it is new.`], first: false };
}
