/**
 * Extra CAs that the whole machine trusts: package manager, containerd and, through the mounts that kubeadm makes, the
 * control plane.
 */
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineFile } from "./inputs";
import { textFile } from "./machineFile";
import { packageManager } from "./osFamily";

const anchors = { apt: "/usr/local/share/ca-certificates", dnf: "/etc/pki/ca-trust/source/anchors" };

/** One file per CA, because Debian's tool takes one certificate per file. */
export function trustStoreFiles(config: ClusterConfig): MachineFile[] {
  return config.extraCas.map((pem, index) =>
    textFile(`${anchors[packageManager(config)]}/openstack-kubernetes-${index}.crt`, `${pem.trim()}\n`),
  );
}
