/** Asks OpenStack and Kubernetes how the cluster's machines are. */
import { listNodes } from "../kubernetes/nodes";
import type { KubernetesRequest } from "../kubernetes/client";
import { inParallel } from "../engine/inParallel";
import type { OpenstackApi } from "../openstack/client";
import { detailed, listResources } from "../openstack/resources";
import { createdTypes, serverQuery } from "../openstack/resourceTypes";
import { machineClusterKey, machinePoolKey, machineRoleKey } from "../machines/metadataKeys";
import { nodeRoles, type NodeRole } from "../machines/roles";
import { machinesByPool } from "../status/nodeStatus";
import type { LastUp } from "../status/stackOutputs";
import { isWhole, type MachineState, type ServerState } from "./machineState";

type ListedServer = ServerState & { readonly name: string; readonly metadata: Readonly<Record<string, string>> };

/**
 * The machines that the last whole `up` made nodes of, and those that OpenStack has besides: an `up` that failed
 * because a machine did not join has written no outputs. Rejects with a sentence where one of both does not answer:
 * nothing is repaired on half of the facts.
 */
export async function gatherMachines(
  outputs: LastUp,
  api: OpenstackApi,
  request: KubernetesRequest,
): Promise<MachineState[]> {
  const { clusterName } = outputs;
  const [servers, nodes] = await Promise.all([
    listResources<ListedServer>(api, detailed(createdTypes.server), serverQuery(clusterName)),
    listNodes(request),
  ]);
  const known = [...machinesByPool(outputs)].flatMap(([pool, names]) => {
    const role: NodeRole = pool === "control-plane" ? "control-plane" : "worker";
    return names.map((name) => ({ name, role, pool }));
  });
  const others = servers
    .flatMap((server) => machineOf(server, clusterName) ?? [])
    .filter(({ name }) => !known.some((machine) => machine.name === name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const machines = [...known, ...others].map((machine): MachineState => ({
    ...machine,
    server: servers.find(({ name }) => name === machine.name),
    node: nodes.find(({ metadata }) => metadata.name === machine.name),
  }));
  const reboots = new Map<string, number | undefined>();
  await inParallel(
    machines.filter((machine) => !isWhole(machine)),
    async ({ name, server }) => {
      if (server !== undefined) reboots.set(name, await lastReboot(api, server.id));
    },
  );
  return machines.map((machine) => ({ ...machine, lastReboot: reboots.get(machine.name) }));
}

/** What the server's metadata says of it; undefined where it is not to be a node of this cluster. */
function machineOf(
  { name, metadata }: ListedServer,
  clusterName: string,
): Pick<MachineState, "name" | "role" | "pool"> | undefined {
  const role = nodeRoles.find((known) => known === metadata[machineRoleKey]);
  if (metadata[machineClusterKey] !== clusterName || role === undefined) return undefined;
  return { name, role, pool: metadata[machinePoolKey] ?? role };
}

interface InstanceAction {
  readonly action: string;
  /** UTC, without saying so. */
  readonly start_time: string;
}

async function lastReboot(api: OpenstackApi, serverId: string): Promise<number | undefined> {
  const path = `/servers/${serverId}/os-instance-actions`;
  const { instanceActions } = await api.get<{ instanceActions: readonly InstanceAction[] }>("compute", path);
  const times = instanceActions
    .filter(({ action }) => action === "reboot")
    .map(({ start_time: time }) => Date.parse(time.endsWith("Z") ? time : `${time}Z`));
  return times.length === 0 ? undefined : Math.max(...times);
}
