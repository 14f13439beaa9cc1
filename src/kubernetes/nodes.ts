/**
 * Labels and taints of a pool on its Node objects (docs/decisions/0020). A kubelet sets them when its node registers;
 * from then on each `up` reconciles them here.
 *
 * Not a NodePatch resource per node: a Node's taints are one atomic list to server-side apply, so whoever applies them
 * owns them all, the node controller's "not-ready" and a cordon included. And a thousand nodes would be a thousand
 * resources in every preview. Here it is one listing per `up`, and one write for each node that differs
 * (docs/decisions/0006).
 */
import { inParallel } from "../engine/inParallel";
import type { MachineSpec } from "../machines/planMachines";
import { documentOf, listAll } from "./answers";
import type { KubernetesRequest } from "./client";

/**
 * Holds what this program last set on a node, so that what is taken out of the configuration is taken off the node, and
 * nothing else is.
 */
export const appliedAnnotation = "openstack-kubernetes/pool-settings";

interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** As Kubernetes and Flux tell the state of an object. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
  /** RFC 3339: since when the status is what it is. */
  readonly lastTransitionTime?: string;
}

export interface Node {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [other: string]: unknown;
  };
  readonly spec?: { readonly taints?: readonly Taint[]; readonly [other: string]: unknown };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly nodeInfo?: { readonly kubeletVersion?: string; readonly [other: string]: unknown };
    readonly [other: string]: unknown;
  };
  readonly [other: string]: unknown;
}

/** Version of the node's kubelet without its v, for instance "1.36.3"; undefined where the node does not say. */
export function kubeletVersionOf({ status }: Node): string | undefined {
  return status?.nodeInfo?.kubeletVersion?.replace(/^v/, "");
}

/** Whether a node, or whatever else tells its state by conditions, says that it is Ready. */
export function isReady({ status }: { readonly status?: { readonly conditions?: readonly Condition[] } }): boolean {
  return status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") ?? false;
}

/** Why something is not Ready by its own conditions, on one line; undefined where they do not say. */
export function notReadyReason(conditions: readonly Condition[]): string | undefined {
  const ready = conditions.find(({ type }) => type === "Ready");
  // While Flux works on something, only this condition says what it waits for; Ready says "Reconciliation in progress".
  const doing =
    ready?.status === "Unknown"
      ? conditions.find(({ type, status }) => type === "Reconciling" && status === "True")
      : undefined;
  return (doing?.message ?? ready?.message)?.replace(/\s+/g, " ").trim() || undefined;
}

/** Keys of labels, and `key:effect` of taints. */
interface Applied {
  readonly labels: readonly string[];
  readonly taints: readonly string[];
}

type PoolSettings = Pick<MachineSpec, "labels" | "taints">;

const identity = ({ key, effect }: Taint) => `${key}:${effect}`;

/**
 * The node as its pool wants it, or undefined when it is so already. Labels and taints that others set stay; a pool
 * without settings leaves a node alone that it never had any on.
 */
export function withPoolSettings(node: Node, pool: PoolSettings): Node | undefined {
  const { labels = {}, annotations = {} } = node.metadata;
  const taints = node.spec?.taints ?? [];
  const before = appliedOn(annotations);
  const wanted = pool.taints.map(({ key, value, effect }): Taint => ({
    key,
    ...(value === "" ? {} : { value }),
    effect,
  }));
  const now: Applied = { labels: Object.keys(pool.labels).sort(), taints: wanted.map(identity).sort() };
  if (before === undefined && now.labels.length + now.taints.length === 0) return undefined;

  const dropped = new Set((before?.labels ?? []).filter((key) => !now.labels.includes(key)));
  const newLabels = {
    ...Object.fromEntries(Object.entries(labels).filter(([key]) => !dropped.has(key))),
    ...pool.labels,
  };
  const ours = new Set([...(before?.taints ?? []), ...now.taints]);
  const newTaints = [...taints.filter((taint) => !ours.has(identity(taint))), ...wanted];
  const newAnnotations = { ...annotations, [appliedAnnotation]: JSON.stringify(now) };
  if (sameMap(labels, newLabels) && sameMap(annotations, newAnnotations) && sameTaints(taints, newTaints))
    return undefined;
  return {
    ...node,
    metadata: { ...node.metadata, labels: newLabels, annotations: newAnnotations },
    spec: { ...node.spec, taints: newTaints },
  };
}

