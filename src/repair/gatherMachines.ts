/** Asks OpenStack and Kubernetes how the machines are that the last `up` made nodes of. */
import { listNodes } from "../kubernetes/nodes";
import type { KubernetesRequest } from "../kubernetes/client";
import { inParallel } from "../engine/inParallel";
import type { OpenstackApi } from "../openstack/client";
import { detailed, listResources } from "../openstack/resources";
import { createdTypes, serverQuery } from "../openstack/resourceTypes";
import { machinesByPool } from "../status/nodeStatus";
import type { LastUp } from "../status/stackOutputs";
import { isWhole, type MachineState, type ServerState } from "./machineState";

/** Rejects with a sentence where one of them does not answer: nothing is repaired on half of the facts. */
export async function gatherMachines(
  outputs: LastUp,
  api: OpenstackApi,
  request: KubernetesRequest,
): Promise<MachineState[]> {
  const [servers, nodes] = await Promise.all([
    listResources<ServerState & { readonly name: string }>(
      api,
      detailed(createdTypes.server),
      serverQuery(outputs.clusterName),
    ),
    listNodes(request),
  ]);
  const machines = [...machinesByPool(outputs)].flatMap(([pool, names]) =>
    names.map((name): MachineState => {
      const role = pool === "control-plane" ? "control-plane" : "worker";
      const server = servers.find((candidate) => candidate.name === name);
      return { name, role, pool, server, node: nodes.find(({ metadata }) => metadata.name === name) };
    }),
  );
  const reboots = new Map<string, number | undefined>();
  await inParallel(
    machines.filter((machine) => !isWhole(machine)),
    async ({ name, server }) => {
      if (server !== undefined) reboots.set(name, await lastReboot(api, server.id));
    },
  );
  return machines.map((machine) => ({ ...machine, lastReboot: reboots.get(machine.name) }));
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
