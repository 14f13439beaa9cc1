/** What the outputs say about the nodes. */
import type { ClusterConfig } from "../config/clusterConfig";
import { hasFiles } from "../kubernetes/filesInPlace";
import { kubeletVersionOf, type Node } from "../kubernetes/nodes";
import { nodeGroups } from "../machines/planMachines";
import type { FilesMachine } from "./filesMachines";

export interface NodeSummary {
  /** Version of the kubelet by node, for instance "1.36.3". */
  readonly kubernetesVersion: Readonly<Record<string, string>>;
  /** Machines that have not taken today's files yet: they do so when they are back, or wait for `roll`. */
  readonly convergingMachines: readonly string[];
}

/** What an `up` that succeeds brings about, as a preview shows it. */
export function plannedSummary(config: ClusterConfig): NodeSummary {
  const names = nodeGroups(config).flatMap(({ machines }) => machines.map(({ name }) => name));
  return {
    kubernetesVersion: Object.fromEntries(names.map((name) => [name, config.kubernetes.version])),
    convergingMachines: [],
  };
}

/** What the nodes say; a machine without a Node has no version. */
export function seenSummary(machines: readonly FilesMachine[], nodes: readonly Node[]): NodeSummary {
  const known = new Map(nodes.map((node) => [node.metadata.name, node]));
  return {
    kubernetesVersion: Object.fromEntries(
      machines.flatMap(({ name }) => {
        const node = known.get(name);
        const version = node === undefined ? undefined : kubeletVersionOf(node);
        return version === undefined ? [] : [[name, version]];
      }),
    ),
    convergingMachines: machines
      .filter(({ name, files }) => {
        const node = known.get(name);
        return node === undefined || !hasFiles(node, files);
      })
      .map(({ name }) => name),
  };
}
