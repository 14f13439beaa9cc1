/** Metadata of a machine's OpenStack server: by it the program, its commands and people know whose machine it is. */
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineTemplate } from "./planMachines";

/** Holds the cluster's name. */
export const machineClusterKey = "kubernetes-cluster";

/** Holds the machine's role. */
export const machineRoleKey = "kubernetes-role";

/** Holds the name of the machine's pool, or of its role where there is no pool. */
export const machinePoolKey = "kubernetes-pool";

/** Holds the digest of the template that the machine was created from (templateDigest). */
export const templateDigestKey = "template-digest";

/** Holds the digest of the inputs that the machine was created with and keeps until it is replaced (creationDigest). */
export const creationDigestKey = "creation-digest";

/** Entries that stay as they were when the machine was created. */
export const digestKeys = [templateDigestKey, creationDigestKey] as const;

/** The whole metadata of a server. `Digest` is a text, or a text that is known later. */
export function serverMetadata<Digest>(
  config: Pick<ClusterConfig, "clusterName" | "tags">,
  { role, pool }: Pick<MachineTemplate, "role" | "pool">,
  digests: { readonly [K in (typeof digestKeys)[number]]: Digest },
): Readonly<Record<string, string | Digest>> {
  return {
    ...config.tags,
    [machineClusterKey]: config.clusterName,
    [machineRoleKey]: role,
    [machinePoolKey]: pool,
    ...digests,
  };
}
