/** The files of machines that run, as objects of the cluster: published by `up`, read and answered by agents. */
import { filesDigest, type PoolFiles } from "../bootstrap/filesInPlace";
import { documentOf } from "./answers";
import type { KubernetesRequest } from "./client";
import {
  answerAnnotation,
  drainedAnnotation,
  filesGuard,
  filesNamespace,
  orderAnnotation,
  type FilesObject,
} from "./filesGuard";
import type { Node } from "./nodes";

/** What an agent says of the last order that it has seen. */
interface AgentAnswer {
  readonly order: string;
  /** `drain`: it waits until its pods are gone. That, `working` and `waiting` (for the first order) pass. */
  readonly state: "waiting" | "working" | "drain" | "reached" | "failed";
  /** The step that it is at, what was done, or why it failed. */
  readonly message: string;
  /** Tells the families of operating systems apart. */
  readonly packageManager: string;
}

/** The agent's answer; undefined where there is none, or somebody spoiled it. */
export function answerOf({ metadata }: Node): AgentAnswer | undefined {
  try {
    return JSON.parse(metadata.annotations?.[answerAnnotation] ?? "") as AgentAnswer;
  } catch {
    return undefined;
  }
}

/** Whether the agent of a node has laid exactly these files. */
export function hasFiles(node: Node, { digest }: Pick<PoolFiles, "digest">): boolean {
  const answer = answerOf(node);
  return answer?.order === digest && answer.state === "reached" && orderOf(node) === digest;
}

export function orderOf({ metadata }: Node): string | undefined {
  return metadata.annotations?.[orderAnnotation];
}

/** Whether its machine has an order that it has neither carried out nor refused. */
export function takesOrder(node: Node): boolean {
  const order = orderOf(node);
  const answer = answerOf(node);
  return order !== undefined && (answer?.order !== order || !["reached", "failed"].includes(answer.state));
}

/**
 * The node with the order, and without an answer to it: an agent that failed tries again.
 *
 * @param drained Whether its pods are gone, or may stay.
 */
export function withOrder(node: Node, { digest }: Pick<PoolFiles, "digest">, drained: boolean): Node | undefined {
  const answer = answerOf(node);
  const again = answer?.order === digest && answer.state === "failed";
  const before = node.metadata.annotations ?? {};
  if (before[orderAnnotation] === digest && !again && (!drained || before[drainedAnnotation] === digest))
    return undefined;
  const dropped = new Set([...(again ? [answerAnnotation] : []), ...(drained ? [] : [drainedAnnotation])]);
  const kept = Object.entries(before).filter(([key]) => !dropped.has(key));
  const mark: Record<string, string> = drained ? { [drainedAnnotation]: digest } : {};
  const annotations = { ...Object.fromEntries(kept), [orderAnnotation]: digest, ...mark };
  return { ...node, metadata: { ...node.metadata, annotations } };
}

/** What a Secret says that machines have. */
type HeldFiles = Pick<PoolFiles, "files" | "digest">;

/**
 * Publishes guard, rights and the Secrets of all pools; what is there as it should be is not written. Returns by pool
 * what the Secrets held before. Throws a sentence when the API refuses.
 */
export async function publishFiles(
  clusterName: string,
  pools: readonly PoolFiles[],
  request: KubernetesRequest,
): Promise<ReadonlyMap<string, HeldFiles>> {
  const names = pools.map(({ secretName }) => secretName);
  for (const wanted of filesGuard(clusterName, names)) await publish(wanted, request);
  const held = new Map<string, HeldFiles>();
  for (const pool of pools) held.set(pool.pool, heldBy(await publish(secretOf(pool), request)));
  return held;
}

/** Empty texts where the Secret was not there. */
function heldBy(secret: object | undefined): HeldFiles {
  const { data = {} } = (secret ?? {}) as { data?: Readonly<Record<string, string>> };
  const text = (key: string) => Buffer.from(data[key] ?? "", "base64").toString("utf8");
  const files = text("files.json");
  return { files, digest: filesDigest(text("agent"), files) };
}

function secretOf({ secretName, agent, files }: PoolFiles): FilesObject {
  const encoded = (text: string) => Buffer.from(text, "utf8").toString("base64");
  return {
    path: `/api/v1/namespaces/${filesNamespace}/secrets`,
    object: {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: secretName, namespace: filesNamespace },
      data: { agent: encoded(agent), "files.json": encoded(files) },
    },
  };
}

/** Creates or updates an object; one that is as wanted is not written. Returns what was there before. */
export async function publish({ path, object }: FilesObject, request: KubernetesRequest): Promise<object | undefined> {
  const what = `${object.kind} ${object.metadata.name}`;
  const own = `${path}/${object.metadata.name}`;
  const found = await request("GET", own);
  if (found.status === 404) {
    documentOf(`to create ${what}`, await request("POST", path, object));
    return undefined;
  }
  const present = documentOf<FilesObject["object"] & { metadata: object }>(`to show ${what}`, found);
  if (isContained(object, present)) return present;
  const metadata = { ...present.metadata, ...object.metadata };
  documentOf(`to update ${what}`, await request("PUT", own, { ...object, metadata }));
  return present;
}

/** Whether `present` has everything of `wanted`: the API server fills in defaults beside it. */
function isContained(wanted: unknown, present: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return wanted === present;
  if (typeof present !== "object" || present === null) return false;
  if (Array.isArray(wanted) && wanted.length !== (present as unknown[]).length) return false;
  return Object.entries(wanted).every(([key, value]) => isContained(value, (present as Record<string, unknown>)[key]));
}
