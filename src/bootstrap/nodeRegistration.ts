/** How a node presents itself when it registers: part of kubeadm's InitConfiguration and JoinConfiguration. */
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineTemplate } from "../machines/planMachines";
import { kubeadmArguments } from "./kubeadmArguments";
import { kubeletDirectory } from "./kubeletConfiguration";
import { nodeIpPlaceholder } from "./machineFile";

export type PoolSettings = Pick<MachineTemplate, "labels" | "taints">;

/** A control-plane node; with `schedulable` it registers without the taint that keeps ordinary pods away. */
export function controlPlaneRegistration(config: ClusterConfig): object {
  return { ...common(config, {}), ...(config.controlPlane.schedulable ? { taints: [] } : {}) };
}

/**
 * A worker with the taints of its pool and those of its labels that a kubelet may set itself; `up` reconciles all of
 * them later.
 */
export function workerRegistration(config: ClusterConfig, pool: PoolSettings): object {
  const labels = Object.entries(pool.labels)
    .filter(([key]) => mayBeSetByKubelet(key))
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  const taints = pool.taints.map(({ key, value, effect }) => ({ key, ...(value === "" ? {} : { value }), effect }));
  return { ...common(config, labels.length === 0 ? {} : { "node-labels": labels.join(",") }), taints };
}

function common(config: ClusterConfig, kubeletArguments: Readonly<Record<string, string>>): object {
  return {
    criSocket: "unix:///var/run/containerd/containerd.sock",
    // The kubelet would take the virtual IP or an extra network's address for its own if it had the choice.
    kubeletExtraArgs: kubeadmArguments({
      ...kubeletArguments,
      "node-ip": nodeIpPlaceholder,
      "config-dir": kubeletDirectory,
      // The node waits, tainted, for the cloud controller manager to tell its zone and addresses.
      ...(config.cloudProvider === undefined ? {} : { "cloud-provider": "external" }),
    }),
    // kubeadm's check of the system refuses control groups v1 although the kubelet can be told to accept them.
    ...(config.os.cgroup === "v1" ? { ignorePreflightErrors: ["SystemVerification"] } : {}),
  };
}

/**
 * Whether a kubelet may put this label on its own Node: any key outside of Kubernetes' own domains, and within them the
 * two namespaces meant for it. With any other the kubelet does not even start (k8s.io/kubelet,
 * pkg/apis/well_known_labels.go).
 */
export function mayBeSetByKubelet(key: string): boolean {
  const domain = key.includes("/") ? key.slice(0, key.indexOf("/")) : "";
  const within = (parent: string) => domain === parent || domain.endsWith(`.${parent}`);
  if (!within("kubernetes.io") && !within("k8s.io")) return true;
  return within("kubelet.kubernetes.io") || within("node.kubernetes.io");
}