/**
 * Undefined when nothing was ever applied. An annotation that somebody spoiled counts as "nothing in particular", never
 * as an error.
 */
function appliedOn(annotations: Readonly<Record<string, string>>): Applied | undefined {
  const text = annotations[appliedAnnotation];
  if (text === undefined) return undefined;
  const list = (value: unknown) => (Array.isArray(value) ? value.filter((item) => typeof item === "string") : []);
  try {
    const { labels, taints } = JSON.parse(text) as Record<string, unknown>;
    return { labels: list(labels), taints: list(taints) };
  } catch {
    return { labels: [], taints: [] };
  }
}

function sameMap(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(b);
  return Object.keys(a).length === keys.length && keys.every((key) => a[key] === b[key]);
}

/** Their order means nothing. */
function sameTaints(a: readonly Taint[], b: readonly Taint[]): boolean {
  const texts = (taints: readonly Taint[]) => taints.map((taint) => `${identity(taint)}=${taint.value ?? ""}`).sort();
  return JSON.stringify(texts(a)) === JSON.stringify(texts(b));
}

/**
 * Gives those of `nodes` that are workers of the plan the labels and taints of their pool. Returns the names of the
 * nodes written; throws a sentence when the API refuses.
 */
export async function reconcileNodes(
  machines: readonly Pick<MachineSpec, "name" | "role" | "labels" | "taints">[],
  nodes: readonly Node[],
  request: KubernetesRequest,
): Promise<readonly string[]> {
  const pools = new Map(machines.filter(({ role }) => role === "worker").map((spec) => [spec.name, spec]));
  const todo = nodes.filter((node) => {
    const pool = pools.get(node.metadata.name);
    return pool !== undefined && withPoolSettings(node, pool) !== undefined;
  });
  const changed: string[] = [];
  await inParallel(todo, async (node) => {
    const pool = pools.get(node.metadata.name) as PoolSettings;
    if (await changeNode("the labels and taints", node, (current) => withPoolSettings(current, pool), request))
      changed.push(node.metadata.name);
  });
  return changed.sort();
}

/** A node as it is now. Throws a sentence when the API refuses, or there is none. */
export async function readNode(name: string, request: KubernetesRequest): Promise<Node> {
  return documentOf<Node>(`to show node ${name}`, await request("GET", `/api/v1/nodes/${name}`));
}

/** All nodes of the cluster. */
export function listNodes(request: KubernetesRequest): Promise<Node[]> {
  return listAll<Node>("a listing of the nodes", "/api/v1/nodes", request);
}

/** How often a write is tried again that another writer (the kubelet, the node controller) was ahead of. */
const attempts = 5;

/**
 * Writes what `change` makes of a node; undefined means that it is as it should be. Whether the node was written: false
 * when it is gone, or has become as wanted in the meantime. Throws a sentence when the API refuses `what`.
 */
export async function changeNode(
  what: string,
  node: Node,
  change: (node: Node) => Node | undefined,
  request: KubernetesRequest,
): Promise<boolean> {
  const path = `/api/v1/nodes/${node.metadata.name}`;
  let current = node;
  for (let attempt = 1; ; attempt++) {
    const wanted = change(current);
    if (wanted === undefined) return false;
    // The resourceVersion that was read goes along, so a concurrent change is refused (409) and never overwritten.
    const answer = await request("PUT", path, { apiVersion: "v1", kind: "Node", ...wanted });
    if (answer.status === 404) return false;
    if (answer.status !== 409 || attempt === attempts) {
      documentOf(`${what} of node ${node.metadata.name}`, answer);
      return true;
    }
    const fresh = await request("GET", path);
    if (fresh.status === 404) return false;
    current = documentOf(`to show node ${node.metadata.name}`, fresh);
  }
}

/** Removes a Node, which may be gone already. Throws a sentence when the API refuses. */
export async function removeNode(name: string, request: KubernetesRequest): Promise<void> {
  const answer = await request("DELETE", `/api/v1/nodes/${name}`);
  if (answer.status !== 404) documentOf(`the removal of node ${name}`, answer);
}
