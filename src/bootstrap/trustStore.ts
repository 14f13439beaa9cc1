/**
 * Extra CAs that the whole machine trusts: package manager, containerd and, through the mounts that kubeadm makes, the
 * control plane.
 */
import type { ClusterConfig } from "../config/clusterConfig";
import { operatingSystem } from "../config/operatingSystems";
import type { MachineFile } from "./inputs";
import { textFile } from "./machineFile";

/** One file per CA, because Debian's tool takes one certificate per file. */
export function trustStoreFiles(config: ClusterConfig): MachineFile[] {
  return config.extraCas.map((pem, index) =>
    textFile(`${operatingSystem(config).trustStore.folder}/openstack-kubernetes-${index}.crt`, `${pem.trim()}\n`),
  );
}
