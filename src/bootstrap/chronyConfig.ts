/** Time: etcd's leases and every certificate depend on it. */
import type { ClusterConfig } from "../config/clusterConfig";
import { operatingSystem } from "../config/operatingSystems";
import type { MachineFile } from "./inputs";
import { textFile } from "./machineFile";

/** Name of the unit to start; empty without `ntpServers`, when the image's own arrangement stays. */
export function clockService(config: ClusterConfig): string {
  return config.ntpServers.length === 0 ? "" : operatingSystem(config).chrony.unit;
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
  return [textFile(operatingSystem(config).chrony.config, lines.join("\n"))];
}
