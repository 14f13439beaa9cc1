/** The files that `up` takes to machines that run, and the agent there that lays them. */
import { createHash } from "node:crypto";
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineTemplate } from "../machines/planMachines";
import type { MachineRole } from "../machines/roles";
import { apiServerFiles } from "./apiServer";
import { containerdFiles } from "./containerdConfig";
import type { FileChange, MachineFile } from "./inputs";
import { kubeletFile } from "./kubeletConfiguration";
import { kubernetesFiles } from "./kubernetesVersion";
import { etcDirectory, inPlace, scriptFile, textFile } from "./machineFile";
import { approvalFiles, backupFiles } from "./systemdUnits";
import { trustStoreFiles } from "./trustStore";

/** What the Secret of a pool holds. The order of `up` is the digest. */
export interface PoolFiles {
  readonly pool: string;
  readonly secretName: string;
  /** The agent, Python. */
  readonly agent: string;
  /** JSON: a list of path, mode, content and change. */
  readonly files: string;
  /** SHA-256 of both, 64 hexadecimal digits. */
  readonly digest: string;
}

/** Begins the names of the Secrets that `up` alone may write. */
export const filesSecretPrefix = "openstack-kubernetes-files-";

export function filesSecretName(pool: string): string {
  return `${filesSecretPrefix}${pool}`;
}

/**
 * Those files, the record of them last: by it the agent knows what to take away, and what for, when a later
 * configuration has them no more. They depend on the configuration alone and hold no secret but those that every
 * machine has: every node of the cluster may read them.
 */
export function filesInPlace(config: ClusterConfig, role: MachineRole): MachineFile[] {
  const files = [
    ...containerdFiles(config),
    ...trustStoreFiles(config, role),
    kubeletFile(config),
    ...(role === "control-plane" ? [...apiServerFiles(config), ...approvalFiles(), ...backupFiles()] : []),
    ...kubernetesFiles(config, role === "control-plane" ? role : "worker"),
  ].filter(({ change }) => change !== undefined);
  const record = files.map(({ path, change }) => `${change} ${path}`).join("\n");
  return [...files, inPlace("nothing", textFile(`${etcDirectory}/files-in-place`, record))];
}

export function renderPoolFiles(
  config: ClusterConfig,
  { role, pool }: Pick<MachineTemplate, "role" | "pool">,
): PoolFiles {
  const agent = scriptFile("agent.py").content;
  const files = JSON.stringify(
    filesInPlace(config, role).map(({ path, permissions, content, change }) => ({
      path,
      mode: permissions,
      content,
      change,
    })),
  );
  return { pool, secretName: filesSecretName(pool), agent, files, digest: filesDigest(agent, files) };
}

/** As the agent computes it. */
export function filesDigest(agent: string, files: string): string {
  return createHash("sha256").update(`${agent}\0${files}`).digest("hex");
}

const restartsNone = new Set<FileChange | undefined>(["nothing", "authentication", "timer"]);

/** Whether a machine with the files `before` restarts nothing when it takes `after`; both as in `PoolFiles.files`. */
export function restartsNothing(before: string, after: string): boolean {
  const byPath = (files: string) =>
    new Map((JSON.parse(files) as { path: string; change: FileChange }[]).map((file) => [file.path, file]));
  const [older, newer] = [byPath(before), byPath(after)];
  return [...new Set([...older.keys(), ...newer.keys()])]
    .filter((path) => JSON.stringify(older.get(path)) !== JSON.stringify(newer.get(path)))
    .every((path) => restartsNone.has((newer.get(path) ?? older.get(path))?.change));
}
