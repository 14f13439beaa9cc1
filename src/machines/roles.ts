/** What each role of a machine means. The role stands in the server's metadata, so these words must not change. */

interface Role {
  /** Whether the machine becomes a Kubernetes node. */
  readonly becomesNode: boolean;
  /**
   * How a changed flavor reaches a machine that exists. Control-plane machines are chained, so they are resized and
   * rebooted one after the other; a pool would reboot all at once.
   */
  readonly flavorChange: "resized in place" | "rolled";
}

export const roles = {
  "control-plane": { becomesNode: true, flavorChange: "resized in place" },
  worker: { becomesNode: true, flavorChange: "rolled" },
  bastion: { becomesNode: false, flavorChange: "rolled" },
} as const satisfies Readonly<Record<string, Role>>;

export type MachineRole = keyof typeof roles;

/** Roles whose machines become Kubernetes nodes. */
export type NodeRole = {
  [R in MachineRole]: (typeof roles)[R]["becomesNode"] extends true ? R : never;
}[MachineRole];

export const nodeRoles = (Object.keys(roles) as MachineRole[]).filter(
  (role): role is NodeRole => roles[role].becomesNode,
);
