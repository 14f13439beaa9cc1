/** The cluster's machines as OpenStack has them, known by the marks that this program gives them. */
import { machineClusterKey, machineRoleKey, templateDigestKey, type MachineRole } from "../machines/updatePolicy";
import type { OpenstackApi } from "./client";
import { detailed, listResources } from "./resources";
import { createdTypes } from "./resourceTypes";

export interface ClusterMachine {
  readonly name: string;
  /** As Nova has it. */
  readonly status: string;
  /** Digest of the template that it was born with. */
  readonly templateDigest?: string;
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
  const query = `name=${encodeURIComponent(`^${clusterName}-`)}`;
  const found = await listResources<Server>(api, detailed(createdTypes.server), query);
  return found
    .filter(({ metadata }) => metadata[machineClusterKey] === clusterName && metadata[machineRoleKey] === role)
    .map(({ name, status, metadata }) => ({ name, status, templateDigest: metadata[templateDigestKey] }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
