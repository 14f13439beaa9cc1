/**
 * A machine that is rolled goes only when the cluster can spare it, and drained (docs/decisions/0011). What is told
 * here is about Nodes; that nothing is touched meanwhile is for up/rolling.ts to see to.
 */
import { counted } from "../config/counted";
import { documentOf } from "../kubernetes/answers";
import { controlPlanePods } from "../kubernetes/controlPlanePods";
import { changeNode, isReady, listNodes, type Node, removeNode } from "../kubernetes/nodes";
import { drainBefore } from "../kubernetes/drain";
import { KubeletLeases } from "../kubernetes/leases";
import type { KubernetesRequest } from "../kubernetes/client";
import { isLeaving, withLeavingMark, withoutLeavingMark } from "../kubernetes/leavingMark";
import type { NodeRole } from "../machines/roles";
import { messageOf } from "../engine/messageOf";
import { type Clock, waitUntil } from "../engine/waiting";

interface SpareInput {
  /** Name of the machine that is to go, or to reboot. */
  readonly machine: string;
  readonly role: NodeRole;
  /** Names of the machines that must be whole before. */
  readonly others: readonly string[];
  readonly request: KubernetesRequest;
  /** How long the others may take (readiness.clusterTimeoutMinutes). */
  readonly timeoutMinutes: number;
  readonly progress: (message: string) => void;
  readonly clock?: Clock;
}

interface ReleaseInput extends SpareInput {
  /** readiness.drainTimeoutMinutes; 0: pods go with their machine. */
  readonly drainTimeoutMinutes: number;
  readonly tell: (message: string) => void;
}

const pollEvery = 10_000;

/**
 * Looks in a row that must find the control plane whole. Right after a boot a kubelet renews its lease before it has
 * corrected what the API server still holds of the static pods that ran before.
 */
const requiredConsecutiveChecks = 3;

/**
 * Minutes in which the API must take the removal of a Node: an endpoint that moves to another machine is away for
 * seconds.
 */
const removalMinutes = 2;

/**
 * Whether the engine is about to replace a rolled machine: OpenStack has it, and it was created with another digest
 * (machines/templateDigest.ts) than today's. A machine of an older program has no digest, so it is released as well:
 * nobody knows whether the engine replaces it.
 *
 * @param existing Digests of the machines that OpenStack has, by name.
 */
export function mustBeReleased(
  machine: string,
  creationDigest: string,
  existing: ReadonlyMap<string, string | undefined>,
): boolean {
  return existing.has(machine) && existing.get(machine) !== creationDigest;
}

/**
 * Waits until every other machine is a Ready node whose kubelet is alive now and, in the control plane, runs its API
 * server and its etcd: what a control plane of three can lose is one. Throws a sentence at the time limit.
 */
export async function waitForOthers(input: SpareInput): Promise<void> {
  const { machine, others, role, timeoutMinutes } = input;
  if (others.length === 0) return;
  const leases = new KubeletLeases(input.request);
  let consecutiveChecks = 0;
  await waitUntil({
    ...input,
    pollEvery,
    look: async () => {
      const problems = await problemsOf(input, leases).catch((error: unknown) => [messageOf(error)]);
      consecutiveChecks = problems.length === 0 ? consecutiveChecks + 1 : 0;
      if (consecutiveChecks >= (role === "control-plane" ? requiredConsecutiveChecks : 1)) return undefined;
      return problems.length === 0 ? [`the others were whole ${consecutiveChecks} times in a row`] : problems;
    },
    message: ([problem]) => `before ${machine} is touched: ${problem}`,
    failure: (problems) =>
      new Error(
        `${machine} is not touched: after ${counted(timeoutMinutes, "minute")} (readiness.clusterTimeoutMinutes) ${problems.join("; ")}. Repair or replace it (docs/runbooks/replace-machine.md), then run \`pulumi up\` again.`,
      ),
  });
}

/**
 * Waits for the others, opens those to pods again that were rolled before, and then cordons and drains the machine's
 * own node, if it has become one.
 */
export async function releaseRolledMachine(input: ReleaseInput): Promise<void> {
  const { machine, request, drainTimeoutMinutes } = input;
  await waitForOthers(input);
  const nodes = await listNodes(request);
  // A machine that was resized keeps its Node, and so the cordon.
  for (const node of nodes.filter(({ metadata }) => input.others.includes(metadata.name))) {
    await changeNode("the taking back", node, withoutLeavingMark, request);
  }
  const node = nodes.find(({ metadata }) => metadata.name === machine);
  if (node === undefined) return;
  await changeNode("the cordoning", node, withLeavingMark, request);
  if (drainTimeoutMinutes === 0) return;
  await drainBefore(`${machine} is not rolled`, { ...input, node, timeoutMinutes: drainTimeoutMinutes });
  input.tell(`Node ${machine} is drained; its machine can be rolled.`);
}

/**
 * Removes the Node of a machine that is gone, if it was cordoned for that: a new machine would take over its cordon,
 * labels and taints with its name.
 */
export async function forgetReleasedNode(
  input: Pick<SpareInput, "machine" | "request" | "progress" | "clock">,
): Promise<void> {
  const { machine, request } = input;
  const remove = async () => {
    const found = await request("GET", `/api/v1/nodes/${machine}`);
    if (found.status !== 404 && isLeaving(documentOf<Node>(`to show node ${machine}`, found)))
      await removeNode(machine, request);
  };
  await waitUntil({
    ...input,
    timeoutMinutes: removalMinutes,
    pollEvery,
    look: () => remove().then(() => undefined, messageOf),
    message: (problem) => `removing the Node of the replaced machine: ${problem}`,
    failure: (problem) =>
      new Error(
        `${machine} is not created: the Node of the replaced machine could not be removed in ${removalMinutes} minutes: ${problem}`,
      ),
  });
}

/** What the others lack. */
async function problemsOf({ others, role, request }: SpareInput, leases: KubeletLeases): Promise<string[]> {
  const nodes = byName(await listNodes(request));
  const silent = await leases.silent(others);
  const pods = role === "control-plane" ? byName(await controlPlanePods(request)) : undefined;
  return others.flatMap((name) => {
    const node = nodes.get(name);
    if (node === undefined) return [`machine ${name} has not become a node`];
    if (!isReady(node)) return [`node ${name} is not Ready`];
    if (silent.has(name)) return [`the kubelet of node ${name} gave no sign of life yet`];
    if (pods === undefined) return [];
    return ["etcd", "kube-apiserver"].flatMap((component) => {
      const pod = pods.get(`${component}-${name}`);
      return pod !== undefined && isReady(pod) ? [] : [`${component} of node ${name} is not Ready`];
    });
  });
}

function byName<T extends { readonly metadata: { readonly name: string } }>(
  items: readonly T[],
): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.metadata.name, item]));
}
