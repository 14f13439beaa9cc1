/**
 * Takes the pods off a node whose machine is about to go, as `kubectl drain` would: by eviction, so that
 * PodDisruptionBudgets are respected; and only those of the first look, so that a drain ends although something
 * tolerates the cordon and comes back.
 */
import { counted } from "../config/counted";
import { documentOf, listAll, reasonOf } from "./answers";
import { listBudgets, underTwoBudgets } from "./budgets";
import { isReady, type Node } from "./nodes";
import type { KubernetesRequest } from "./client";
import { claimsOf, podHasEnded, podName, podsToDrain, type Pod } from "./podsToDrain";
import { messageOf } from "../engine/messageOf";
import { type Clock, realClock, waitUntil } from "../engine/waiting";

interface DrainInput {
  readonly node: Node;
  readonly request: KubernetesRequest;
  readonly timeoutMinutes: number;
  readonly progress: (message: string) => void;
  /** Hears what was not waited for any longer. */
  readonly tell: (message: string) => void;
  readonly clock?: Clock;
}

/** Thrown when a node still holds something at the time limit; the message names it. */
export class NotDrainedError extends Error {}

interface VolumeAttachment {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName: string; readonly source?: { readonly persistentVolumeName?: string } };
}

/** What a node still holds: a phrase each. */
interface Left {
  /** Pods that Kubernetes never evicts as they are: waiting changes nothing. */
  readonly stuck: readonly string[];
  /** What keeps the machine: a pod that may not be evicted, a volume that is attached, an API that does not answer. */
  readonly holding: readonly string[];
  /** Pods that were told to end and have not ended. Whatever they wait for, the machine need not. */
  readonly ending: readonly string[];
}

const pollEvery = 5_000;
/** What the API server says of such a pod, with HTTP 500 (pkg/registry/core/pod/storage/eviction.go). */
const severalBudgets = /more than one PodDisruptionBudget/;
/** Things that a message names at most. */
const shown = 10;

const runbook = "docs/runbooks/drain-held.md";

/**
 * Evicts the pods that podsToDrain names at the first look, and waits until they are gone and no volume of theirs is
 * attached. On a node that is not Ready nobody confirms the end of a pod, so there it is enough that all were evicted.
 * Pods that have not ended at the time limit, because of a finalizer or a long grace period, are named by `tell` and
 * left. Throws NotDrainedError at the time limit when anything else is left, and at once when waiting changes nothing.
 */
