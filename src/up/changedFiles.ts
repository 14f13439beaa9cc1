/**
 * Takes changed files to machines that run (docs/decisions/0050): publishes them, orders one control-plane machine
 * after the other and workers in batches, and waits for the answers of their agents. What was done already is seen on
 * the Nodes, so a run that was interrupted is run again.
 */
import { restartsNothing } from "../bootstrap/filesInPlace";
import { counted } from "../config/counted";
import type { KubernetesRequest } from "../kubernetes/client";
import { answerOf, hasFiles, orderOf, publishFiles, withOrder } from "../kubernetes/filesInPlace";
import { isUpdating } from "../kubernetes/leavingMark";
import { holdReboots } from "../kubernetes/rebootLock";
import { changeNode, isReady, kubeletVersionOf, listNodes, type Node, readNode } from "../kubernetes/nodes";
import { batchSize } from "../machines/batchSize";
import { inParallel } from "../engine/inParallel";
import { messageOf } from "../engine/messageOf";
import { type Clock, realClock, waitUntil } from "../engine/waiting";
import type { FilesMachine } from "./filesMachines";
import { waitForOthers } from "./rolledMachine";
import { drainForUpdate, type DrainPolicy, needsDrain, openNodes, runsOther } from "./updatingNodes";
import { needsUpgrade, refuseUpgrade } from "./upgradeGate";

export interface ChangedFilesInput {
  readonly clusterName: string;
  /** The machines of the configuration, in the order in which they are changed. */
  readonly machines: readonly FilesMachine[];
  /** Of the configuration's operating system: the files are for no other. */
  readonly packageManager: string;
  /** Machines that have an agent, even where it has not said anything yet. */
  readonly withAgent: ReadonlySet<string>;
  /** Machines that this run created: they have today's files. */
  readonly created: ReadonlySet<string>;
  /** Workers that may be changed at the same time: a number, or a share such as "10%", of which one is the least. */
  readonly maxUnavailable: string;
  /** How long a machine may take, before its pods leave and after. */
  readonly nodeTimeoutMinutes: number;
  /** As `update.drain`. */
  readonly drain: DrainPolicy;
  /** How long the pods of a node may take to leave (readiness.drainTimeoutMinutes); 0: they stay. */
  readonly drainTimeoutMinutes: number;
  /** Components that upstream does not list for the version, where that is not allowed. */
  readonly unlistedComponents: readonly string[];
  /** How long the other control-plane machines may take to be whole. */
  readonly timeoutMinutes: number;
  readonly request: KubernetesRequest;
  readonly progress: (message: string) => void;
  readonly tell: (message: string) => void;
  readonly warn: (message: string) => void;
  readonly clock?: Clock;
}

const pollEvery = 2_000;
/** Milliseconds that a machine which is not Ready gets for its first answer. */
const patienceWithLost = 60_000;

/**
 * Returns when every node that has an agent has its files, or is lost. Throws a sentence at the first failure; machines
 * that were not ordered by then are left alone.
 */
export async function takeChangedFiles(input: ChangedFilesInput): Promise<void> {
  const { machines, created, request, clock = realClock } = input;
  const listed = await listNodes(request);
  if (!needsUpgrade(machines, listed)) return changeMachines(input, listed);
  await refuseUpgrade(input, (node) => created.has(node.metadata.name) || takesOrders(node, input));
  const allowReboots = await holdReboots(request, clock.now());
  try {
    await changeMachines(input, await listNodes(request));
  } catch (error) {
    // The first failure is what is shown; the lock ends by itself.
    await allowReboots().catch(() => undefined);
    throw error;
  }
  await allowReboots();
}

