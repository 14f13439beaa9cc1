/** What becomes of machines. */
import { machinePoolKey, machineRoleKey } from "../machines/metadataKeys";
import {
  type Consequence,
  destructive,
  disruptive,
  type ConsequenceRule,
  type ConsequenceSettings,
  harmless,
} from "./consequence";
import type { PlannedChange } from "./plannedChange";

function metadataOf({ before, after }: PlannedChange): Readonly<Record<string, unknown>> {
  const found = before["metadata"] ?? after["metadata"];
  return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
}

/** Pool of a machine, or its role where there is no pool; undefined of what is none. */
export function poolOf(change: PlannedChange): string | undefined {
  const pool = metadataOf(change)[machinePoolKey];
  return typeof pool === "string" ? pool : undefined;
}

const lost = "what pods kept on the node itself (emptyDir, hostPath) is lost";

export const machine: ConsequenceRule = (change, settings) => {
  const role = metadataOf(change)[machineRoleKey];
  switch (change.operation) {
    case "create":
      return harmless(`is created, a new ${typeof role === "string" ? role : "server"} machine`);
    case "update":
      return updated(change, role);
    case "replace":
      return replaced(change, role, settings);
    case "delete":
      return deleted(role, settings);
  }
};

function updated({ changed }: PlannedChange, role: unknown): Consequence {
  if (changed.includes("imageId") || changed.includes("imageName"))
    return destructive("is rebuilt in place by Nova: its root disk is wiped");
  if (!changed.includes("flavorName")) return harmless("is changed in place, without a reboot");
  if (role === "control-plane")
    return disruptive(
      "is resized in place and reboots, once all others of the control plane are whole; connections to its API server break",
    );
  if (role === "worker") return disruptive("is drained, resized in place and reboots");
  return disruptive("is resized in place and reboots");
}

function replaced(change: PlannedChange, role: unknown, { roll, drains }: ConsequenceSettings): Consequence {
  const rolled = roll.includes(change.name) || roll.includes(poolOf(change) ?? "");
  if (role === "control-plane") {
    const message =
      "is replaced: its disks are wiped, snapshots of etcd on them included, and etcd has one member less until the new machine has joined";
    return rolled
      ? disruptive(`${message}; first all others must be whole, and its node is drained`)
      : destructive(`${message}; \`roll\` does not name it, so nothing waits for the others`);
  }
  if (role === "worker") {
    if (!rolled)
      return destructive(
        `is replaced without a drain, since \`roll\` does not name it: its pods break off, its disks are wiped, and ${lost}`,
      );
    return disruptive(`is replaced: ${drained(drains)}, its disks are wiped, and ${lost}`);
  }
  return disruptive("is replaced: whoever is logged in there is thrown out, and its disk is wiped");
}

function deleted(role: unknown, { drains }: ConsequenceSettings): Consequence {
  if (role === "control-plane")
    return destructive(
      "is deleted with its disks: etcd loses a member that it goes on counting, and snapshots on it are gone",
    );
  if (role === "worker") return destructive(`is deleted with its disks: ${drained(drains)}, and ${lost}`);
  return disruptive("is deleted: what was reached through it is not any more");
}

function drained(drains: boolean): string {
  return drains
    ? "its node is drained first, respecting PodDisruptionBudgets"
    : "its node is only cordoned (readiness.drainTimeoutMinutes is 0), so its pods break off";
}
