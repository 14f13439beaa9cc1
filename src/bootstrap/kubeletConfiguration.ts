/**
 * KubeletConfiguration, the same for all nodes: kubeadm keeps it in the cluster, and joining nodes read it from there.
 */
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineFile } from "./inputs";
import { etcDirectory, inPlace, yamlFile } from "./machineFile";
import { tlsCipherSuites, tlsMinVersion } from "./tlsPolicy";

/**
 * Hardened after the CIS Kubernetes Benchmark (section 4.2). With serverTLSBootstrap a kubelet serves nothing, logs and
 * exec included, before its request for a certificate is approved: control-plane machines see to their own
 * (control-plane.sh), workers to what comes with Flux (docs/decisions/0008).
 */
export function renderKubeletConfiguration(config: ClusterConfig): object {
  return {
    ...header,
    ...changeable(config),
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true } },
    authorization: { mode: "Webhook" },
    cgroupDriver: "systemd",
    // Since 1.35 the kubelet refuses to start on control groups v1 unless it is told that this is known.
    ...(config.os.cgroup === "v1" ? { failCgroupV1: false } : {}),
    protectKernelDefaults: true,
    readOnlyPort: 0,
    rotateCertificates: true,
    seccompDefault: true,
    ...(config.kubernetes.kubeletServingCertificate === "clusterCa" ? { serverTLSBootstrap: true } : {}),
    tlsCipherSuites,
    tlsMinVersion,
  };
}

/** The kubelet reads every file of it that ends in .conf after its own configuration. */
export const kubeletDirectory = `${etcDirectory}/kubelet`;

/** What a kubelet takes on a machine that runs; the rest it keeps from the cluster's creation. */
export function kubeletFile(config: ClusterConfig): MachineFile {
  const document = { ...header, ...changeable(config) };
  return inPlace("kubelet", yamlFile(`${kubeletDirectory}/settings.conf`, [document]));
}

const header = { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration" };

function changeable({ kubernetes }: ClusterConfig): object {
  return {
    // kubelet and containerd of a small node, as kubespray reserves for them.
    kubeReserved: { cpu: "100m", memory: "256Mi" },
    maxPods: kubernetes.maxPodsPerNode,
    // Enough for a JVM with many threads, and an end to fork bombs (CIS 4.2, pod-max-pids).
    podPidsLimit: 4096,
    // A booted Debian 12 without Kubernetes used 233 MB.
    systemReserved: { cpu: "100m", memory: "256Mi" },
  };
}
