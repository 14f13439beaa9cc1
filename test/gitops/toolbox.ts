/**
 * Where the programs are that these tests run for real. Made by scripts/installGitopsTools.sh, and the control plane by
 * the lab's builds.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const repository = join(__dirname, "..", "..");
const cache = process.env.OPENSTACK_KUBERNETES_CACHE ?? join(homedir(), ".cache", "openstack-kubernetes");
const tools = process.env.OPENSTACK_KUBERNETES_TOOLS ?? join(cache, "tools");

type Module =
  | "controllers"
  | "definitions"
  | "flux"
  | "helm"
  | "helm-controller"
  | "kubeconform"
  | "kyverno"
  | "monitoring"
  | "notifications"
  | "registry"
  | "snapshots";

/** The folder of a module's programs, named for a digest of its pins as scripts/installGitopsTools.sh names it. */
export function toolFolder(module: Module): string {
  const source = join(__dirname, "tools", module);
  const files = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort((a, b) => (a < b ? -1 : 1));
  const digest = createHash("sha256");
  files.forEach((file) => digest.update(readFileSync(file)));
  return join(tools, `gitops-${module}-${digest.digest("hex").slice(0, 12)}`);
}

/**
 * The control plane's programs as the lab's machines run them: those that lab/site/binaries.sh built last, as only the
 * lab knows how it names them.
 */
export function siteFolder(module: "containerd" | "cri-tools" | "etcd" | "kubernetes"): string {
  const site = join(cache, "site");
  const built = existsSync(site)
    ? readdirSync(site).filter((name) => name.startsWith(`bin-${module}-`) && !name.endsWith(".part"))
    : [];
  const newest = built.map((name) => join(site, name)).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  return newest ?? join(site, `bin-${module}`);
}

const installGitops = "scripts/installGitopsTools.sh";
const buildSite = "npm run lab:machines -- build";

/**
 * `describe` when the programs are there; else one that is skipped, with a line on the console that says what to run.
 * `programs` are paths; a run in which nothing was proven must not look like one in which everything was.
 */
export function describeWith(programs: readonly string[]): jest.Describe {
  const missing = programs.filter((program) => !existsSync(program));
  if (missing.length === 0) return describe;
  const remedy = missing.some((program) => program.includes("/site/"))
    ? `${installGitops} and ${buildSite}`
    : installGitops;
  process.stderr.write(`SKIPPED: ${missing.join(", ")} not found; run ${remedy}.\n`);
  return describe.skip;
}

export const gitopsFolder = join(repository, "gitops");
export const repositoryFolder = repository;