async function changeMachines(input: ChangedFilesInput, listed: readonly Node[]): Promise<void> {
  const { machines, created, request } = input;
  const pools = new Map(machines.map(({ files }) => [files.pool, files]));
  const nodes = new Map(listed.map((node) => [node.metadata.name, node]));
  const before = await publishFiles(input.clusterName, [...pools.values()], request);
  const done = machines.filter(({ name, files }) => {
    const node = nodes.get(name);
    return node !== undefined && isUpdating(node) && hasFiles(node, files);
  });
  await openNodes(
    done.map(({ name }) => name),
    input,
  );
  const todo = machines.filter(({ name, files }) => {
    const node = nodes.get(name);
    return node !== undefined && takesOrders(node, input) && !hasFiles(node, files);
  });
  const known = (name: string) => nodes.get(name) as Node;
  const fresh = todo.filter(({ name }) => created.has(name) && orderOf(known(name)) === undefined);
  const quietly = { ...input, tell: () => undefined };
  // Workers have their files. A control-plane machine may have joined with older arguments of the API server.
  for (const machine of fresh.filter(({ role }) => role === "control-plane")) await change([machine], nodes, quietly);
  await change(
    fresh.filter(({ role }) => role === "worker"),
    nodes,
    quietly,
  );
  // Those that are not Ready come last: they must not keep the others from what may be their remedy.
  const readyFirst = todo
    .filter((machine) => !fresh.includes(machine))
    .sort((a, b) => Number(isReady(known(b.name))) - Number(isReady(known(a.name))));
  const controlPlane = machines.filter(({ role }) => role === "control-plane").map(({ name }) => name);
  for (const machine of readyFirst.filter(({ role }) => role === "control-plane")) {
    const others = controlPlane.filter((name) => name !== machine.name);
    const held = before.get(machine.files.pool);
    // Where nothing restarts, nothing is at risk.
    const quiet =
      held !== undefined && hasFiles(known(machine.name), held) && restartsNothing(held.files, machine.files.files);
    if (!quiet) await waitForOthers({ ...input, machine: machine.name, role: "control-plane", others });
    await change([machine], nodes, input);
  }
  const workers = readyFirst.filter(({ role }) => role === "worker");
  const size = batchSize(input.maxUnavailable, machines.filter(({ role }) => role === "worker").length);
  // The first goes alone: what is wrong for it is wrong for many.
  for (let start = 0, end = 1; start < workers.length; start = end, end += size)
    await change(workers.slice(start, end), nodes, input);
}

/** A machine of an older program has no agent, one of another operating system other files: both wait for `roll`. */
function takesOrders(node: Node, { withAgent, packageManager }: ChangedFilesInput): boolean {
  const answer = answerOf(node);
  return answer === undefined ? withAgent.has(node.metadata.name) : answer.packageManager === packageManager;
}

/**
 * Orders these machines at the same time, and waits until each has its files and is as Ready as it was. One that was
 * not Ready and does not answer is not waited for: the order stands on its Node, and its agent carries it out when the
 * machine is back.
 */
async function change(
  batch: readonly FilesMachine[],
  nodes: ReadonlyMap<string, Node>,
  input: ChangedFilesInput,
): Promise<void> {
  if (batch.length === 0) return;
  const { request, clock = realClock } = input;
  const start = clock.now();
  await inParallel(batch, async ({ name, files, version }) => {
    const ordered = (node: Node) => withOrder(node, files, !needsDrain(node, version, input.drain));
    await changeNode("the order", nodes.get(name) as Node, ordered, request);
  });
  const full = await waitForAnswers(batch, nodes, start, input);
  if (full.length > 0) {
    const names = full.map(({ name }) => name);
    await drainForUpdate(names, input);
    await inParallel(full, async ({ name, files }) => {
      input.tell(`${name}: its pods are gone (${Math.round((clock.now() - start) / 1000)} s)`);
      const ordered = (node: Node) => withOrder(node, files, true);
      await changeNode("the order", await readNode(name, request), ordered, request);
    });
    await waitForAnswers(full, nodes, start, input, false);
  }
  const marked = batch.filter(
    ({ name }) => full.some((other) => other.name === name) || isUpdating(nodes.get(name) as Node),
  );
  await openNodes(
    marked.map(({ name }) => name),
    input,
  );
}

/**
 * Waits until each machine has what was ordered, and is as Ready as it was. Returns those that wait until their pods
 * are gone, where `mayWait`.
 */
