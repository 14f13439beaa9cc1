/**
 * The last gate: `up` ends when every machine is a Ready node and Flux has reconciled, or it says which is not and why.
 */
import { counted } from "../config/counted";
import { type Condition, listNodes, type Node, notReadyReason } from "../kubernetes/nodes";
import { documentOf } from "../kubernetes/answers";
import { consoleSections } from "./consoleSections";
import { KubeletLeases } from "../kubernetes/leases";
import type { KubernetesRequest } from "../kubernetes/client";
import { messageOf } from "../engine/messageOf";
import { type Clock, waitUntil } from "../engine/waiting";

export interface ClusterGateInput {
  readonly request: KubernetesRequest;
  /** Names of the machines that must be nodes. */
  readonly machines: readonly string[];
  /**
   * Names of the machines that this run made or rebooted: what the API server shows of such a node may still be of the
   * machine that was.
   */
  readonly touched: () => readonly string[];
  /** Whether nodes must be Ready; without a pod network of ours they need only register. */
  readonly nodesReady: boolean;
  /** Whether the pod network is Calico: nodes are Ready as soon as it is configured, before it carries a packet. */
  readonly isCalico: boolean;
  /**
   * Namespace of the platform's Flux objects and the name of the cluster's own source and Kustomization there; absent
   * without Flux.
   */
  readonly flux?: { readonly namespace: string; readonly sync: string };
  readonly timeoutMinutes: number;
  /** Called with the nodes at each look. */
  readonly seen: (nodes: readonly Node[]) => Promise<void>;
  /**
   * Tail of the consoles of the machines of these names. Asked for at the end, for machines that did not become nodes.
   */
  readonly consoles: (machines: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  readonly progress: (message: string) => void;
  readonly clock?: Clock;
}

/** Thrown when the cluster is not what was asked for; the message holds one line for each thing that is missing. */
export class ClusterNotReadyError extends Error {}

interface Problem {
  readonly message: string;
  /** Milliseconds since 1970: since when it is known to be so; absent where that began with this run. */
  readonly since?: number;
  /** The machine that has not become a node. */
  readonly machine?: string;
}

const pollEvery = 10_000;
/** Lines and consoles that a message shows at most. */
const shownProblems = 20;
const shownConsoles = 3;

/**
 * Looks every ten seconds until nothing is missing. Throws ClusterNotReadyError at the time limit; at once, where
 * everything that is missing has been so for that long already, since a node that broke last week is no reason to wait.
 */
export async function waitForCluster(input: ClusterGateInput): Promise<void> {
  const limit = input.timeoutMinutes * 60_000;
  const leases = new KubeletLeases(input.request);
  await waitUntil({
    ...input,
    pollEvery,
    look: async () => {
      const problems = await problemsOf(input, leases);
      return problems.length === 0 ? undefined : problems;
    },
    message: ([first, ...others]) =>
      `waiting for the cluster: ${first?.message}${others.length === 0 ? "" : `, and ${others.length} more`}`,
    isOver: (problems, start, now) => problems.every(({ since = start }) => now - since >= limit),
    failure: async (problems) => new ClusterNotReadyError(await failureMessage(input, problems)),
  });
}

async function problemsOf(input: ClusterGateInput, leases: KubeletLeases): Promise<Problem[]> {
  try {
    const nodes = await listNodes(input.request);
    await input.seen(nodes);
    return [
      ...nodeProblems(input, nodes, await leases.silent(input.touched())),
      ...(input.isCalico ? await calicoProblems(input.request) : []),
      ...(input.flux === undefined ? [] : await fluxProblems(input.request, input.flux)),
    ];
  } catch (error) {
    // The endpoint may move to another machine while machines join.
    return [{ message: messageOf(error) }];
  }
}

function nodeProblems(
  { machines, nodesReady }: ClusterGateInput,
  nodes: readonly Node[],
  silent: ReadonlySet<string>,
): Problem[] {
  const byName = new Map(nodes.map((node) => [node.metadata.name, node]));
  return machines.flatMap((machine): Problem[] => {
    const node = byName.get(machine);
    if (node === undefined) return [{ message: `machine ${machine} has not become a node`, machine }];
    if (silent.has(machine))
      return [
        {
          message: `the kubelet of machine ${machine} gave no sign of life since the machine was made or rebooted`,
          machine,
        },
      ];
    return nodesReady ? notReady(`node ${machine}`, node.status?.conditions) : [];
  });
}

interface TigeraStatus {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** What Calico's operator says of it. Before the operator says anything no node is Ready. */
async function calicoProblems(request: KubernetesRequest): Promise<Problem[]> {
  const answer = await request("GET", "/apis/operator.tigera.io/v1/tigerastatuses");
  const listed =
    answer.status === 404 ? [] : documentOf<{ items: TigeraStatus[] }>("a listing of Calico's parts", answer).items;
  const calico = listed.find(({ metadata }) => metadata.name === "calico");
  if (calico === undefined) return [];
  const conditions = calico.status?.conditions ?? [];
  const isTrue = (wanted: string) => conditions.find(({ type, status: is }) => type === wanted && is === "True");
  if (isTrue("Available") !== undefined) return [];
  const message = (isTrue("Degraded") ?? isTrue("Progressing"))?.message;
  return [{ message: `the pod network (Calico) is not available${message ? `: ${message}` : ""}` }];
}

interface FluxObject {
  readonly metadata: { readonly name: string; readonly generation?: number };
  readonly spec?: { readonly suspend?: boolean };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

/**
 * The source, and every Kustomization that the platform has in Flux's namespace; what teams have is in their own. One
 * that is suspended is meant to be.
 */
async function fluxProblems(
  request: KubernetesRequest,
  { namespace, sync }: { namespace: string; sync: string },
): Promise<Problem[]> {
  const listed = async (group: string, plural: string) => {
    const answer = await request("GET", `/apis/${group}.toolkit.fluxcd.io/v1/namespaces/${namespace}/${plural}`);
    // 404: Flux's definitions are not there yet.
    return answer.status === 404 ? [] : documentOf<{ items: FluxObject[] }>(`a listing of the ${plural}`, answer).items;
  };
  const sources = (await listed("source", "gitrepositories")).filter(({ metadata }) => metadata.name === sync);
  const kustomizations = await listed("kustomize", "kustomizations");
  return [
    ...(sources.length === 0 ? [{ message: `GitRepository ${sync} does not exist` }] : []),
    ...(kustomizations.some(({ metadata }) => metadata.name === sync)
      ? []
      : [{ message: `Kustomization ${sync} does not exist` }]),
    ...sources.flatMap((source) => unreconciled("GitRepository", source)),
    ...kustomizations.flatMap((kustomization) => unreconciled("Kustomization", kustomization)),
  ];
}

function unreconciled(kind: string, { metadata, spec, status }: FluxObject): Problem[] {
  if (spec?.suspend === true) return [];
  const what = `${kind} ${metadata.name}`;
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0))
    return [{ message: `${what} has a change that Flux has not seen yet` }];
  return notReady(what, status?.conditions);
}

function notReady(what: string, conditions: readonly Condition[] = []): Problem[] {
  const ready = conditions.find(({ type }) => type === "Ready");
  if (ready?.status === "True") return [];
  const message = notReadyReason(conditions);
  const since = Date.parse(ready?.lastTransitionTime ?? "");
  return [
    { message: `${what} is not Ready${message ? `: ${message}` : ""}`, ...(Number.isNaN(since) ? {} : { since }) },
  ];
}

async function failureMessage(input: ClusterGateInput, problems: readonly Problem[]): Promise<string> {
  const shown = problems.slice(0, shownProblems).map(({ message }) => `- ${message}`);
  const more = problems.length > shownProblems ? [`- and ${problems.length - shownProblems} more`] : [];
  const missing = problems.flatMap(({ machine }) => (machine === undefined ? [] : [machine])).slice(0, shownConsoles);
  const touched = input.touched();
  const old = problems.some(({ machine }) => machine !== undefined && !touched.includes(machine));
  const consoles = missing.length === 0 ? [] : await consoleSections(() => input.consoles(missing));
  return [
    `The machines and the platform exist, but the cluster is not whole after ${counted(input.timeoutMinutes, "minute")} (readiness.clusterTimeoutMinutes):`,
    ...shown,
    ...more,
    ...(missing.length > 0 ? ["What keeps a machine from joining: docs/runbooks/machine-does-not-join.md."] : []),
    ...(old
      ? [
          "A machine that this run did not create may have lost its Node: restart its kubelet (docs/runbooks/node-deleted.md).",
        ]
      : []),
    "Nothing is lost; mend the cause and run `pulumi up` again.",
    ...consoles,
  ].join("\n");
}
