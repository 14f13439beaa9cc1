/** What a stack's file said over time, from Git. */
import { execFileSync } from "node:child_process";
import { parseStackFile } from "../../src/config/stackFile";
import type { FileVersion } from "../../src/promotion/promotion";

/**
 * The versions of Kubernetes that a file named, newest first. Throws a sentence where the clone has not the whole
 * history, or the branch or the file is unknown.
 *
 * @param file Path in the repository.
 */
export function fileHistory(root: string, branch: string, file: string): FileVersion[] {
  if (git(root, "rev-parse", "--is-shallow-repository") === "true")
    throw new Error("This clone does not have the whole history. Run `git fetch --unshallow`.");
  const log = ["log", "--first-parent", "--format=%h %ct", "--end-of-options", branch, "--", file];
  const commits = git(root, ...log)
    .split("\n")
    .filter((line) => line !== "");
  if (commits.length === 0) throw new Error(`${branch} has never had ${file}.`);
  return commits.map((line) => {
    const [commit = "", time = ""] = line.split(" ");
    return { commit, time: Number(time), version: versionIn(root, commit, file) };
  });
}

/** A file at a commit. Throws a sentence where there is none. */
export function fileAt(root: string, commit: string, file: string): string {
  return git(root, "show", "--end-of-options", `${commit}:${file}`);
}

/** Undefined where the file is gone, cannot be read, or names no version. */
function versionIn(root: string, commit: string, file: string): string | undefined {
  try {
    return versionOf(parseStackFile(fileAt(root, commit, file), file).values);
  } catch {
    return undefined;
  }
}

export function versionOf(values: Readonly<Record<string, unknown>>): string | undefined {
  const { version } = (values.kubernetes ?? {}) as { readonly version?: unknown };
  return typeof version === "string" ? version : undefined;
}

function git(cwd: string, ...args: readonly string[]): string {
  try {
    return execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    throw new Error(`\`git ${args[0] ?? ""}\` failed: ${stderr.trim().split("\n")[0] ?? ""}`);
  }
}
