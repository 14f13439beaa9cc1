/**
 * The Git repository that a cluster on the lab follows: the checkout's gitops/, in which parts that cannot run are
 * suspended. People push to it to try a change; a hook makes Flux look at once.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isMap, parseAllDocuments } from "yaml";
import type { Layout } from "./layout";

/** Folder of the repositories that the lab's Git server serves. */
export const gitFolder = (lab: Layout) => join(lab.data, "git");

/** The tree that `lab:up` committed last. What people have pushed since is left alone until the checkout changes. */
const publishedRef = "refs/lab/published";

interface Publication {
  /** Folder with gitops/. */
  readonly checkout: string;
  /** Names of the Flux Kustomizations to suspend. */
  readonly suspended: readonly string[];
  /** Program and kubeconfig of the hook, which need not exist yet. */
  readonly kubectl: string;
  readonly kubeconfig: string;
}

/**
 * Commits the checkout's gitops/ to branch main unless it did so before. Returns the new commit, or undefined where
 * nothing was to do. Errors: a Kustomization to suspend is in no file.
 */
export function publishGitops(lab: Layout, publication: Publication): string | undefined {
  const repository = join(gitFolder(lab), "platform.git");
  const work = join(gitFolder(lab), "work");
  const git = (...args: string[]) =>
    execFileSync("git", ["--git-dir", repository, "--work-tree", work, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, ...identity, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
    }).trim();
  if (!existsSync(join(repository, "HEAD"))) {
    mkdirSync(repository, { recursive: true });
    execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", repository]);
    git("config", "http.receivepack", "true");
  }
  const hook = join(repository, "hooks", "post-receive");
  writeFileSync(hook, hookOf(publication));
  chmodSync(hook, 0o755);
  rmSync(work, { recursive: true, force: true });
  cpSync(join(publication.checkout, "gitops"), join(work, "gitops"), { recursive: true });
  suspend(join(work, "gitops"), publication.suspended);
  git("add", "--all");
  const tree = git("write-tree");
  const known = (ref: string) => git("for-each-ref", "--format=%(objectname)", ref);
  if (known(publishedRef) === tree) return undefined;
  const before = known("refs/heads/main");
  const commit = git("commit-tree", tree, "-m", "gitops/ of the checkout", ...(before === "" ? [] : ["-p", before]));
  git("update-ref", "refs/heads/main", commit);
  git("update-ref", publishedRef, tree);
  execFileSync(hook, { stdio: "ignore" });
  return commit;
}

const identity = Object.fromEntries(
  ["AUTHOR", "COMMITTER"].flatMap((who) => [
    [`GIT_${who}_NAME`, "lab:up"],
    [`GIT_${who}_EMAIL`, "lab@localhost"],
  ]),
);

/** Flux reconciles a source whose annotation changes. Without a cluster there is nobody to tell. */
function hookOf({ kubectl, kubeconfig }: Publication): string {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  return [
    "#!/bin/sh",
    `${quoted(kubectl)} --kubeconfig ${quoted(kubeconfig)} --request-timeout=10s --namespace flux-system annotate \\`,
    '  --overwrite gitrepository/flux-system "reconcile.fluxcd.io/requestedAt=$(date +%s.%N)" >/dev/null 2>&1 || true',
    "",
  ].join("\n");
}

/** Sets spec.suspend of the Flux Kustomizations of these names, in whatever file of the folder they are. */
function suspend(folder: string, names: readonly string[]): void {
  const missing = new Set(names);
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (missing.size === 0) return;
    if (!entry.endsWith(".yaml") || dirname(entry).startsWith("apps")) continue;
    const file = join(folder, entry);
    const documents = parseAllDocuments(readFileSync(file, "utf8"));
    const found = documents.filter((document) => {
      const { contents } = document;
      if (!isMap(contents) || document.getIn(["apiVersion"]) !== "kustomize.toolkit.fluxcd.io/v1") return false;
      const name = document.getIn(["metadata", "name"]) as string;
      if (!names.includes(name)) return false;
      document.setIn(["spec", "suspend"], true);
      return missing.delete(name);
    });
    if (found.length > 0) writeFileSync(file, documents.map(String).join("---\n"));
  }
  if (missing.size > 0)
    throw new Error(`No file of gitops/ has the Flux Kustomization ${[...missing].sort().join(", ")}.`);
}
