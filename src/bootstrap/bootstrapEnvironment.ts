/** bootstrap.env: the plain values that the scripts read. */
import { apiServerPort, type ClusterConfig } from "../config/clusterConfig";
import type { NodeRole } from "../machines/roles";
import { endpointAddress } from "./apiServerAddress";
import { clockService } from "./chronyConfig";
import type { MachineFile } from "./inputs";
import { etcDirectory, textFile } from "./machineFile";
import { heldPackages, packageList, requiredCommands } from "./packages";

/**
 * Checks that a second `kubeadm init` must pass over, because the first one, cut short, left files and running pods
 * behind. Names as kubeadm's preflight prints them.
 */
function resumeIgnores(apiPort: number): string {
  const manifests = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"].map(
    (name) => `FileAvailable--etc-kubernetes-manifests-${name}.yaml`,
  );
  return [
    `Port-${apiPort}`,
    "Port-10250",
    "Port-10257",
    "Port-10259",
    "Port-2379",
    "Port-2380",
    "DirAvailable--var-lib-etcd",
    ...manifests,
  ].join(",");
}

export function bootstrapEnvironmentFile(config: ClusterConfig, role: NodeRole, endpointHost: string): MachineFile {
  const controlPlane = role === "control-plane";
  const variables: Record<string, string> = {
    ROLE: role,
    CLUSTER_NAME: config.clusterName,
    ENDPOINT: endpointAddress(config, endpointHost),
    CLOCK_SERVICE: clockService(config),
    ...(config.packageSource === "preinstalled"
      ? { COMMANDS: requiredCommands(config, role).join(" ") }
      : { PACKAGES: packageList(config, role).join(" "), HELD_PACKAGES: heldPackages(config, role).join(" ") }),
    ...(controlPlane
      ? {
          API_PORT: String(apiServerPort(config)),
          VIRTUAL_IP: config.apiEndpoint.kind === "virtualIp" ? endpointHost : "",
          RESUME_IGNORES: resumeIgnores(apiServerPort(config)),
          SNAPSHOTS_KEPT: String(config.kubernetes.etcd.snapshotsKept),
          SNAPSHOTS_MAX_GB: String(config.kubernetes.etcd.snapshotsMaxGb),
        }
      : { NODE_CIDR: config.network.cidr }),
  };
  return variablesFile(`${etcDirectory}/bootstrap.env`, variables);
}

/** A file that a POSIX shell reads. */
export function variablesFile(path: string, variables: Readonly<Record<string, string>>): MachineFile {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${shellQuoted(value)}`);
  return textFile(path, lines.join("\n"));
}

/** A word that a POSIX shell reads as exactly this text. */
export function shellQuoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