export async function drain(input: DrainInput): Promise<void> {
  const { node, request, timeoutMinutes, clock = realClock } = input;
  const { name } = node.metadata;
  const round = new Drainage(request, name, isReady(node));
  const limit = timeoutMinutes * 60_000;
  const end = clock.now() + limit;
  await waitUntil<Left>({
    ...input,
    clock,
    pollEvery,
    look: async () => {
      const left = await round.look().catch((error: unknown) => ({
        stuck: [],
        holding: [messageOf(error)],
        ending: [],
      }));
      if (left.stuck.length > 0)
        throw new NotDrainedError(
          `node ${name} holds what Kubernetes never evicts, because more than one PodDisruptionBudget is over it: ${phrases(left.stuck)}. Leave one of them over each`,
        );
      if (left.holding.length + left.ending.length === 0) return undefined;
      if (left.holding.length > 0 || clock.now() < end) return left;
      input.tell(
        `Node ${name} is no longer waited for (readiness.drainTimeoutMinutes: ${timeoutMinutes}): ${phrases(left.ending)}. They end with the machine (${runbook}).`,
      );
      return undefined;
    },
    message: ({ holding, ending }) => `draining node ${name}: ${phrases([...holding, ...ending])}`,
    isOver: ({ holding }, start, now) => holding.length > 0 && now - start >= limit,
    failure: ({ holding, ending }) =>
      new NotDrainedError(
        `node ${name} still holds something after ${counted(timeoutMinutes, "minute")} (readiness.drainTimeoutMinutes): ${phrases([...holding, ...ending])}`,
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
      `${refusal}: ${error.message}. The node is cordoned. See to what holds it (${runbook}) and run \`pulumi up\` again; with readiness.drainTimeoutMinutes: 0 its pods go with the machine.`,
    );
  }
}

class Drainage {
  /** Uids of the pods of the first look that must leave. */
  private leaving: ReadonlySet<string> | undefined;

  constructor(
    private readonly request: KubernetesRequest,
    private readonly node: string,
    private readonly ready: boolean,
  ) {}

  /** One round: evicts what can be evicted, and says what is left on the node and why. */
  public async look(): Promise<Left> {
    const pods = await listAll<Pod>(
      "a listing of pods",
      `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${this.node}`)}`,
      this.request,
    );
    this.leaving ??= new Set((await podsToDrain(pods, this.request)).map(({ metadata }) => metadata.uid));
    const isLeft = (pod: Pod) => this.leaving?.has(pod.metadata.uid) === true && !podHasEnded(pod);
    const stuck: string[] = [];
    const holding: string[] = [];
    const ending: string[] = [];
    for (const pod of pods.filter(isLeft)) {
      if (pod.metadata.deletionTimestamp === undefined) {
        const refusal = await this.evict(pod);
        if (refusal !== undefined && severalBudgets.test(refusal)) stuck.push(await this.budgetsOver(pod));
        holding.push(refusal === undefined ? `${podName(pod)} was asked to end` : `${podName(pod)}: ${refusal}`);
      } else if (this.ready) ending.push(`${podName(pod)} is ending${reasonToLast(pod)}`);
    }
    if (holding.length + ending.length > 0 || !this.ready) return { stuck, holding, ending };
    return { stuck, holding: await this.attachments(pods), ending };
  }

  /** The pod with the names of its budgets, where the API shows them. */
  private async budgetsOver(pod: Pod): Promise<string> {
    const budgets = await listBudgets(this.request, pod.metadata.namespace).catch(() => []);
    return underTwoBudgets(pod, budgets) ?? podName(pod);
  }

  /** Undefined when the pod goes, or has gone; else why it must stay for now: a PodDisruptionBudget, mostly. */
  private async evict({ metadata: { namespace, name, uid } }: Pod): Promise<string | undefined> {
    const answer = await this.request("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, {
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { namespace, name },
      // A pod of a StatefulSet may be back under its name meanwhile.
      deleteOptions: { preconditions: { uid } },
    });
    if (answer.status === 404 || (answer.status >= 200 && answer.status <= 299)) return undefined;
    const reasons = [reasonOf(answer.body) ?? `the API answers ${answer.status}`, ...causesOf(answer.body)];
    return reasons.map((reason) => reason.replace(/\.$/, "")).join(": ");
  }

  /** Volumes on the node that no pod uses which stays there. */
  private async attachments(pods: readonly Pod[]): Promise<string[]> {
    const answer = await this.request("GET", "/apis/storage.k8s.io/v1/volumeattachments");
    const all = documentOf<{ items: VolumeAttachment[] }>("a listing of attached volumes", answer).items;
    const here = all.filter(({ spec }) => spec.nodeName === this.node);
    const kept = here.length === 0 ? new Set<string>() : await this.volumesOf(pods);
    return here
      .filter(({ spec }) => !kept.has(spec.source?.persistentVolumeName ?? ""))
      .map(({ metadata }) => `volume attachment ${metadata.name}`);
  }

  /** Names of the persistent volumes of these pods. */
  private async volumesOf(pods: readonly Pod[]): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    for (const pod of pods)
      for (const claim of claimsOf(pod)) {
        const path = `/api/v1/namespaces/${pod.metadata.namespace}/persistentvolumeclaims/${claim}`;
        const answer = await this.request("GET", path);
        if (answer.status === 404) continue;
        const { spec } = documentOf<{ spec?: { volumeName?: string } }>(`to show claim ${claim}`, answer);
        if (spec?.volumeName !== undefined) names.add(spec.volumeName);
      }
    return names;
  }
}

/** What keeps a pod that was told to end; empty where it is nothing but its grace period. */
function reasonToLast({ metadata: { finalizers = [], deletionTimestamp } }: Pod): string {
  const until = ` and has until ${deletionTimestamp} (terminationGracePeriodSeconds)`;
  return finalizers.length === 0 ? until : `${until}, held by ${finalizers.join(", ")} (finalizers)`;
}

/** What a refused eviction's details say, for instance which budget and what it needs. */
function causesOf(body: string): string[] {
  try {
    const { details } = JSON.parse(body) as { details?: { causes?: readonly { message?: string }[] } };
    return (details?.causes ?? []).flatMap(({ message }) => (message === undefined ? [] : [message]));
  } catch {
    return [];
  }
}

function phrases(all: readonly string[]): string {
  return all.slice(0, shown).join("; ") + (all.length > shown ? `; and ${all.length - shown} more` : "");
}
