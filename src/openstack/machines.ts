/** The cluster's machines as OpenStack has them, known by the marks that this program gives them. */
import { creationDigestKey, machineClusterKey, machineRoleKey } from "../machines/metadataKeys";
import type { MachineRole } from "../machines/roles";
import type { OpenstackApi } from "./client";
import { detailed, listResources } from "./resources";
import { createdTypes, serverQuery } from "./resourceTypes";

export interface ClusterMachine {
  readonly name: string;
  /** As Nova has it. */
  readonly status: string;
  /** Digest of what it was created with (machines/templateDigest.ts); machines of older programs have none. */
  readonly creationDigest?: string;
}

/** All machines of a role, by name, whatever their state. */
export async function clusterMachines(
  api: OpenstackApi,
  clusterName: string,
  role: MachineRole,
): Promise<ClusterMachine[]> {
  interface Server {
    readonly name: string;
    readonly status: string;
    readonly metadata: Readonly<Record<string, string>>;
  }
  const found = await listResources<Server>(api, detailed(createdTypes.server), serverQuery(clusterName));
  return found
    .filter(({ metadata }) => metadata[machineClusterKey] === clusterName && metadata[machineRoleKey] === role)
    .map(({ name, status, metadata }) => ({ name, status, creationDigest: metadata[creationDigestKey] }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names of all servers whose name begins with the cluster's. */
export async function serverNames(api: OpenstackApi, clusterName: string): Promise<string[]> {
  const found = await listResources<{ name: string }>(api, createdTypes.server, serverQuery(clusterName));
  return found.map(({ name }) => name);
}

/**
 * Those of the machines of these names that do not run, with the reason: `dev-control-plane-1 (SHUTOFF)`.
 *
 * @param existing As OpenStack has them. A machine that boots or is deleted is not named: that ends by itself.
 */
export function notRunning(names: readonly string[], existing: readonly ClusterMachine[]): string[] {
  const statuses = new Map(existing.map(({ name, status }) => [name, status]));
  return names.flatMap((name) => {
    const status = statuses.get(name);
    if (status === undefined) return [`${name} (deleted)`];
    return passing.includes(status) ? [] : [`${name} (${status})`];
  });
}

/** Statuses of Nova in which a machine runs, or soon will by itself. */
const passing = ["ACTIVE", "BUILD", "REBOOT", "HARD_REBOOT", "RESIZE", "VERIFY_RESIZE", "REVERT_RESIZE", "MIGRATING"];