async function waitForAnswers(
  batch: readonly FilesMachine[],
  nodes: ReadonlyMap<string, Node>,
  start: number,
  input: ChangedFilesInput,
  mayWait = true,
): Promise<FilesMachine[]> {
  const { request, tell, clock = realClock } = input;
  const seconds = () => Math.round((clock.now() - start) / 1000);
  const full: FilesMachine[] = [];
  const told = new Map<string, string>();
  const failures: string[] = [];
  let waiting = [...batch];
  await waitUntil({
    ...input,
    timeoutMinutes: input.nodeTimeoutMinutes,
    pollEvery,
    look: async () => {
      const missing: Missing[] = [];
      await inParallel(waiting, async (machine) => {
        const { name, files } = machine;
        const wasReady = isReady(nodes.get(name) as Node);
        const wait = (reason: string, more: Partial<Missing> = {}) => missing.push({ machine, reason, ...more });
        try {
          const node = await readNode(name, request);
          const answer = answerOf(node);
          if (answer === undefined) return void wait("its agent has not started", { neverStarted: true });
          if (answer.order !== files.digest) {
            if (wasReady || isReady(node) || clock.now() - start < patienceWithLost)
              return void wait("has not answered");
            input.warn(`${name} is not Ready and does not answer. It takes the changed settings when it is back.`);
            return;
          }
          const { state, message } = answer;
          if (told.get(name) !== message)
            tell(`${name}: ${state === "working" || state === "drain" ? "" : `${state}: `}${message} (${seconds()} s)`);
          told.set(name, message);
          if (state === "failed") failures.push(`${name}: ${message}${isUpdating(node) ? "; it stays cordoned" : ""}`);
          else if (state === "drain" && mayWait) full.push(machine);
          else if (state !== "reached") wait(message);
          else if (wasReady && !isReady(node)) wait("is not Ready");
          else if (runsOther(node, machine.version)) wait(`its kubelet is still ${kubeletVersionOf(node) ?? ""}`);
        } catch (error) {
          wait(messageOf(error));
        }
      });
      waiting = missing.map(({ machine }) => machine);
      return missing.length === 0 ? undefined : missing;
    },
    message: (missing) =>
      `changed settings: ${counted(missing.length, "machine")} to wait for, ${said(missing.slice(0, 1))}`,
    failure: (missing) => notReached(missing, failures, input),
  });
  if (failures.length > 0)
    throw new Error(
      `Changed settings were refused by a machine: ${failures.join("; ")}. No further machine is touched.\n${remedy}`,
    );
  return full;
}

/** A machine that is waited for, and why. */
interface Missing {
  readonly machine: FilesMachine;
  readonly reason: string;
  /** Its agent has never answered anything. */
  readonly neverStarted?: boolean;
}

function said(missing: readonly Missing[]): string {
  return listed(missing.map(({ machine, reason }) => `${machine.name}: ${reason}`));
}

/** As many as a sentence can hold. */
function listed(parts: readonly string[]): string {
  const shown = 20;
  const more = parts.length > shown ? [`and ${parts.length - shown} more`] : [];
  return [...parts.slice(0, shown), ...more].join("; ");
}

function notReached(
  missing: readonly Missing[],
  failures: readonly string[],
  { nodeTimeoutMinutes }: ChangedFilesInput,
): Error {
  const limit = `within ${counted(nodeTimeoutMinutes, "minute")} (update.nodeTimeoutMinutes)`;
  const console = "`openstack console log show` tells what a machine's agent did.";
  const names = missing.map(({ machine }) => machine.name);
  if (failures.length === 0 && missing.every(({ neverStarted }) => neverStarted === true))
    return new Error(
      `The agent that takes changed settings to a machine did not start ${limit} on ${listed(names)}. ${console}\n` +
        `Roll ${names.length === 1 ? "the machine" : "these machines"} (docs/runbooks/replace-machine.md), or mend what the console names, and run \`pulumi up\` again.`,
    );
  return new Error(
    `Changed settings did not reach every machine ${limit}: ${[...failures, said(missing)].join("; ")}. No further machine is touched. ${console}\n${remedy}`,
  );
}

const remedy = "Correct the setting, or what it names, and run `pulumi up` again.";
