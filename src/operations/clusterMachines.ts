/** The cluster's machines as OpenStack has them, known by the marks that this program gives them. */
import { machineClusterKey, machineRoleKey, type MachineRole } from "../compute/updatePolicy";
import type { OpenstackApi } from "./openstackApi";

export interface ClusterMachine {
  readonly name: string;
  /** As Nova has it. */
  readonly status: string;
}

/** All machines of a role, by name, whatever their state. */
export async function clusterMachines(api: OpenstackApi, clusterName: string, role: MachineRole): Promise<ClusterMachine[]> {
  interface Server extends ClusterMachine {
    readonly metadata: Readonly<Record<string, string>>;
  }
  const found = await api.list<Server>("compute", `/servers/detail?name=${encodeURIComponent(`^${clusterName}-`)}`, "servers");
  return found
    .filter(({ metadata }) => metadata[machineClusterKey] === clusterName && metadata[machineRoleKey] === role)
    .map(({ name, status }) => ({ name, status }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
