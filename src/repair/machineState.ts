/** What OpenStack and Kubernetes say of one machine, and whether that is a fault. */
import type { NodeRole } from "../machines/roles";
import { isReady, notReadyReason, type Condition, type Node } from "../kubernetes/nodes";

export interface ServerState {
  readonly id: string;
  /** As Nova has it. */
  readonly status: string;
  /** RFC 3339: when it was created, and when its status last changed. */
  readonly created: string;
  readonly updated: string;
}

export interface MachineState {
  readonly name: string;
  readonly role: NodeRole;
  readonly pool: string;
  /** Absent where OpenStack has no such server. */
  readonly server?: ServerState;
  /** Absent where Kubernetes has no such Node. */
  readonly node?: Node;
  /** When OpenStack was last asked to reboot it, in milliseconds since 1970. Absent: never. */
  readonly lastReboot?: number;
}

export interface Fault {
  /** The end of a sentence about the machine. */
  readonly reason: string;
  /** Since when, in milliseconds since 1970; 0 where nobody knows. */
  readonly since: number;
}

/** Statuses of Nova in which a machine does not run, and nobody has chosen that for it. */
const broken: Readonly<Record<string, string>> = {
  ERROR: "is in error (Nova: ERROR)",
  SHUTOFF: "is off (Nova: SHUTOFF)",
};

/** Set by node-problem-detector on a node whose disk the kernel has made read-only. */
const readOnlyDisk = "ReadonlyFilesystem";

/** A machine that somebody paused, shelved or rescued is no fault: it waits for whoever did. */
export function faultOf({ server, node }: MachineState): Fault | undefined {
  if (server === undefined) return { reason: "has no server any more: somebody deleted it in OpenStack", since: 0 };
  const stands = broken[server.status];
  if (stands !== undefined) return { reason: stands, since: Date.parse(server.updated) };
  if (server.status !== "ACTIVE") return undefined;
  if (node === undefined) return { reason: "runs, but is no Node of the cluster", since: Date.parse(server.created) };
  const conditions = node.status?.conditions ?? [];
  const since = (condition?: Condition) => Date.parse(condition?.lastTransitionTime ?? server.created);
  if (!isReady(node)) {
    const reason = `is not Ready: ${notReadyReason(conditions) ?? "it does not tell why"}`;
    return { reason, since: since(conditions.find(({ type }) => type === "Ready")) };
  }
  const disk = conditions.find(({ type, status }) => type === readOnlyDisk && status === "True");
  return disk === undefined ? undefined : { reason: "has a read-only disk", since: since(disk) };
}

/** Whether a machine runs and is a Ready node without a fault. */
export function isWhole(machine: MachineState): boolean {
  return machine.server?.status === "ACTIVE" && faultOf(machine) === undefined;
}
