/** Labels and taints of Node objects: what Kubernetes and its controllers own is not for pools to set. */
import { rule, when } from "./rule";

/**
 * Label prefixes of Kubernetes that an administrator may set on Nodes: roles, what the NodeRestriction admission plugin
 * keeps kubelets from setting (its very purpose), and the kubelet's and node's own name spaces. All else under
 * kubernetes.io and k8s.io is reserved.
 */
const settablePrefixes: readonly string[] = [
  "node-role.kubernetes.io",
  "node-restriction.kubernetes.io",
  "kubelet.kubernetes.io",
  "node.kubernetes.io",
];
/**
 * Labels within those prefixes that kubeadm, the kubelet or the cloud controller sets, with what a false one breaks.
 */
const ownedLabels: Readonly<Record<string, string>> = {
  "node-role.kubernetes.io/control-plane": "it marks the control plane's nodes",
  "node-role.kubernetes.io/master": "it marked control-plane nodes of old",
  "node.kubernetes.io/instance-type": "the cloud controller sets it to the flavor",
};

function labelProblem(key: string): string | undefined {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? "" : key.slice(0, slash);
  if (Object.hasOwn(ownedLabels, key)) return ownedLabels[key];
  if (!/(^|\.)(kubernetes|k8s)\.io$/.test(prefix) || settablePrefixes.includes(prefix)) return undefined;
  return `labels under ${prefix} are reserved for Kubernetes itself`;
}

export const labels = rule(["nodePools"], ({ nodePools }) =>
  nodePools.flatMap((pool, index) =>
    Object.keys(pool.labels).flatMap((key) => {
      const problem = labelProblem(key);
      return when(
        problem !== undefined,
        () =>
          `nodePools[${index}].labels has "${key}" but ${String(problem)}; use a prefix of your own such as example.org/.`,
      );
    }),
  ),
);

/** Prefixes of the taints that the node lifecycle controller and the cloud controller set and remove by themselves. */
const ownedTaints: readonly string[] = ["node.kubernetes.io/", "node.cloudprovider.kubernetes.io/"];

export const taints = rule(["nodePools"], ({ nodePools }) =>
  nodePools.flatMap((pool, pools) =>
    pool.taints.flatMap((taint, index) =>
      when(
        ownedTaints.some((prefix) => taint.key.startsWith(prefix)),
        () =>
          `nodePools[${pools}].taints[${index}].key is "${taint.key}" but Kubernetes sets and removes that taint by itself; use a key of your own.`,
      ),
    ),
  ),
);
