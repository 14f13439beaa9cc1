/** What differs between the operating systems: package manager and paths, not much else. */
import type { ClusterConfig } from "../config/clusterConfig";

/** The RHEL family installs with dnf, Debian and Ubuntu with apt. */
export function packageManager(config: ClusterConfig): "apt" | "dnf" {
  const { family } = config.os;
  switch (family) {
    case "debian":
    case "ubuntu":
      return "apt";
    case "rhel":
    case "rocky":
    case "almalinux":
      return "dnf";
    default:
      return unknownFamily(family);
  }
}

function unknownFamily(family: never): never {
  throw new Error(`Unknown OS family ${String(family)}.`);
}

/** The RHEL family boots with SELinux enforcing, and it stays so. */
export function hasSelinux(config: ClusterConfig): boolean {
  return packageManager(config) === "dnf";
}
