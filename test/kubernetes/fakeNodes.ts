/**
 * A Kubernetes API of nodes, pods and attached volumes in a few lines: what draining asks of it, and what came of that.
 */
import type { Node } from "../../src/kubernetes/nodes";
import type { KubernetesRequest } from "../../src/kubernetes/client";

export interface FakePod {
  readonly name: string;
  readonly node: string;
  /** Kind of its controller; empty: it has none. @default ReplicaSet */
  readonly owner?: string;
  /** Comes back with another uid as soon as it has ended, since it tolerates the cordon. */
  readonly returns?: boolean;
  readonly finalizers?: readonly string[];
  /** Name of a claim that a volume of it is of. */
  readonly claim?: string;
  readonly emptyDir?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly phase?: string;
  /** Looks at the pods for which a PodDisruptionBudget holds it; Infinity: for ever. @default 0 */
  readonly held?: number;
  /** Looks for which it takes its time to end. @default 0 */
  readonly ending?: number;
  /** Names of the PodDisruptionBudgets over it, of which Kubernetes allows one. */
  readonly budgets?: readonly string[];
}

const budgetMessage = "Cannot evict pod as it would violate the pod's disruption budget";
const budgetCause = "The disruption budget cart needs 1 healthy pods and has 1 currently";
/** What a drain says of a pod that a PodDisruptionBudget holds. */
export const budget = `${budgetMessage}: ${budgetCause}`;

export class FakeNodes {
  readonly calls: string[] = [];
  /** Set to have the API answer nothing. */
  silent = false;
  /** Nodes whose kubelets renew no lease. */
  readonly dead = new Set<string>();
  /** Static pods of the control plane that are not Ready. */
  readonly brokenPods = new Set<string>();
  /** Called at each listing of the nodes, with its number from 1, before it is answered. */
  atListing: (listing: number) => void = () => undefined;
  /** Names of DaemonSets that exist. */
  readonly daemonSets = new Set<string>();
  /** Names of the persistent volumes of attached volumes, by node. @default none */
  persistentVolumes: Record<string, string> = {};
  private listings = 0;
  private readonly evicted = new Map<string, number>();
  private looks = 0;

  constructor(
    readonly nodes: Map<string, Node>,
    private readonly pods: readonly FakePod[] = [],
    /** Looks at the attached volumes for which one stays on a node. */
    private volumes: Record<string, number> = {},
  ) {}

  readonly request: KubernetesRequest = (method, path, body) => {
    if (this.silent) return Promise.reject(new Error("connect EHOSTUNREACH"));
    const { status, document } = this.answer(method, path, body);
    return Promise.resolve({ status, body: JSON.stringify(document) });
  };

  private answer(method: string, path: string, body: unknown): { status: number; document: unknown } {
    const node = /^\/api\/v1\/nodes\/(.+)$/.exec(path)?.[1];
    if (node !== undefined) return this.nodeAnswer(method, node, body);
    if (method === "GET" && path.startsWith("/api/v1/nodes?")) {
      this.atListing(++this.listings);
      return { status: 200, document: { items: [...this.nodes.values()], metadata: {} } };
    }
    if (method === "GET" && path.startsWith("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases?"))
      return this.leases();
    if (method === "GET" && path.startsWith("/api/v1/namespaces/kube-system/pods?labelSelector=tier%3Dcontrol-plane"))
      return this.staticPods();
    if (method === "GET" && path.startsWith("/api/v1/pods?")) {
      this.looks++;
      return {
        status: 200,
        document: { items: this.podsOn(new URLSearchParams(path.split("?")[1]).get("fieldSelector")!), metadata: {} },
      };
    }
    if (method === "GET" && path.split("?")[0] === "/apis/storage.k8s.io/v1/volumeattachments")
      return { status: 200, document: { items: this.attached(), metadata: {} } };
    if (method === "GET" && path.startsWith("/apis/policy/v1/namespaces/shop/poddisruptionbudgets"))
      return this.budgets();
    const daemonSet = /^\/apis\/apps\/v1\/namespaces\/shop\/daemonsets\/(.+)$/.exec(path)?.[1];
    if (daemonSet !== undefined) return { status: this.daemonSets.has(daemonSet) ? 200 : 404, document: {} };
    const claim = /^\/api\/v1\/namespaces\/shop\/persistentvolumeclaims\/(.+)$/.exec(path)?.[1];
    if (claim !== undefined) return { status: 200, document: { spec: { volumeName: `volume-of-${claim}` } } };
    const pod = /^\/api\/v1\/namespaces\/shop\/pods\/(.+)\/eviction$/.exec(path)?.[1];
    if (method === "POST" && pod !== undefined)
      return this.evict(
        pod,
        (body as { deleteOptions: { preconditions: { uid: string } } }).deleteOptions.preconditions.uid,
      );
    throw new Error(`unexpected: ${method} ${path}`);
  }

