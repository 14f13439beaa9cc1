/** What an earlier revision of this repository would build: its own preview, run in a copy of its own. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { PreviousRun } from "../previousRun";
import { readPrevious } from "./previousFile";

type Environment = Readonly<Record<string, string | undefined>>;

interface RunAtRevision {
  /** Absent: the revision has no such stack. */
  readonly run?: PreviousRun;
  /** Short hash of the commit. */
  readonly commit: string;
}

/**
 * Throws a sentence when the revision is unknown or its preview fails. Both programs use the packages that are
 * installed now.
 * @param stackFile the file that the preview reads today; the revision's own file of that path is taken, or
 *   Pulumi.<stack>.yaml where it has none.
 */
export function runAtRevision(root: string, revision: string, stack: string, stackFile: string): RunAtRevision {
  const commit = git(root, "rev-parse", "--verify", "--quiet", "--short", "--end-of-options", `${revision}^{commit}`);
  if (commit === undefined)
    throw new Error(`${revision} is neither a file nor a revision of this clone; fetch it, or name another one.`);
  const copy = mkdtempSync(path.join(tmpdir(), "preview-"));
  try {
    execFileSync("git", ["archive", "--output", path.join(copy, "copy.tar"), commit], { cwd: root });
    execFileSync("tar", ["-xf", "copy.tar"], { cwd: copy });
    symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
    const own = [path.relative(root, path.resolve(stackFile)), `Pulumi.${stack}.yaml`].find(
      (file) => !file.startsWith("..") && !path.isAbsolute(file) && existsSync(path.join(copy, file)),
    );
    if (own === undefined) return { commit };
    return { commit, run: ownPreview(copy, stack, own, `${revision} (${commit})`) };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** A preview keeps its run where none is kept yet; so did those that knew no `--accept`. */
function ownPreview(copy: string, stack: string, stackFile: string, revision: string): PreviousRun {
  const file = path.join(copy, "run.json");
  const args = ["run", "--silent", "preview", "--", stack, "--json", "--previous", file, "--config", stackFile];
  const { status, stderr } = spawnSync("npm", args, {
    cwd: copy,
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    env: withoutTarget(process.env),
  });
  if (status !== 0)
    throw new Error(
      `The preview of revision ${revision} fails, so there is nothing to compare with:\n${stderr.trim()}`,
    );
  const kept = readPrevious(file);
  if (kept === undefined || !("run" in kept))
    throw new Error(`Revision ${revision} keeps its previews in another form; name a later one with --against.`);
  return kept.run;
}

/**
 * In the pipeline of a merge request: the commit where the change left the target branch; elsewhere undefined. Throws a
 * sentence when the clone is too shallow to know.
 */
export function mergeBaseInPipeline(root: string, environment: Environment): string | undefined {
  const { CI_MERGE_REQUEST_TARGET_BRANCH_SHA, CI_MERGE_REQUEST_DIFF_BASE_SHA, GITHUB_BASE_REF } = environment;
  // The first is set where GitLab runs the pipeline on the merged result.
  const gitlab = [CI_MERGE_REQUEST_TARGET_BRANCH_SHA, CI_MERGE_REQUEST_DIFF_BASE_SHA].find((commit) => commit);
  if (gitlab !== undefined || !GITHUB_BASE_REF) return gitlab;
  const commit = git(root, "merge-base", `origin/${GITHUB_BASE_REF}`, "HEAD");
  if (commit === undefined)
    throw new Error(
      `This clone does not hold where the change left ${GITHUB_BASE_REF}; fetch the whole history, or name a revision with --against.`,
    );
  return commit;
}

/** The revision's own preview compares with nothing. */
function withoutTarget(environment: Environment): NodeJS.ProcessEnv {
  const target = /^(CI_MERGE_REQUEST_(TARGET_BRANCH|DIFF_BASE)_SHA|GITHUB_BASE_REF)$/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !target.test(name)));
}

/** What git prints, or undefined when it fails. */
function git(cwd: string, ...args: readonly string[]): string | undefined {
  try {
    return execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}
