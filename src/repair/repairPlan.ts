/**
 * What is done next about broken machines: one thing to one machine, or nothing. It remembers nothing: what was done
 * before shows in OpenStack's list of actions and on the Nodes, so that an interrupted repair goes on when it is run
 * again.
 */
import { counted } from "../config/counted";
import { takesOrder } from "../kubernetes/filesInPlace";
import { isLeaving, isUpdating } from "../kubernetes/leavingMark";
import type { Node } from "../kubernetes/nodes";
import { clockDifference } from "../openstack/clock";
import { batchSize } from "../machines/batchSize";
import { listed } from "../preflight/findings";
import { faultOf, isWhole, type Fault, type MachineState } from "./machineState";

export interface RepairInput {
  readonly machines: readonly MachineState[];
  /** As in the configuration. */
  readonly repair: { readonly afterMinutes: number; readonly maxUnhealthy: string };
  /** The key `roll`. */
  readonly roll: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Milliseconds by which this computer's clock is ahead of OpenStack's. */
  readonly clockAhead: number;
}

export interface RepairStep {
  /**
   * `wait`: it was rebooted, and may still come back by itself. `replace`: its server is deleted, and `up` creates
   * another one.
   */
  readonly kind: "reboot" | "wait" | "replace";
  readonly machine: MachineState;
  readonly fault: Fault;
}

export interface RepairPlan {
  /** Why no machine at all is touched: a sentence each. */
  readonly refusals: readonly string[];
  /** Why a machine or a pool is left as it is: a sentence each. */
  readonly left: readonly string[];
  /** Absent where there is nothing to do, or nothing that may be done. */
  readonly next?: RepairStep;
  /** The steps that are due after that one, for people: each is decided when its turn comes. */
  readonly later: readonly RepairStep[];
}

const minute = 60_000;
/** A machine that was rebooted within this time, in milliseconds, and is broken again is replaced. */
const rebootsCountFor = 24 * 60 * minute;
/** Set by kured on a node that it has cordoned for a reboot. */
const kuredMark = "weave.works/kured-reboot-in-progress";

export function planRepair(input: RepairInput): RepairPlan {
  const refusals = refusalsOf(input);
  if (refusals.length > 0) return { refusals, left: [], later: [] };
  const { machines, repair } = input;
  const left: string[] = [];
  const steps = machines.flatMap((machine) => {
    const step = stepOf(machine, input);
    const reason = step === undefined || step.kind === "wait" ? undefined : reasonToLeave(machine, machines);
    if (reason !== undefined) left.push(`${machine.name} ${step?.fault.reason}. It is left: ${reason}.`);
    return step === undefined || reason !== undefined ? [] : [step];
  });
  const crowds = crowdedGroups(machines, repair.maxUnhealthy).filter(({ names }) =>
    steps.some(({ machine }) => names.has(machine.name)),
  );
  const [next, ...later] = steps
    .filter(({ machine }) => !crowds.some(({ names }) => names.has(machine.name)))
    .sort((a, b) => turnOf(a) - turnOf(b) || a.fault.since - b.fault.since);
  return { refusals, left: [...left, ...crowds.map(({ sentence }) => sentence)], next, later };
}

/** What was begun is ended first; then the control plane, on which everything else depends. */
function turnOf({ kind, machine }: RepairStep): number {
  return (kind === "reboot" ? 2 : 0) + (machine.role === "control-plane" ? 0 : 1);
}

/** Milliseconds. */
const mostDifference = 60_000;

