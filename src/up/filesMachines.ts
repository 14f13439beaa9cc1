/** The machines to which `up` takes changed files. */
import { renderPoolFiles, type PoolFiles } from "../bootstrap/filesInPlace";
import type { ClusterConfig } from "../config/clusterConfig";
import { nodeGroups } from "../machines/planMachines";
import type { MachineRole } from "../machines/roles";

export interface FilesMachine {
  readonly name: string;
  readonly role: MachineRole;
  readonly files: PoolFiles;
  /** Of Kubernetes, for instance "1.36.3"; undefined where packages come with the image, and stay. */
  readonly version: string | undefined;
}

/** The machines of the configuration that become nodes, control plane first, each with the files of its pool. */
export function filesMachines(config: ClusterConfig): FilesMachine[] {
  return nodeGroups(config).flatMap(({ template, machines }) => {
    const files = renderPoolFiles(config, template);
    const version = config.packageSource === "preinstalled" ? undefined : config.kubernetes.version;
    return machines.map(({ name, role }) => ({ name, role, files, version }));
  });
}
