/**
 * kured's lock: whoever holds it may reboot a node, all others wait. It is an annotation of kured's DaemonSet
 * (its package daemonsetlock); with TTL 0 it does not end by itself.
 */
import { documentOf, listAll } from "./answers";
import type { KubernetesRequest } from "./client";

const annotation = "weave.works/kured-node-lock";
const tenantLabel = "openstack-kubernetes/tenant";
/** Who holds it while `up` upgrades Kubernetes. */
const ownName = "openstack-kubernetes-up";
/** After so many hours kured goes on by itself, should `up` have been killed. */
const ownHours = 24;
const nanosecondsPerHour = 3_600e9;
/** A concurrent change refuses a write; how often it is tried. */
const attempts = 5;

interface DaemonSet {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** A tenant may call a DaemonSet of its own kured, and would stop every upgrade by a lock on it. */
async function listKureds(request: KubernetesRequest): Promise<DaemonSet[]> {
  const path = `/apis/apps/v1/daemonsets?fieldSelector=${encodeURIComponent("metadata.name=kured")}`;
  const all = await listAll<DaemonSet>("a listing of DaemonSets", path, request);
  const tenants = await Promise.all(all.map(({ metadata: { namespace } }) => isTenants(namespace, request)));
  return all.filter((_, index) => tenants[index] !== true);
}

/** Where this repository installs kured, and where its own manifests do. */
const platformNamespaces = ["kured", "kube-system"];

async function isTenants(namespace: string, request: KubernetesRequest): Promise<boolean> {
  if (platformNamespaces.includes(namespace)) return false;
  const answer = await request("GET", `/api/v1/namespaces/${namespace}`);
  const { metadata } = documentOf<{ metadata: DaemonSet["metadata"] & { labels?: object } }>(
    `to show namespace ${namespace}`,
    answer,
  );
  return tenantLabel in (metadata.labels ?? {});
}

/** Undefined: nobody, or no longer. */
function holderOf({ metadata }: DaemonSet, now: number): string | undefined {
  const text = metadata.annotations?.[annotation];
  if (text === undefined) return undefined;
  try {
    const { nodeID, created, TTL = 0 } = JSON.parse(text) as { nodeID?: string; created?: string; TTL?: number };
    const isOver = TTL > 0 && created !== undefined && now >= Date.parse(created) + TTL / 1e6;
    return isOver ? undefined : (nodeID ?? "somebody");
  } catch {
    return "somebody";
  }
}

/** Who holds kured's lock, but for an `up`; undefined where nobody does, or there is no kured. */
export async function rebootLockHolder(request: KubernetesRequest, now: number): Promise<string | undefined> {
  const holders = (await listKureds(request)).map((kured) => holderOf(kured, now));
  return holders.find((holder) => holder !== undefined && holder !== ownName);
}

/**
 * Holds reboots back until what it returns is called, at the longest for a day. A lock of somebody else stays: reboots
 * wait for that one. Throws a sentence when the API refuses.
 */
export async function holdReboots(request: KubernetesRequest, now: number): Promise<() => Promise<void>> {
  const value = JSON.stringify({
    nodeID: ownName,
    metadata: { unschedulable: false },
    created: new Date(now).toISOString(),
    TTL: ownHours * nanosecondsPerHour,
  });
  const write =
    (wanted: string | undefined) =>
    async (attempt: number): Promise<void> => {
      for (const kured of await listKureds(request)) {
        const holder = holderOf(kured, now);
        if (holder !== undefined && holder !== ownName) continue;
        const { metadata } = kured;
        const { [annotation]: held, ...others } = metadata.annotations ?? {};
        if (held === wanted) continue;
        const annotations = wanted === undefined ? others : { ...others, [annotation]: wanted };
        const path = `/apis/apps/v1/namespaces/${metadata.namespace}/daemonsets/${metadata.name}`;
        const whole = { apiVersion: "apps/v1", kind: "DaemonSet", ...kured, metadata: { ...metadata, annotations } };
        const answer = await request("PUT", path, whole);
        if (answer.status === 409 && attempt < attempts) return write(wanted)(attempt + 1);
        if (answer.status !== 404) documentOf("the lock of kured", answer);
      }
    };
  await write(value)(1);
  return () => write(undefined)(1);
}
