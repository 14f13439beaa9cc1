/** kubeadm's ClusterConfiguration (v1beta4): what is the same on all control-plane machines. */
import { nodeSharePrefix, type ClusterConfig } from "../config/clusterConfig";
import { endpointAddress } from "./apiServerAddress";
import type { ControlPlaneFacts } from "./inputs";
import { kubeadmArguments } from "./kubeadmArguments";
import { apiServerDirectory } from "./machineFile";
import { tlsCipherSuites, tlsMinVersion } from "./tlsPolicy";

const auditLogDirectory = "/var/log/kubernetes/audit";
/** Where kubeadm has the cluster CA, on the machine and in the API server's pod. */
const clusterCaPath = "/etc/kubernetes/pki/ca.crt";

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
      extraArgs: kubeadmArguments(apiServerArguments(config)),
      extraVolumes: [
        {
          name: "openstack-kubernetes",
          hostPath: apiServerDirectory,
          mountPath: apiServerDirectory,
          readOnly: true,
          pathType: "Directory",
        },
        ...(kubernetes.audit.enabled
          ? [
              {
                name: "audit-log",
                hostPath: auditLogDirectory,
                mountPath: auditLogDirectory,
                readOnly: false,
                pathType: "DirectoryOrCreate",
              },
            ]
          : []),
      ],
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

function apiServerArguments({ kubernetes }: ClusterConfig): Record<string, string | number | boolean> {
  return {
    "admission-control-config-file": `${apiServerDirectory}/admission.yaml`,
    "authentication-config": `${apiServerDirectory}/authentication.yaml`,
    // NodeRestriction is kubeadm's own default, which naming plugins replaces (CIS 1.2.3, 1.2.9, 1.2.14).
    "enable-admission-plugins": "DenyServiceExternalIPs,EventRateLimit,NodeRestriction",
    // Kubernetes' signer of serving certificates signs with the cluster CA.
    ...(kubernetes.kubeletServingCertificate === "clusterCa" ? { "kubelet-certificate-authority": clusterCaPath } : {}),
    profiling: false,
    // Tokens of pods end after an hour, as they say, not after a year: clients read the renewed file (CIS 1.2.30).
    "service-account-extend-token-expiration": false,
    "tls-cipher-suites": tlsCipherSuites.join(","),
    "tls-min-version": tlsMinVersion,
    "encryption-provider-config": `${apiServerDirectory}/encryption.yaml`,
    ...(kubernetes.audit.enabled
      ? {
          "audit-log-maxage": kubernetes.audit.maxAgeDays,
          "audit-log-maxbackup": kubernetes.audit.maxBackups,
          "audit-log-maxsize": kubernetes.audit.maxSizeMb,
          "audit-log-path": `${auditLogDirectory}/audit.log`,
          "audit-policy-file": `${apiServerDirectory}/audit-policy.yaml`,
        }
      : {}),
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
