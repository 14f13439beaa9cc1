/**
 * What an `up` may do to a machine that exists, by role (docs/decisions/0015 and docs/decisions/0016). A machine keeps
 * the user data, image, zone and disks it was created with until it is rolled by name (`roll`). Nova would otherwise
 * replace the machine (user data) or wipe its root disk in place (image).
 */
import type { ClusterConfig } from "../config/clusterConfig";

export type MachineRole = "control-plane" | "worker" | "bastion";

/** Key of the server's metadata that holds the digest of the template it was born with. */
export const templateDigestKey = "template-digest";

/** Key of the server's metadata that holds the cluster's name. */
export const machineClusterKey = "kubernetes-cluster";

/** Key of the server's metadata that holds the machine's role. */
export const machineRoleKey = "kubernetes-role";

/** Key of the server's metadata that holds the name of its pool, or of its role where there is no pool. */
export const machinePoolKey = "kubernetes-pool";

/** Fixed at birth for every role. */
const fixedAtBirth = [
  "userData",
  "imageId",
  "imageName",
  "availabilityZone",
  "blockDevices",
  "networks",
  "schedulerHints",
  "configDrive",
  `metadata["${templateDigestKey}"]`,
] as const;

/** Image changes that must reach Nova as a new machine, never as a rebuild in place. */
export const replaceOnChange = ["imageId", "imageName"] as const;

/**
 * Properties whose change is ignored on an existing machine. A rolled machine ignores none. A control-plane machine's
 * flavor is not ignored: it is resized in place with a reboot, one machine after the other; a worker's is, since a pool
 * would otherwise reboot all at once.
 */
export function ignoredChanges(role: MachineRole, rolled: boolean): string[] {
  if (rolled) return [];
  return role === "control-plane" ? [...fixedAtBirth] : [...fixedAtBirth, "flavorName"];
}

/** Whether the configuration asks for this machine to be rolled, by its own name or its pool's. */
export function isRolled(config: ClusterConfig, machineName: string, poolName: string): boolean {
  return config.roll.includes(machineName) || config.roll.includes(poolName);
}
