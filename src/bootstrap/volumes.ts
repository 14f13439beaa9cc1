/** Data volumes: which file system belongs where. */
import { createHash } from "node:crypto";
import type { DataVolume } from "../machines/planMachines";
import type { MachineFile } from "./inputs";
import { etcDirectory, textFile } from "./machineFile";

/**
 * The table that mount-volumes.sh reads, one line per volume: UUID of its file system, bytes, rank among the volumes of
 * that size, mount point. Nothing when no volume is to be mounted. Mount points have services wait for them, so that
 * none starts on the bare root disk.
 */
export function volumeFiles(volumes: readonly DataVolume[]): MachineFile[] {
  const mounted = volumes.filter(({ mountPath }) => mountPath !== undefined);
  if (mounted.length === 0) return [];
  const lines = volumes.map(({ name, sizeGb, mountPath }, index) => {
    const rank = volumes.slice(0, index).filter((earlier) => earlier.sizeGb === sizeGb).length;
    return `${fileSystemUuid(name)} ${sizeGb * 2 ** 30} ${rank} ${mountPath ?? "-"}`;
  });
  const dropIn = `[Unit]\nRequiresMountsFor=${mounted.map(({ mountPath }) => mountPath).join(" ")}\n`;
  return [
    textFile(`${etcDirectory}/volumes`, lines.join("\n")),
    textFile("/etc/systemd/system/containerd.service.d/10-volumes.conf", dropIn),
    textFile("/etc/systemd/system/kubelet.service.d/10-volumes.conf", dropIn),
  ];
}

/**
 * The UUID that a volume's file system is made with; known beforehand, so that the volume is recognised wherever it
 * appears.
 */
export function fileSystemUuid(volumeName: string): string {
  const hex = createHash("sha256").update(`openstack-kubernetes volume ${volumeName}`).digest("hex");
  // Version 8 (own scheme) and variant bits of RFC 9562.
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
