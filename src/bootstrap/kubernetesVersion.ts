/** The version of Kubernetes that a machine has, and how it gets there. */
import type { ClusterConfig } from "../config/clusterConfig";
import type { NodeRole } from "../machines/roles";
import { variablesFile } from "./bootstrapEnvironment";
import type { MachineFile } from "./inputs";
import { etcDirectory, inPlace } from "./machineFile";
import { kubernetesPackageList, packageFiles } from "./packages";

/**
 * What a machine needs for its version. Where packages came with the image they cannot change: such a machine keeps its
 * files until it is replaced.
 */
export function kubernetesFiles(config: ClusterConfig, role: NodeRole): MachineFile[] {
  const version = { KUBERNETES_VERSION: config.kubernetes.version };
  const path = `${etcDirectory}/kubernetes.env`;
  if (config.packageSource === "preinstalled") return [variablesFile(path, version), ...packageFiles(config)];
  const packages = { KUBERNETES_PACKAGES: kubernetesPackageList(config, role).join(" ") };
  return [...packageFiles(config), inPlace("kubernetes", variablesFile(path, { ...version, ...packages }))];
}
