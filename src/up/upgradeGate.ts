/** Holds an upgrade of Kubernetes back while something stands in its way. */
import type { KubernetesRequest } from "../kubernetes/client";
import { listNodes, type Node } from "../kubernetes/nodes";
import type { MachineRole } from "../machines/roles";
import { type Clock, realClock, waitUntil } from "../engine/waiting";
import type { FilesMachine } from "./filesMachines";
import { type DrainPolicy, needsDrain, runsOther } from "./updatingNodes";
import { upgradeRefusals } from "./upgradeChecks";

/** Minutes in which what stands in the way of an upgrade may pass: a machine that boots, a pod that starts. */
const patienceWithRefusals = 1;

/**
 * Whether a machine that runs gets another version of Kubernetes; also asked before new workers are created, whose
 * kubelets must not be newer than the API server.
 */
export function needsUpgrade(machines: readonly FilesMachine[], nodes: readonly Node[]): boolean {
  const known = new Map(nodes.map((node) => [node.metadata.name, node]));
  return machines.some(({ name, version }) => {
    const node = known.get(name);
    return node !== undefined && runsOther(node, version);
  });
}

interface UpgradeGateInput {
  readonly machines: readonly FilesMachine[];
  /** As `update.drain`. */
  readonly drain: DrainPolicy;
  /** Components that upstream does not list for the version, where that is not allowed. */
  readonly unlistedComponents: readonly string[];
  readonly request: KubernetesRequest;
  readonly progress: (message: string) => void;
  readonly clock?: Clock;
}

/**
 * Throws every reason not to upgrade, if they are still there after a minute.
 *
 * @param takesOrders Whether the machine of a node does what `up` orders.
 */
export async function refuseUpgrade(input: UpgradeGateInput, takesOrders: (node: Node) => boolean): Promise<void> {
  const { machines, request, unlistedComponents, clock = realClock } = input;
  const version = machines[0]?.version;
  if (version === undefined) return;
  const names = (role: MachineRole) => machines.filter((machine) => machine.role === role).map(({ name }) => name);
  await waitUntil({
    ...input,
    timeoutMinutes: patienceWithRefusals,
    pollEvery: 5_000,
    look: async () => {
      const nodes = await listNodes(request);
      const known = new Map(nodes.map((node) => [node.metadata.name, node]));
      const refusals = await upgradeRefusals({
        version,
        controlPlane: names("control-plane"),
        workers: names("worker"),
        nodes,
        withoutAgent: machines
          .map(({ name }) => name)
          .filter((name) => {
            const node = known.get(name);
            return node !== undefined && !takesOrders(node);
          }),
        drains: machines.some(({ name }) => {
          const node = known.get(name);
          return node !== undefined && needsDrain(node, version, input.drain);
        }),
        unlistedComponents,
        now: clock.now(),
        request,
      });
      return refusals.length === 0 ? undefined : refusals;
    },
    message: (refusals) => `before the upgrade to ${version}: ${refusals.join(" ")}`,
    failure: (refusals) =>
      new Error(
        [
          `Kubernetes is not upgraded to ${version}, and no machine was touched:`,
          ...refusals.map((one) => `- ${one}`),
        ].join("\n"),
      ),
  });
}
