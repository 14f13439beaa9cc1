/** The packet filter that closes the metadata service, whose answer holds the machine's user data. */
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineFile } from "./inputs";
import { etcDirectory, textFile } from "./machineFile";

/**
 * A table of its own, so that neither kube-proxy nor the CNI removes it. Packets from a pod are forwarded, those from a
 * pod in the host's network are the machine's own; a verdict is final whatever other tables accept. With a config drive
 * the machine needs no answer itself once cloud-init is done; without one, Cinder CSI asks for the machine's id. The
 * IPv6 address is Neutron's, and no router forwards it. The first two lines make loading repeatable.
 */
export function metadataFilterFile({ configDrive }: Pick<ClusterConfig, "configDrive">): MachineFile {
  const own = `  chain output {
    type filter hook output priority -10; policy accept;
    ip daddr 169.254.169.254 reject
    ip6 daddr fe80::a9fe:a9fe reject
  }
`;
  return textFile(
    `${etcDirectory}/metadata.nft`,
    `table inet openstack_kubernetes {}
delete table inet openstack_kubernetes
table inet openstack_kubernetes {
  chain forward {
    type filter hook forward priority -10; policy accept;
    ip daddr 169.254.169.254 drop
  }
${configDrive ? own : ""}}
`,
  );
}
