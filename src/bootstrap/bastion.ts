/** User data of the bastion: a machine to jump from, not a node. */
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineFile, UserData } from "./inputs";
import { textFile } from "./machineFile";
import { packageManager } from "./osFamily";
import { trustStoreFiles } from "./trustStore";
import { packUserData } from "./userData";

/**
 * Keys only, no root, no agent forwarding: whoever jumps uses ProxyJump, which leaves no credentials on the bastion.
 */
export function renderBastionUserData(config: ClusterConfig): UserData {
  const updateTrust = packageManager(config) === "apt" ? ["update-ca-certificates"] : ["update-ca-trust", "extract"];
  const reloadSsh = ["systemctl", "reload", packageManager(config) === "apt" ? "ssh" : "sshd"];
  return packUserData(config, "the bastion", bastionFiles(config), [
    ...(config.extraCas.length === 0 ? [] : [updateTrust]),
    reloadSsh,
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
