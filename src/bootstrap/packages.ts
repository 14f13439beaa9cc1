/** Which packages a node needs. */
import type { ClusterConfig } from "../config/clusterConfig";
import { operatingSystem } from "../config/operatingSystems";
import type { NodeRole } from "../machines/roles";
import type { MachineFile } from "./inputs";
import { scriptFile, binDirectory, inPlace } from "./machineFile";
import { containerdPackage, repositoryFiles } from "./repositories";

/** Packages of Kubernetes, which are pinned; kubectl is for the control plane's own scripts and its operators. */
const kubernetesPackages: Readonly<Record<NodeRole, readonly string[]>> = {
  "control-plane": ["kubeadm", "kubectl", "kubelet"],
  worker: ["kubeadm", "kubelet"],
};

/** What one role needs besides, which packages and programs are called alike. */
function rolePackages({ apiEndpoint }: ClusterConfig, role: NodeRole): string[] {
  if (role === "worker") return [];
  return apiEndpoint.kind === "virtualIp" ? ["keepalived", "openssl"] : ["openssl"];
}

/** The packages of Kubernetes as the package manager is asked for them, versions included. */
export function kubernetesPackageList(config: ClusterConfig, role: NodeRole): string[] {
  const apt = operatingSystem(config).packageManager === "apt";
  const { version } = config.kubernetes;
  return kubernetesPackages[role].map((name) => (apt ? `${name}=${version}-*` : `${name}-${version}`));
}

/** All others. */
export function packageList(config: ClusterConfig, role: NodeRole): string[] {
  const { packageManager, selinux } = operatingSystem(config);
  const apt = packageManager === "apt";
  // The configuration of containerd is written for its second major version.
  const containerd = `${containerdPackage(config)}${apt ? "=" : "-"}2.*`;
  return [
    containerd,
    "ca-certificates",
    // By its path on the RHEL family, where curl-minimal may be what provides it.
    apt ? "curl" : "/usr/bin/curl",
    "nftables",
    ...(config.ntpServers.length === 0 ? [] : ["chrony"]),
    ...rolePackages(config, role),
    ...(selinux ? ["container-selinux", "policycoreutils"] : []),
  ];
}

/** What upgrades must leave alone: each restarts what runs on the node. */
export function heldPackages(config: ClusterConfig, role: NodeRole): string[] {
  return [...kubernetesPackages[role], containerdPackage(config)];
}

/** Programs that an image with preinstalled packages must hold. */
export function requiredCommands(config: ClusterConfig, role: NodeRole): string[] {
  return [
    "containerd",
    "runc",
    "crictl",
    "curl",
    ...kubernetesPackages[role],
    ...(config.ntpServers.length === 0 ? [] : ["chronyd"]),
    ...rolePackages(config, role),
  ];
}

/** Repositories, their keys, and the script that installs from them (or checks, when all is preinstalled). */
export function packageFiles(config: ClusterConfig): MachineFile[] {
  const installScript = `${binDirectory}/install-packages.sh`;
  if (config.packageSource === "preinstalled") return [scriptFile("check-packages.sh", installScript)];
  const { packageManager } = operatingSystem(config);
  const script = scriptFile(`install-packages-${packageManager}.sh`, installScript);
  return [inPlace("nothing", script), ...repositoryFiles(config)];
}
