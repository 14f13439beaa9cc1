/** User data of the bastion: a machine to jump from, not a node. */
import type { ClusterConfig } from "../config/clusterConfig";
import { operatingSystem, releaseOf } from "../config/operatingSystems";
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

const dropIn = "/etc/ssh/sshd_config.d/10-openstack-kubernetes.conf";
/** Puts the drop-in's lines before everything else in sshd's file: sshd takes the first value of a setting. */
const includeDropIn = ["sed", "-i", `1e cat ${dropIn}`, "/etc/ssh/sshd_config"];

export function bastionContent(config: ClusterConfig): Content {
  const { trustStore, sshUnit } = operatingSystem(config);
  return {
    files: [
      textFile(dropIn, "AllowAgentForwarding no\nPermitRootLogin no\nX11Forwarding no\n", "0600"),
      ...trustStoreFiles(config, "bastion"),
    ],
    commands: [
      ...(releaseOf(config.os)?.sshdWithoutDropIns === true ? [includeDropIn] : []),
      ...(config.extraCas.length === 0 ? [] : [[...trustStore.update]]),
      ["systemctl", "reload", sshUnit],
    ],
  };
}
