/** Time: etcd's leases and every certificate depend on it. */
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineFile } from "./inputs";
import { textFile } from "./machineFile";
import { packageManager } from "./osFamily";

const paths = {
  apt: { config: "/etc/chrony/chrony.conf", service: "chrony" },
  dnf: { config: "/etc/chrony.conf", service: "chronyd" },
};

/** Name of the unit to start; empty without `ntpServers`, when the image's own arrangement stays. */
export function clockService(config: ClusterConfig): string {
  return config.ntpServers.length === 0 ? "" : paths[packageManager(config)].service;
}

export function chronyFiles(config: ClusterConfig): MachineFile[] {
  if (config.ntpServers.length === 0) return [];
  const lines = [
    ...config.ntpServers.map((server) => `server ${server} iburst`),
    "driftfile /var/lib/chrony/drift",
    // A machine may wake up from suspension with any time: the clock may jump during the first three updates, and is
    // corrected gently after.
    "makestep 1.0 3",
    "rtcsync",
  ];
  return [textFile(paths[packageManager(config)].config, lines.join("\n"))];
}