function refusalsOf({ machines, roll, clockAhead }: RepairInput): string[] {
  const difference = clockDifference(clockAhead, mostDifference);
  const nodes = machines.flatMap(({ node }) => node ?? []);
  const named = (chosen: (node: Node) => boolean) => nodes.filter(chosen).map(({ metadata }) => metadata.name);
  const [leaving, updating] = [named(isLeaving), named(isUpdating)];
  // A broken machine keeps its order until it is whole.
  const changing = machines
    .filter((machine) => isWhole(machine) && machine.node !== undefined && takesOrder(machine.node))
    .map(({ name }) => name);
  const busy = machines.filter(({ server }) => server !== undefined && passing.includes(server.status));
  const running = "`pulumi up` changes them, or was interrupted: run it to its end first";
  return [
    ...(difference === undefined
      ? []
      : [`${difference}: set it first, since it says how long a machine has been broken.`]),
    ...(leaving.length === 0 ? [] : [`Nodes that are to go: ${listed(leaving)}. ${running}.`]),
    ...(updating.length === 0 ? [] : [`Nodes that are upgraded: ${listed(updating)}. ${running}.`]),
    ...(changing.length === 0 ? [] : [`Machines that take changed settings: ${listed(changing)}. ${running}.`]),
    ...(busy.length === 0
      ? []
      : [
          `Machines that OpenStack works on: ${busy.map(({ name, server }) => `${name} (${server?.status})`).join(", ")}.`,
        ]),
    ...(roll.length === 0
      ? []
      : [
          `The key roll names ${listed(roll)}, which the next \`pulumi up\` may replace: run it, then take the names out.`,
        ]),
  ];
}

/** Statuses of Nova that pass by themselves; a reboot is the repair's own. */
const passing = ["BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "REVERT_RESIZE", "MIGRATING"];

/** Those of a reboot. */
const reboots = ["REBOOT", "HARD_REBOOT"];

function reasonToLeave(machine: MachineState, machines: readonly MachineState[]): string | undefined {
  const { node, name, role } = machine;
  if (node?.spec?.["unschedulable"] === true && node.metadata.annotations?.[kuredMark] === undefined)
    return "somebody has cordoned its Node, and may work on it";
  if (role !== "control-plane") return undefined;
  const others = machines.filter((other) => other.role === "control-plane" && other.name !== name);
  if (others.length === 0) return "it is the only control-plane machine (docs/runbooks/restore-etcd.md)";
  const broken = others.filter((other) => !isWhole(other)).map((other) => other.name);
  return broken.length === 0 ? undefined : `etcd needs the others, and ${listed(broken)} is not whole either`;
}

interface Crowd {
  readonly sentence: string;
  readonly names: ReadonlySet<string>;
}

/** Pools, and the workers of all pools together, of which so many are broken that something else must be wrong. */
function crowdedGroups(machines: readonly MachineState[], maxUnhealthy: string): Crowd[] {
  const workers = machines.filter(({ role }) => role === "worker");
  const pools = [...new Set(workers.map(({ pool }) => pool))];
  const groups = [
    ...pools.map((pool) => ({ title: `of pool ${pool}`, members: workers.filter((worker) => worker.pool === pool) })),
    ...(pools.length > 1 ? [{ title: "of all pools", members: workers }] : []),
  ];
  return groups.flatMap(({ title, members }) => {
    const broken = members.filter((member) => !isWhole(member)).length;
    if (broken <= batchSize(maxUnhealthy, members.length)) return [];
    const sentence = `${broken} of ${counted(members.length, "worker")} ${title} are not whole, which is more than repair.maxUnhealthy (${maxUnhealthy}) allows. They are left: find what they have in common first.`;
    return [{ sentence, names: new Set(members.map(({ name }) => name)) }];
  });
}

/** What is due for a machine; undefined where nothing is, or not yet. */
function stepOf(machine: MachineState, { repair, now }: RepairInput): RepairStep | undefined {
  if (isWhole(machine)) return undefined;
  const { server, lastReboot } = machine;
  const fault = faultOf(machine) ?? { reason: "is not up yet", since: now };
  const patience = repair.afterMinutes * minute;
  const rebooting = server !== undefined && reboots.includes(server.status);
  if (rebooting || (server !== undefined && lastReboot !== undefined && now - lastReboot < patience))
    return { kind: "wait", machine, fault };
  if (now - fault.since < patience) return undefined;
  const isAgain = lastReboot !== undefined && lastReboot >= Math.min(fault.since, now - rebootsCountFor);
  return { kind: server === undefined || isAgain ? "replace" : "reboot", machine, fault };
}
