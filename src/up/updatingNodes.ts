/**
 * Takes the pods off nodes before their machines take another version of Kubernetes, and opens the nodes again
 * afterwards (docs/decisions/0055). A node of which the drain fails is opened again; one whose machine fails stays
 * cordoned.
 */
import { minorOf } from "../config/kubernetesMinors";
import type { KubernetesRequest } from "../kubernetes/client";
import { drain, NotDrainedError } from "../kubernetes/drain";
import { isUpdating, withoutUpdatingMark, withUpdatingMark } from "../kubernetes/leavingMark";
import { changeNode, kubeletVersionOf, type Node, readNode } from "../kubernetes/nodes";
import { inParallel } from "../engine/inParallel";
import { messageOf } from "../engine/messageOf";
import type { Clock } from "../engine/waiting";

/** Which versions of a kubelet ask for a node without pods, as `update.drain`. */
export type DrainPolicy = "minor" | "always" | "never";

/** Whether the kubelet that a node tells of is of another version than `wanted`; undefined wants none. */
export function runsOther(node: Node, wanted: string | undefined): boolean {
  const runs = kubeletVersionOf(node);
  return wanted !== undefined && runs !== undefined && runs !== wanted;
}

/** Whether a node is drained before its kubelet, of which the node tells the version, becomes `wanted`. */
export function needsDrain(node: Node, wanted: string | undefined, policy: DrainPolicy): boolean {
  const isOtherMinor = () => minorOf(kubeletVersionOf(node) as string) !== minorOf(wanted as string);
  return runsOther(node, wanted) && (policy === "always" || (policy === "minor" && isOtherMinor()));
}

interface UpdatingInput {
  readonly request: KubernetesRequest;
  /** Per node; 0: pods stay. */
  readonly drainTimeoutMinutes: number;
  readonly progress: (message: string) => void;
  readonly tell: (message: string) => void;
  readonly clock?: Clock;
}

/** Cordons and drains these nodes at the same time. Throws a sentence when one holds something at the time limit. */
export async function drainForUpdate(names: readonly string[], input: UpdatingInput): Promise<void> {
  const { request } = input;
  const failures: string[] = [];
  const nodes: Node[] = [];
  // All of them before the first is drained, so that no pod moves from one to the next.
  for (const name of names) {
    const node = await readNode(name, request);
    await changeNode("the cordoning", node, withUpdatingMark, request);
    nodes.push(node);
  }
  if (input.drainTimeoutMinutes === 0) return;
  await inParallel(nodes, async (node) => {
    await drain({ ...input, node, timeoutMinutes: input.drainTimeoutMinutes }).catch((error: unknown) => {
      if (!(error instanceof NotDrainedError)) throw error;
      failures.push(messageOf(error));
    });
  });
  if (failures.length === 0) return;
  await openNodes(names, input);
  throw new Error(
    `Kubernetes is not upgraded on every machine: ${failures.join("; ")}. The nodes take pods again. See to what holds them (docs/runbooks/drain-held.md) and run \`pulumi up\` again.`,
  );
}

/** Lets those of the nodes take pods again that were cordoned for an update. */
export async function openNodes(names: readonly string[], { request }: Pick<UpdatingInput, "request">): Promise<void> {
  await inParallel(names, async (name) => {
    const node = await readNode(name, request);
    if (isUpdating(node)) await changeNode("the taking back", node, withoutUpdatingMark, request);
  });
}
