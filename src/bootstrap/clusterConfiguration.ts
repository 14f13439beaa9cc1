/** kubeadm's ClusterConfiguration (v1beta4): what is the same on all control-plane machines. */
import { nodeSharePrefix, type ClusterConfig } from "../config/clusterConfig";
import { renderApiServer } from "./apiServer";
import { endpointAddress } from "./apiServerAddress";
import type { ControlPlaneFacts } from "./inputs";
import { kubeadmArguments } from "./kubeadmArguments";

export function renderClusterConfiguration(
  config: ClusterConfig,
  facts: Pick<ControlPlaneFacts, "endpointHost" | "certSans">,
): object {
  const { kubernetes } = config;
  return {
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "ClusterConfiguration",
    clusterName: config.clusterName,
    kubernetesVersion: `v${kubernetes.version}`,
    controlPlaneEndpoint: endpointAddress(config, facts.endpointHost),
    encryptionAlgorithm: "ECDSA-P256",
    networking: {
      dnsDomain: kubernetes.dnsDomain,
      podSubnet: kubernetes.podCidr,
      serviceSubnet: kubernetes.serviceCidr,
    },
    apiServer: {
      // kubeadm adds each machine's own name and address and the endpoint; localhost is for the health checks on the
      // machine itself.
      certSANs: [...new Set([facts.endpointHost, ...kubernetes.certSans, ...facts.certSans, "127.0.0.1", "localhost"])],
      ...renderApiServer(config),
    },
    // Both serve nothing but health and metrics, the latter to those whom the API server knows and allows: Prometheus
    // asks from another machine.
    controllerManager: {
      extraArgs: kubeadmArguments({
        "bind-address": "0.0.0.0",
        profiling: false,
        // Pods that have ended stay until there are so many, in etcd and in every list of pods; Kubernetes' own 12500
        // is more than a small cluster runs. The benchmark leaves the number open (CIS 1.3.1).
        "terminated-pod-gc-threshold": 1000,
        ...nodeCidrArguments(config),
      }),
    },
    scheduler: { extraArgs: kubeadmArguments({ "bind-address": "0.0.0.0", profiling: false }) },
    etcd: {
      local: {
        dataDir: "/var/lib/etcd",
        extraArgs: kubeadmArguments({
          "election-timeout": kubernetes.etcd.electionTimeoutMs,
          "heartbeat-interval": kubernetes.etcd.heartbeatIntervalMs,
          // Metrics and health only, no data and no keys, in the clear: open to the cluster's nodes
          // (network/securityGroupRules).
          "listen-metrics-urls": "http://0.0.0.0:2381",
          "quota-backend-bytes": kubernetes.etcd.quotaGb * 2 ** 30,
        }),
      },
    },
  };
}

/**
 * Calico hands out addresses by itself, in blocks: a CIDR per node would only run out (a /16 has no more than 256
 * /24s). Any other CNI may rely on them.
 */
function nodeCidrArguments({ cni, kubernetes }: ClusterConfig): Record<string, string | number | boolean> {
  if (cni.kind === "calico") return { "allocate-node-cidrs": false };
  return { "node-cidr-mask-size": nodeSharePrefix(kubernetes.maxPodsPerNode) };
}
