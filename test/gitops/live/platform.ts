/**
 * A cluster under GitOps as Pulumi leaves it behind, on loopback: control plane, Flux, the hand-off, and gitops/ of
 * this work tree in a Git server.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sopsSecretName } from "../../../src/platform/flux";
import { gitopsFolder } from "../toolbox";
import { startControlPlane } from "./controlPlane";
import { Flux, startFlux, startHelmController, startNotificationController } from "./flux";
import { GitServer, type Repository } from "./gitServer";
import type { Kubectl } from "./kubectl";
import { freePorts, Processes } from "./processes";
import { clusterSettings } from "../settings";

export interface Platform {
  readonly kubectl: Kubectl;
  readonly flux: Flux;
  /** The platform's repository: what is in this work tree's gitops/. */
  readonly repository: Repository;
  readonly git: GitServer;
  readonly stop: () => Promise<void>;
}

/** Kept when the environment variable KEEP_GITOPS_TEST is set, for looking at the logs. */
const keep = process.env.KEEP_GITOPS_TEST !== undefined;

/** What a test needs beside what every cluster has. */
interface Extras {
  /** Charts are installed, by the real helm-controller. */
  readonly withHelm?: boolean;
  /** Events are told, by the real notification-controller, through this proxy. */
  readonly proxy?: string;
  /** What a site sets beside the settings of the stack dev; read after `prepare`, which may add to them. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** `prepare` may change the repository before its first commit. */
export async function startPlatform(
  prepare: (repository: Repository, git: GitServer) => void,
  { withHelm = false, proxy, settings = {} }: Extras = {},
): Promise<Platform> {
  const folder = mkdtempSync(join(tmpdir(), "gitops-"));
  const processes = new Processes(folder);
  const git = await GitServer.start(join(folder, "git"));
  const stop = async () => {
    await processes.stop();
    await git.stop();
    if (keep) process.stderr.write(`Kept ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  };
  try {
    const kubectl = await startControlPlane(join(folder, "control-plane"), processes);
    const [events] = await freePorts(1);
    await startFlux(join(folder, "flux"), processes, kubectl, proxy === undefined ? undefined : events);
    if (proxy !== undefined)
      await startNotificationController(join(folder, "flux"), processes, kubectl, events!, proxy);
    if (withHelm) await startHelmController(join(folder, "flux"), processes, kubectl);
    const repository = git.create("platform");
    mkdirSync(repository.folder, { recursive: true });
    cpSync(gitopsFolder, join(repository.folder, "gitops"), { recursive: true });
    prepare(repository, git);
    repository.commit("The platform");
    handOff(kubectl, repository.url, { ...clusterSettings("dev"), ...settings });
    return { kubectl, flux: new Flux(kubectl, processes), repository, git, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What `pulumi up` hands over: facts of the cluster, and Flux's own source and root. */
function handOff(kubectl: Kubectl, url: string, data: Readonly<Record<string, string>>): void {
  const metadata = { name: "flux-system", namespace: "flux-system" };
  const { ok, output } = kubectl.apply(
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "cluster-settings", namespace: "flux-system" }, data },
    {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata,
      spec: { interval: "10m", url, ref: { branch: "main" } },
    },
    {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata,
      spec: {
        interval: "10m",
        prune: true,
        path: "./gitops/clusters/dev",
        sourceRef: { kind: "GitRepository", name: "flux-system" },
        serviceAccountName: "kustomize-controller",
      },
    },
  );
  if (!ok) throw new Error(output);
}

/** Replaces text in a file of a repository, which must have it. */
export function edit(repository: Repository, path: string, from: string, to: string): Repository {
  const file = join(repository.folder, path);
  const before = readFileSync(file, "utf8");
  if (!before.includes(from)) throw new Error(`${path} does not hold ${from}`);
  writeFileSync(file, before.replace(from, to));
  return repository;
}

/** Commits a mistake in the platform's part `storage`; returns the revision. */
export function breakStorage(repository: Repository): string {
  const file = "gitops/infrastructure/storage/cinder.yaml";
  return edit(repository, file, "kind: StorageClass", "kind: StorageKlass").commit("Broken");
}

/** The key that decrypts the Secrets of a namespace, as Pulumi or a team hands it over. */
export function handOverAgeKey(kubectl: Kubectl, namespace: string, identity: string): void {
  kubectl.run([
    "create",
    "secret",
    "generic",
    sopsSecretName,
    "-n",
    namespace,
    `--from-literal=age.agekey=${identity}`,
  ]);
}
