/** Parts that InitConfiguration and JoinConfiguration share. */
import type { ClusterConfig } from "../config/clusterConfig";
import { operatingSystem } from "../config/operatingSystems";
import type { MachineFile } from "./inputs";
import { etcDirectory, yamlFile } from "./machineFile";

/**
 * Twice kubeadm's four minutes for the control plane to become healthy: images come through slow mirrors, and a small
 * machine needs longer than a big one. Since 1.34 kubeadm asks the API for its administrator's rights before that wait
 * begins, and again by way of the endpoint, so that its minute for calls would be the limit on an API server that is
 * slow to start, or on a load balancer that has yet to find it: five instead.
 */
export const kubeadmTimeouts = { controlPlaneComponentHealthCheck: "8m0s", kubernetesAPICall: "5m0s" };

const patchesDirectory = `${etcDirectory}/patches`;

export function kubeadmPatches(config: ClusterConfig): object {
  return operatingSystem(config).selinux ? { patches: { directory: patchesDirectory } } : {};
}

/**
 * With SELinux enforcing containers are confined to their own files. The static pods of the control plane live on files
 * of the machine (/etc/kubernetes, /var/lib/etcd), so they alone run as spc_t; all other pods stay confined.
 */
export function kubeadmPatchFiles(config: ClusterConfig): MachineFile[] {
  if (!operatingSystem(config).selinux) return [];
  const patch = { spec: { securityContext: { seLinuxOptions: { type: "spc_t" } } } };
  return ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"].map((component) =>
    yamlFile(`${patchesDirectory}/${component}+strategic.yaml`, [patch]),
  );
}
