/**
 * Extra CAs that the whole machine trusts: package manager, containerd and, through the mounts that kubeadm makes, the
 * control plane.
 */
import type { ClusterConfig } from "../config/clusterConfig";
import { operatingSystem } from "../config/operatingSystems";
import type { MachineFile } from "./inputs";
import type { MachineRole } from "../machines/roles";
import { inPlace, textFile } from "./machineFile";

/**
 * One file per CA, because Debian's tool takes one certificate per file. The API server reads the trust store when it
 * starts and at no other time, so only workers take other CAs while they run.
 */
export function trustStoreFiles(config: ClusterConfig, role: MachineRole): MachineFile[] {
  return config.extraCas.map((pem, index) => {
    const path = `${operatingSystem(config).trustStore.folder}/openstack-kubernetes-${index}.crt`;
    const file = textFile(path, `${pem.trim()}\n`);
    return role === "worker" ? inPlace("trust", file) : file;
  });
}
