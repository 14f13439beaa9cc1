/** User data of the bastion: a machine to jump from, not a node. */
import type { ClusterConfig } from "../config/clusterConfig";
import { operatingSystem } from "../config/operatingSystems";
import type { MachineFile, UserData } from "./inputs";
import { textFile } from "./machineFile";
import { trustStoreFiles } from "./trustStore";
import { packUserData } from "./userData";

/**
 * Keys only, no root, no agent forwarding: whoever jumps uses ProxyJump, which leaves no credentials on the bastion.
 */
export function renderBastionUserData(config: ClusterConfig): UserData {
  const { trustStore, sshUnit } = operatingSystem(config);
  return packUserData(config, "the bastion", bastionFiles(config), [
    ...(config.extraCas.length === 0 ? [] : [[...trustStore.update]]),
    ["systemctl", "reload", sshUnit],
  ]);
}

/** The files of the bastion. */
export function bastionFiles(config: ClusterConfig): MachineFile[] {
  return [
    textFile(
      "/etc/ssh/sshd_config.d/10-openstack-kubernetes.conf",
      "AllowAgentForwarding no\nPermitRootLogin no\nX11Forwarding no\n",
      "0600",
    ),
    ...trustStoreFiles(config),
  ];
}
