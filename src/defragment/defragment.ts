/**
 * Gives the space back that etcd's database holds without need, one member after the other, and ends the alarm of one
 * that reached its quota (docs/decisions/0056).
 */
import { messageOf } from "../engine/messageOf";
import { type Clock, realClock, waitUntil } from "../engine/waiting";
import type { KubernetesRequest } from "../kubernetes/client";
import { takesOrder } from "../kubernetes/filesInPlace";
import { isLeaving, isUpdating } from "../kubernetes/leavingMark";
import { listNodes } from "../kubernetes/nodes";
import { askEtcd, type EtcdMember } from "../status/etcdStatus";
import { shownBytes } from "../status/statusLine";

interface DefragmentInput {
  /** Names of all control-plane machines. */
  readonly controlPlane: readonly string[];
  readonly request: KubernetesRequest;
  /** Runs etcdctl, which knows its endpoint and credentials, on a machine; resolves to what it prints. */
  readonly etcdctl: (machine: string, command: readonly string[]) => Promise<string>;
  readonly confirmed: () => Promise<boolean>;
  readonly tell: (message: string) => void;
  /** Bytes of a database below which nothing is done. @default 100 MiB */
  readonly least?: number;
  /** Share of its quota that a member may hold when the alarm ends. @default 0.9 */
  readonly roomy?: number;
  readonly clock?: Clock;
}

/** As OpenShift's operator of etcd has them: from 100 MiB on, when 45 % of the file are free within. */
const leastSize = 100 * 1024 ** 2;
const leastFree = 0.45;
/** Of its quota: nearer than that the alarm would soon be back. */
const usualRoomy = 0.9;
/** Minutes in which a member answers again. */
const returnMinutes = 5;
const pollEvery = 1_000;

type Known = Required<Pick<EtcdMember, "machine" | "size" | "inUse" | "quota">> & EtcdMember;

/** Followers first, the leader last. Throws a sentence when a member is not well. */
export async function defragment(input: DefragmentInput): Promise<"done" | "nothing to do" | "declined"> {
  const { tell, least = leastSize } = input;
  const members = await wellMembers(input);
  const full = members.filter(isFull);
  // An `up` cannot end while etcd refuses its writes.
  const mayBegin = full.length > 0 ? () => Promise.resolve() : () => assertUnchanging(input);
  const paying = members.filter((member) => full.length > 0 || pays(member, least));
  for (const { machine, size, inUse, quota, isLeader } of members)
    tell(
      `${machine}${isLeader === true ? " (leader)" : ""}: ${shownBytes(size)} of ${shownBytes(quota)}, of which ${shownBytes(inUse)} are in use.`,
    );
  if (paying.length === 0) {
    tell(`Nothing to do: no database from ${shownBytes(least)} on has ${leastFree * 100} % free within.`);
    return "nothing to do";
  }
  await mayBegin();
  const order = [...paying].sort((a, b) => Number(a.isLeader) - Number(b.isLeader));
  tell(
    [
      full.length > 0 ? "etcd has reached its quota and refuses every write. Its history is removed first." : "",
      `To be defragmented, one after the other: ${order.map(({ machine }) => machine).join(", ")}.`,
      "A member answers nobody meanwhile, some seconds per GiB; the API waits while it is the leader.",
    ]
      .filter((sentence) => sentence !== "")
      .join(" "),
  );
  if (!(await input.confirmed())) return "declined";
  if (full.length > 0) await compact(order, input);
  for (const member of order) {
    // Another may have fallen ill since, or an `up` begun.
    await wellMembers(input);
    await mayBegin();
    await input.etcdctl(member.machine, ["defrag", "--command-timeout=10m"]);
    const { size } = await untilWell(member, input);
    tell(`${member.machine}: ${shownBytes(member.size)} became ${shownBytes(size)}.`);
  }
  if (full.length > 0) await disarm(input);
  return "done";
}

