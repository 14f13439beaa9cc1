/** Which pods a drain takes off a node: those of `kubectl drain --ignore-daemonsets --delete-emptydir-data --force`. */
import type { KubernetesRequest } from "./client";

export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly controller?: boolean;
    }[];
  };
  readonly spec?: {
    readonly volumes?: readonly {
      readonly name: string;
      readonly persistentVolumeClaim?: { readonly claimName: string };
      readonly ephemeral?: object;
    }[];
  };
  readonly status?: { readonly phase?: string };
}

/** Whether its containers have ended for good. */
export const podHasEnded = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

/** `pod shop/cart`. */
export const podName = ({ metadata: { namespace, name } }: Pod): string => `pod ${namespace}/${name}`;

/**
 * The pods that must leave. Those stay that the kubelet runs by itself (mirror pods), that a DaemonSet would put back
 * at once, and that have ended. Pods of a DaemonSet that is gone, pods of nobody and pods with an emptyDir go: the
 * machine goes too. Throws when the API does not say whether a DaemonSet exists.
 */
export async function podsToDrain(pods: readonly Pod[], request: KubernetesRequest): Promise<Pod[]> {
  const existing = new Map<string, boolean>();
  const running = pods.filter(
    (pod) => pod.metadata.annotations?.["kubernetes.io/config.mirror"] === undefined && !podHasEnded(pod),
  );
  const leaving: Pod[] = [];
  for (const pod of running) {
    const daemonSet = daemonSetPath(pod);
    if (daemonSet !== undefined && !existing.has(daemonSet)) existing.set(daemonSet, await exists(daemonSet, request));
    if (daemonSet === undefined || existing.get(daemonSet) === false) leaving.push(pod);
  }
  return leaving;
}

/**
 * Names of the claims that a pod's volumes are of; a generic ephemeral volume's claim is named after pod and volume.
 */
export function claimsOf({ metadata, spec }: Pod): string[] {
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => [
    ...(persistentVolumeClaim === undefined ? [] : [persistentVolumeClaim.claimName]),
    ...(ephemeral === undefined ? [] : [`${metadata.name}-${name}`]),
  ]);
}

function daemonSetPath({ metadata: { namespace, ownerReferences = [] } }: Pod): string | undefined {
  const owner = ownerReferences.find(({ kind, controller }) => controller === true && kind === "DaemonSet");
  return owner === undefined ? undefined : `/apis/apps/v1/namespaces/${namespace}/daemonsets/${owner.name}`;
}

async function exists(path: string, request: KubernetesRequest): Promise<boolean> {
  const { status } = await request("GET", path);
  if (status === 200 || status === 404) return status === 200;
  throw new Error(`The Kubernetes API answers ${status} to GET ${path}`);
}
