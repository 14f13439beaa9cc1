/**
 * Takes the pods off a node whose machine is about to go, as `kubectl drain` would: by eviction, so that
 * PodDisruptionBudgets are respected.
 */
import { documentOf, listAll, reasonOf } from "./answers";
import { isReady, type Node } from "./nodes";
import type { KubernetesRequest } from "./client";
import { messageOf } from "../engine/messageOf";
import { type Clock, waitUntil } from "../engine/waiting";

interface DrainInput {
  readonly node: Node;
  readonly request: KubernetesRequest;
  readonly timeoutMinutes: number;
  readonly progress: (message: string) => void;
  readonly clock?: Clock;
}

/** Thrown when a node still holds something at the time limit; the message names it. */
class NotDrainedError extends Error {}

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly kind: string; readonly controller?: boolean }[];
  };
  readonly status?: { readonly phase?: string };
}

interface VolumeAttachment {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName: string };
}

const pollEvery = 5_000;
/** Things that a message names at most. */
const shown = 10;

/**
 * Evicts every pod but those of DaemonSets, static ones and finished ones, and waits until they are gone and no volume
 * is attached. On a node that is not Ready nobody confirms the end of a pod, so there it is enough that all were
 * evicted. Throws NotDrainedError at the time limit.
 */
export async function drain(input: DrainInput): Promise<void> {
  const { node, timeoutMinutes } = input;
  const { name } = node.metadata;
  const ready = isReady(node);
  await waitUntil({
    ...input,
    pollEvery,
    look: async () => {
      const left = await look(input.request, name, ready).catch((error: unknown) => [messageOf(error)]);
      return left.length === 0
        ? undefined
        : left.slice(0, shown).join("; ") + (left.length > shown ? `; and ${left.length - shown} more` : "");
    },
    message: (left) => `draining node ${name}: ${left}`,
    failure: (left) =>
      new NotDrainedError(
        `node ${name} still holds something after ${timeoutMinutes} minutes (readiness.drainTimeoutMinutes): ${left}`,
      ),
  });
}

/**
 * Drains a node before its machine goes; the error at the time limit begins with what is not done therefore, `refusal`,
 * and says what to do.
 */
export async function drainBefore(refusal: string, input: DrainInput): Promise<void> {
  try {
    await drain(input);
  } catch (error) {
    if (!(error instanceof NotDrainedError)) throw error;
    throw new Error(
      `${refusal}: ${error.message}. The node is cordoned. See to what holds it and run \`pulumi up\` again; with readiness.drainTimeoutMinutes: 0 its pods go with the machine.`,
    );
  }
}

/** One round: evicts what can be evicted, and tells what is left on the node and why. */
async function look(request: KubernetesRequest, node: string, ready: boolean): Promise<string[]> {
  const left: string[] = [];
  const pods = await listAll<Pod>(
    "a listing of pods",
    `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`,
    request,
  );
  for (const pod of pods.filter(mustGo)) {
    const { namespace, name, deletionTimestamp } = pod.metadata;
    const what = `pod ${namespace}/${name}`;
    if (deletionTimestamp === undefined) {
      const refusal = await evict(request, namespace, name);
      left.push(refusal === undefined ? `${what} was asked to end` : `${what}: ${refusal}`);
    } else if (ready) left.push(`${what} is ending`);
  }
  if (left.length > 0 || !ready) return left;
  const attachments: { items: VolumeAttachment[] } = documentOf(
    "a listing of attached volumes",
    await request("GET", "/apis/storage.k8s.io/v1/volumeattachments"),
  );
  return attachments.items
    .filter(({ spec }) => spec.nodeName === node)
    .map(({ metadata }) => `volume attachment ${metadata.name}`);
}

function mustGo({ metadata, status }: Pod): boolean {
  const isStatic = metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
  const ofDaemonSet =
    metadata.ownerReferences?.some(({ kind, controller }) => controller === true && kind === "DaemonSet") ?? false;
  return !isStatic && !ofDaemonSet && status?.phase !== "Succeeded" && status?.phase !== "Failed";
}

/** Undefined when the pod goes, or has gone; else why it must stay for now: a PodDisruptionBudget, mostly. */
async function evict(request: KubernetesRequest, namespace: string, name: string): Promise<string | undefined> {
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { namespace, name } };
  const answer = await request("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, eviction);
  if (answer.status === 404 || (answer.status >= 200 && answer.status <= 299)) return undefined;
  return reasonOf(answer.body) ?? `the API answers ${answer.status}`;
}
