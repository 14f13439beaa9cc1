/** What becomes of machines. */
import { machinePoolKey, machineRoleKey } from "../machines/metadataKeys";
import { type MachineRole, roles } from "../machines/roles";
import { type Consequence, destructive, disruptive, type ConsequenceRule, harmless } from "./consequence";
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

/** Whether `roll` is what brings the change: a replacement, or another flavor where machines keep theirs without it. */
export function isRolled(change: PlannedChange): boolean {
  const role = metadataOf(change)[machineRoleKey];
  const isResized = change.operation === "update" && change.changed.includes("flavorName");
  return change.operation === "replace" || (isResized && isRole(role) && roles[role].flavorChange === "rolled");
}

const lost = "what pods kept on the node itself (emptyDir, hostPath) is lost";

/** What becomes of a machine of one role. */
interface RoleConsequences {
  /** Its flavor is changed in place. */
  readonly resized: Consequence;
  readonly replaced: (rolled: boolean, drains: boolean) => Consequence;
  readonly deleted: (drains: boolean) => Consequence;
}

const etcdMemberReplaced =
  "is replaced: its disks are wiped, snapshots of etcd on them included, and etcd has one member less until the new machine has joined";

const byRole: Readonly<Record<MachineRole, RoleConsequences>> = {
  "control-plane": {
    resized: disruptive(
      "is resized in place and reboots, once all others of the control plane are whole; connections to its API server break",
    ),
    replaced: (rolled) =>
      rolled
        ? disruptive(`${etcdMemberReplaced}; first all others must be whole, and its node is drained`)
        : destructive(`${etcdMemberReplaced}; \`roll\` does not name it, so nothing waits for the others`),
    deleted: () =>
      destructive(
        "is deleted with its disks: etcd loses a member that it goes on counting, and snapshots on it are gone",
      ),
  },
  worker: {
    resized: disruptive("is drained, resized in place and reboots"),
    replaced: (rolled, drains) =>
      rolled
        ? disruptive(`is replaced: ${drained(drains)}, its disks are wiped, and ${lost}`)
        : destructive(
            `is replaced without a drain, since \`roll\` does not name it: its pods end at once, its disks are wiped, and ${lost}`,
          ),
    deleted: (drains) => destructive(`is deleted with its disks: ${drained(drains)}, and ${lost}`),
  },
  bastion: {
    resized: disruptive("is resized in place and reboots"),
    replaced: () => disruptive("is replaced: open log-ins to it end, and its disk is wiped"),
    deleted: () => disruptive("is deleted: nobody reaches other machines through it any more"),
  },
};

/** A server whose metadata names no role of ours. */
const unknownRole: RoleConsequences = {
  resized: disruptive("is resized in place and reboots"),
  replaced: () => destructive("is replaced with its disks, and its metadata does not say what it is for"),
  deleted: () => destructive("is deleted with its disks, and its metadata does not say what it is for"),
};

export const machine: ConsequenceRule = (change, { roll, drains }) => {
  const role = metadataOf(change)[machineRoleKey];
  const { resized, replaced, deleted } = isRole(role) ? byRole[role] : unknownRole;
  switch (change.operation) {
    case "create":
      return harmless(`is created, a new ${isRole(role) ? role : "server"} machine`);
    case "update":
      return updated(change, resized);
    case "replace":
      return replaced(roll.includes(change.name) || roll.includes(poolOf(change) ?? ""), drains);
    case "delete":
      return deleted(drains);
  }
};

const isRole = (role: unknown): role is MachineRole => typeof role === "string" && Object.hasOwn(roles, role);

function updated({ changed }: PlannedChange, resized: Consequence): Consequence {
  if (changed.includes("imageId") || changed.includes("imageName"))
    return destructive("is rebuilt in place by Nova: its root disk is wiped");
  return changed.includes("flavorName") ? resized : harmless("is changed in place, without a reboot");
}

function drained(drains: boolean): string {
  return drains
    ? "its node is drained first, respecting PodDisruptionBudgets"
    : "its node is only cordoned (readiness.drainTimeoutMinutes is 0), so its pods end at once";
}