const isFull = ({ trouble = "" }: EtcdMember): boolean => trouble.includes("NOSPACE");
const pays = ({ size, inUse }: Known, least: number): boolean => size >= least && (size - inUse) / size >= leastFree;

/** Throws a sentence while `up` changes a control-plane machine: two members might be away at the same time. */
async function assertUnchanging({ request, controlPlane }: DefragmentInput): Promise<void> {
  const busy = (await listNodes(request)).filter(
    (node) => controlPlane.includes(node.metadata.name) && (isLeaving(node) || isUpdating(node) || takesOrder(node)),
  );
  if (busy.length > 0)
    throw new Error(
      `Nothing more is defragmented, because \`pulumi up\` changes ${busy.map(({ metadata }) => metadata.name).join(", ")}, or was interrupted. Run it to its end first.`,
    );
}

/** All of them; one that is full is well otherwise. */
async function wellMembers({ request, controlPlane }: DefragmentInput): Promise<readonly Known[]> {
  const members = await askEtcd(request, controlPlane);
  const ill = members.flatMap((member) => {
    const { machine, silence, trouble } = member;
    if (silence !== undefined) return [`${machine} could not be asked (${silence})`];
    if (trouble !== undefined && !isFull(member)) return [`${machine} says ${trouble}`];
    return member.hasLeader === true ? [] : [`${machine} sees no leader`];
  });
  if (ill.length > 0 || members.length === 0)
    throw new Error(
      `Nothing more is defragmented, because etcd is not well: ${ill.join("; ") || "the stack has no control-plane machine"}. See docs/runbooks/alerts/EtcdMemberDown.md.`,
    );
  return members as Known[];
}

/**
 * The API server removes old revisions every five minutes, but not while etcd refuses its writes. `--physical` waits
 * for the member that is asked alone, and a revision can be asked for once: so each gets one of its own.
 */
async function compact(order: readonly Known[], { etcdctl }: DefragmentInput): Promise<void> {
  const [first] = order as [Known];
  const [status] = JSON.parse(await etcdctl(first.machine, ["endpoint", "status", "--write-out=json"])) as [
    { Status: { header: { revision: number } } },
  ];
  const { revision } = status.Status.header;
  for (const [index, { machine }] of order.entries()) {
    const until = Math.max(1, revision - order.length + 1 + index);
    await etcdctl(machine, ["compact", String(until), "--physical"]).catch((error: unknown) => {
      if (!messageOf(error).includes("has been compacted")) throw error;
    });
  }
}

async function untilWell({ machine }: Known, input: DefragmentInput): Promise<Known> {
  const { clock = realClock, tell } = input;
  let found: Known | undefined;
  await waitUntil({
    timeoutMinutes: returnMinutes,
    pollEvery,
    clock,
    progress: tell,
    look: async () => {
      const answer = await wellMembers(input).catch((error: unknown) => messageOf(error));
      if (typeof answer === "string") return answer;
      found = answer.find((member) => member.machine === machine);
      return undefined;
    },
    message: (reason) => `until ${machine} is well again: ${reason}`,
    failure: (reason) => new Error(reason),
  });
  return found as Known;
}

async function disarm(input: DefragmentInput): Promise<void> {
  const members = await wellMembers(input);
  const fullest = members.reduce((a, b) => (b.size / b.quota > a.size / a.quota ? b : a));
  if (fullest.size > (input.roomy ?? usualRoomy) * fullest.quota)
    throw new Error(
      `${fullest.machine} still holds ${shownBytes(fullest.size)} of ${shownBytes(fullest.quota)}, so etcd goes on refusing writes. Delete what is too many, or raise the quota, and run this again (docs/runbooks/alerts/EtcdDatabaseFull.md).`,
    );
  await input.etcdctl(fullest.machine, ["alarm", "disarm"]);
  input.tell("The alarm is over: etcd takes writes again.");
}
