/** The packet filter that keeps pods from the metadata service, whose answer holds the machine's user data. */
import type { MachineFile } from "./inputs";
import { etcDirectory, textFile } from "./machineFile";

/**
 * A table of its own, so that neither kube-proxy nor the CNI removes it. Every packet from a pod is forwarded, and a
 * drop is final whatever other tables accept. The first two lines make loading repeatable.
 */
export function metadataFilterFile(): MachineFile {
  return textFile(
    `${etcDirectory}/metadata.nft`,
    `table inet openstack_kubernetes {}
delete table inet openstack_kubernetes
table inet openstack_kubernetes {
  chain forward {
    type filter hook forward priority -10; policy accept;
    ip daddr 169.254.169.254 drop
  }
}
`,
  );
}
