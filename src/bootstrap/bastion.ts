/** User data of the bastion: a machine to jump from, not a node. */
import type { ClusterConfig } from "../config/clusterConfig";
import { operatingSystem } from "../config/operatingSystems";
import type { UserData } from "./inputs";
import { textFile } from "./machineFile";
import { trustStoreFiles } from "./trustStore";
import { packUserData, type Content } from "./userData";

/**
 * Keys only, no root, no agent forwarding: whoever jumps uses ProxyJump, which leaves no credentials on the bastion.
 */
export function renderBastionUserData(config: ClusterConfig): UserData {
  return packUserData(config, "the bastion", bastionContent(config));
}

export function bastionContent(config: ClusterConfig): Content {
  const { trustStore, sshUnit } = operatingSystem(config);
  return {
    files: [
      textFile(
        "/etc/ssh/sshd_config.d/10-openstack-kubernetes.conf",
        "AllowAgentForwarding no\nPermitRootLogin no\nX11Forwarding no\n",
        "0600",
      ),
      ...trustStoreFiles(config),
    ],
    commands: [...(config.extraCas.length === 0 ? [] : [[...trustStore.update]]), ["systemctl", "reload", sshUnit]],
  };
}
