/**
 * Nodes whose machines are not in the configuration any more (docs/decisions/0010). The engine deletes machines after
 * the program has ended, so what is done here is done before.
 */
import { changeNode, type Node, removeNode } from "../kubernetes/nodes";
import { drainBefore } from "../kubernetes/drain";
import type { KubernetesRequest } from "../kubernetes/client";
import { isLeaving, withLeavingMark, withoutLeavingMark } from "../kubernetes/leavingMark";
import { messageOf } from "../engine/messageOf";
import type { Clock } from "../engine/waiting";

interface LeavingInput {
  /** Names of the machines of the configuration. */
  readonly machines: readonly string[];
  /** All nodes. */
  readonly nodes: readonly Node[];
  readonly request: KubernetesRequest;
  /** Names of the workers of this cluster that OpenStack has; asked only when a node may be leaving. */
  readonly workers: () => Promise<ReadonlySet<string>>;
  /** Per node; 0: pods go with their machine. */
  readonly timeoutMinutes: number;
  readonly progress: (message: string) => void;
  readonly tell: (message: string) => void;
  readonly clock?: Clock;
}

/**
 * Cordons the nodes whose machines are to go, all of them before the first is drained, so that no pod moves from one to
 * the next; drains them one after the other; takes back nodes that were to go and now stay; and removes the Node of a
 * machine that an earlier `up` drained and deleted. Throws when a node cannot be drained in time, after the others
 * were: then no machine is deleted.
 */
export async function releaseLeavingNodes(input: LeavingInput): Promise<void> {
  const expected = new Set(input.machines);
  const returned = input.nodes.filter((node) => expected.has(node.metadata.name) && isLeaving(node));
  for (const node of returned) {
    await changeNode("the taking back", node, withoutLeavingMark, input.request);
    input.tell(`Node ${node.metadata.name} takes pods again.`);
  }
  const candidates = input.nodes.filter((node) => !expected.has(node.metadata.name) && isWorker(node));
  if (candidates.length === 0) return;
  const workers = await input.workers();
  for (const { metadata } of candidates.filter((node) => !workers.has(node.metadata.name) && isLeaving(node))) {
    await removeNode(metadata.name, input.request);
    input.tell(`Node ${metadata.name} is removed: its machine is gone.`);
  }
  const leaving = candidates.filter((node) => workers.has(node.metadata.name));
  for (const node of leaving) await changeNode("the cordoning", node, withLeavingMark, input.request);
  if (input.timeoutMinutes === 0) return;
  const held: string[] = [];
  for (const node of leaving) await release(node, input).catch((error: unknown) => held.push(messageOf(error)));
  if (held.length > 0) throw new Error(held.join("\n"));
}

async function release(node: Node, input: LeavingInput): Promise<void> {
  const { name } = node.metadata;
  const { request, timeoutMinutes, progress, tell, clock } = input;
  await drainBefore("Machines that left the configuration are not deleted", {
    node,
    request,
    timeoutMinutes,
    progress,
    tell,
    ...(clock === undefined ? {} : { clock }),
  });
  input.tell(`Node ${name} is drained; its machine can go.`);
}

const isWorker = ({ metadata }: Node) => metadata.labels?.["node-role.kubernetes.io/control-plane"] === undefined;
