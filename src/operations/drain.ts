/** Takes the pods off a node whose machine is about to go, as `kubectl drain` would: by eviction, so that PodDisruptionBudgets are heard. */
import { documentOf } from "../platform/apiRequest";
import type { Node } from "../platform/nodeSettings";
import { type Clock, realClock } from "./apiGate";
import type { KubernetesAnswer, KubernetesRequest } from "./kubernetesApi";
import { messageOf } from "./messageOf";

export interface DrainInput {
  readonly node: Node;
  readonly request: KubernetesRequest;
  readonly timeoutMinutes: number;
  readonly progress: (message: string) => void;
  readonly clock?: Clock;
}

/** Thrown when a node still holds something at the time limit; the message names it. */
export class NotDrainedError extends Error {}

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
const tellEvery = 30_000;
/** Pods per page of a listing, some 5 KB each. */
const pageSize = 250;
/** Things that a message names at most. */
const shown = 10;

/**
 * Evicts every pod but those of DaemonSets, static ones and finished ones, and waits until they are gone and no volume is attached. On a node that is not
 * Ready nobody confirms the end of a pod, so there it is enough that all were evicted. Throws NotDrainedError at the time limit.
 */
export async function drain(input: DrainInput): Promise<void> {
  const clock = input.clock ?? realClock;
  const { node, timeoutMinutes } = input;
  const { name } = node.metadata;
  const ready = node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
  const start = clock.now();
  let lastTold = start;
  for (;;) {
    const left = await look(input.request, name, ready).catch((error: unknown) => [messageOf(error)]);
    if (left.length === 0) return;
    const waited = clock.now() - start;
    const told = left.slice(0, shown).join("; ") + (left.length > shown ? `; and ${left.length - shown} more` : "");
    if (waited >= timeoutMinutes * 60_000) {
      throw new NotDrainedError(`node ${name} still holds something after ${timeoutMinutes} minutes (readiness.drainTimeoutMinutes): ${told}`);
    }
    if (clock.now() - lastTold >= tellEvery) {
      lastTold = clock.now();
      input.progress(`draining node ${name}: ${told} (${Math.round(waited / 1000)} s of ${timeoutMinutes * 60} s)`);
    }
    await clock.sleep(pollEvery);
  }
}

/** One round: evicts what can be evicted, and tells what is left on the node and why. */
async function look(request: KubernetesRequest, node: string, ready: boolean): Promise<string[]> {
  const left: string[] = [];
  for (const pod of (await podsOn(request, node)).filter(mustGo)) {
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
  return attachments.items.filter(({ spec }) => spec.nodeName === node).map(({ metadata }) => `volume attachment ${metadata.name}`);
}

function mustGo({ metadata, status }: Pod): boolean {
  const isStatic = metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
  const ofDaemonSet = metadata.ownerReferences?.some(({ kind, controller }) => controller === true && kind === "DaemonSet") ?? false;
  return !isStatic && !ofDaemonSet && status?.phase !== "Succeeded" && status?.phase !== "Failed";
}

async function podsOn(request: KubernetesRequest, node: string): Promise<Pod[]> {
  const pods: Pod[] = [];
  let next: string | undefined = "";
  while (next !== undefined) {
    const more = next === "" ? "" : `&continue=${encodeURIComponent(next)}`;
    const path = `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}&limit=${pageSize}${more}`;
    const page: { items: Pod[]; metadata: { continue?: string } } = documentOf("a listing of pods", await request("GET", path));
    pods.push(...page.items);
    next = page.metadata.continue || undefined;
  }
  return pods;
}

/** Undefined when the pod goes, or has gone; else why it must stay for now: a PodDisruptionBudget, mostly. */
async function evict(request: KubernetesRequest, namespace: string, name: string): Promise<string | undefined> {
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { namespace, name } };
  const answer = await request("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, eviction);
  if (answer.status === 404 || (answer.status >= 200 && answer.status <= 299)) return undefined;
  return reasonOf(answer);
}

function reasonOf({ status, body }: KubernetesAnswer): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === "string") return message;
  } catch {
    // The status has to do.
  }
  return `the API answers ${status}`;
}