  private budgets() {
    const items = this.pods.flatMap(({ name, budgets = [] }) =>
      budgets.map((budget) => ({
        metadata: { name: budget, namespace: "shop" },
        spec: { selector: { matchLabels: { app: name } } },
      })),
    );
    return { status: 200, document: { items, metadata: {} } };
  }

  private nodeAnswer(method: string, name: string, body: unknown) {
    if (method === "GET" && !this.nodes.has(name))
      return { status: 404, document: { kind: "Status", message: "not found" } };
    if (method !== "GET") this.calls.push(`${method} ${name}`);
    if (method === "DELETE") this.nodes.delete(name);
    if (method === "PUT") this.nodes.set(name, body as Node);
    return { status: 200, document: this.nodes.get(name) ?? {} };
  }

  private leases() {
    const renewTime = (name: string) =>
      this.dead.has(name) ? "2026-01-05T10:00:00Z" : `2026-01-05T10:00:00.${this.listings}Z`;
    return {
      status: 200,
      document: {
        items: [...this.nodes.keys()].map((name) => ({ metadata: { name }, spec: { renewTime: renewTime(name) } })),
        metadata: {},
      },
    };
  }

  private staticPods() {
    const names = [...this.nodes.keys()].flatMap((node) =>
      ["etcd", "kube-apiserver", "kube-scheduler"].map((component) => `${component}-${node}`),
    );
    const items = names.map((name) => ({
      metadata: { name },
      status: { conditions: [{ type: "Ready", status: this.brokenPods.has(name) ? "False" : "True" }] },
    }));
    return { status: 200, document: { items, metadata: {} } };
  }

  private podsOn(selector: string): object[] {
    return this.pods
      .filter((pod) => `spec.nodeName=${pod.node}` === selector && (pod.returns === true || !this.hasEnded(pod)))
      .map((pod) => {
        const { name, owner = "ReplicaSet", annotations = {}, phase = "Running", finalizers, claim, emptyDir } = pod;
        const ending = this.evicted.has(name) && !this.hasEnded(pod);
        return {
          metadata: {
            name,
            namespace: "shop",
            uid: this.uidOf(pod),
            annotations,
            labels: { app: name },
            finalizers,
            ownerReferences: owner === "" ? [] : [{ kind: owner, name, controller: true }],
            ...(ending ? { deletionTimestamp: "2026-01-05T10:00:30Z" } : {}),
          },
          spec: {
            volumes: [
              ...(claim === undefined ? [] : [{ name: "data", persistentVolumeClaim: { claimName: claim } }]),
              ...(emptyDir === true ? [{ name: "scratch", emptyDir: {} }] : []),
            ],
          },
          status: { phase },
        };
      });
  }

  private hasEnded({ name, ending = 0 }: FakePod): boolean {
    return this.looks > (this.evicted.get(name) ?? Infinity) + ending;
  }

  private uidOf(pod: FakePod): string {
    return this.hasEnded(pod) ? `${pod.name}-again` : pod.name;
  }

  private evict(name: string, uid: string) {
    const pod = this.pods.find((one) => one.name === name)!;
    if (uid !== this.uidOf(pod)) return { status: 409, document: { kind: "Status", message: "another uid" } };
    if ((pod.budgets ?? []).length > 1) {
      // Kubernetes 1.36, pkg/registry/core/pod/storage/eviction.go.
      const message =
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
      return { status: 500, document: { kind: "Status", status: "Failure", message, code: 500 } };
    }
    if (this.looks <= (pod.held ?? 0)) {
      const details = { causes: [{ reason: "DisruptionBudget", message: budgetCause }] };
      return { status: 429, document: { kind: "Status", message: `${budgetMessage}.`, details } };
    }
    this.calls.push(`evict ${name}`);
    this.evicted.set(name, this.looks);
    return { status: 201, document: { kind: "Status" } };
  }

  private attached(): object[] {
    return Object.entries(this.volumes).flatMap(([node, looks]) => {
      this.volumes = { ...this.volumes, [node]: looks - 1 };
      const source = { persistentVolumeName: this.persistentVolumes[node] };
      return looks > 0 ? [{ metadata: { name: `csi-${node}` }, spec: { nodeName: node, source } }] : [];
    });
  }
}

export function fakeNode(
  name: string,
  changes: {
    annotations?: Record<string, string>;
    labels?: Record<string, string>;
    ready?: boolean;
    cordoned?: boolean;
  } = {},
): Node {
  const { annotations = {}, labels = {}, ready = true, cordoned } = changes;
  return {
    metadata: { name, annotations, labels, resourceVersion: "7" },
    spec: cordoned === undefined ? {} : { unschedulable: cordoned },
    status: { conditions: [{ type: "Ready", status: ready ? "True" : "Unknown" }] },
  };
}
