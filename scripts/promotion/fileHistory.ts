/** What a stack's file said over time, from Git. */
import { execFileSync } from "node:child_process";
import { parseStackFile } from "../../src/config/stackFile";
import { arrivals, type FileVersion } from "../../src/promotion/promotion";

/**
 * The versions of Kubernetes that a file named, newest first. Throws a sentence where the clone has not the whole
 * history, or the branch or the file is unknown.
 *
 * @param file Path below `root`.
 * @param now Seconds since 1970.
 */
export function fileHistory(root: string, branch: string, file: string, now: number): FileVersion[] {
  if (git(root, "rev-parse", "--is-shallow-repository") === "true")
    throw new Error("This clone does not have the whole history. Run `git fetch --unshallow`.");
  const all = log(root, branch).reverse();
  const times = arrivals(
    all.map(({ time }) => time),
    now,
  );
  const timeOf = new Map(all.map(({ commit }, index) => [commit, times[index]]));
  const commits = log(root, branch, file);
  if (commits.length === 0) throw new Error(`${branch} has never had ${file}.`);
  return commits.map(({ commit, short, time }) => ({
    commit: short,
    time: timeOf.get(commit) ?? time,
    version: versionIn(root, commit, file),
  }));
}

/** Commits of a branch that changed one of the files, newest first. A merge counts, not what it brought. */
function log(root: string, branch: string, ...files: readonly string[]) {
  const lines = git(root, "log", "--first-parent", "--format=%H %h %ct", "--end-of-options", branch, "--", ...files);
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [commit = "", short = "", time = ""] = line.split(" ");
      return { commit, short, time: Number(time) };
    });
}

/** A file at a commit. Throws a sentence where there is none. @param file Path below `root`. */
export function fileAt(root: string, commit: string, file: string): string {
  return git(root, "show", "--end-of-options", `${commit}:./${file}`);
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
    // Whoever shows signatures in logs has lines of them between the commits.
    return execFileSync("git", ["-c", "log.showSignature=false", ...args], {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 1 << 28,
    }).trim();
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    throw new Error(`\`git ${args[0] ?? ""}\` failed: ${stderr.trim().split("\n")[0] ?? ""}`);
  }
}
