/** A stand-in API whose nodes have stand-in agents, and what `up` orders of them. */
import { messageOf } from "../../src/engine/messageOf";
import type { KubernetesRequest } from "../../src/kubernetes/client";
import { answerAnnotation, drainedAnnotation, orderAnnotation } from "../../src/kubernetes/filesGuard";
import { answerOf } from "../../src/kubernetes/filesInPlace";
import { kubeletVersionOf, type Node } from "../../src/kubernetes/nodes";
import { takeChangedFiles, type ChangedFilesInput } from "../../src/up/changedFiles";
import { filesMachines } from "../../src/up/filesMachines";
import { sampleConfig } from "../bootstrap/samples";
import { standingClock } from "../engine/standingClock";
import { FakeNodes, type FakePod, fakeNode } from "../kubernetes/fakeNodes";

export const mirrored = (endpoint: string, count = 4, replicas = 3) =>
  sampleConfig({
    registryMirrors: [{ registry: "quay.io", endpoints: [endpoint] }],
    controlPlane: { flavor: "medium", replicas },
    nodePools: [{ name: "default", count, flavor: "large" }],
    kubernetes: { podCidr: "172.16.0.0/12" },
  });
export const before = mirrored("https://old.example.org");
export const after = mirrored("https://new.example.org");
export const digestOf = (config: typeof before, pool: "control-plane" | "worker" = "worker") =>
  filesMachines(config).find(({ role }) => role === pool)!.files.digest;

/** Annotations of a node whose agent has the files of a configuration. */
export function having(
  config: typeof before,
  role: "control-plane" | "worker",
  packageManager = "apt",
): Record<string, string> {
  const order = digestOf(config, role);
  const answer = { order, state: "reached", message: "done", packageManager };
  return { [orderAnnotation]: order, [answerAnnotation]: JSON.stringify(answer) };
}

/** A cluster whose nodes have agents that answer at the second look. */
export class Agents {
  /** Each order, with the seconds at which it was given. */
  readonly orders: string[] = [];
  readonly published: string[] = [];
  readonly nodes = new Map<string, Node>();
  readonly clock = standingClock();
  /** Version of Kubernetes that agents install; undefined: none. */
  target: string | undefined;
  /** What was done to nodes of which the kubelet gets another version, in order. */
  readonly events: string[] = [];
  /** Machines whose agents answer that they failed, and machines whose agents are silent. */
  readonly failing = new Set<string>();
  readonly silent = new Set<string>();
  readonly api: FakeNodes;
  /** What is asked before an upgrade, and answered as by a cluster that is fit for it. */
  readonly facts: Record<string, unknown> = {
    "/version": { gitVersion: "v1.35.8" },
    "/api/v1/namespaces/kube-system/configmaps/kubeadm-config": {
      data: { ClusterConfiguration: "kubernetesVersion: v1.35.8\n" },
    },
    "/apis/policy/v1/poddisruptionbudgets": { items: [], metadata: {} },
    "/metrics": "",
    "/apis/apps/v1/daemonsets": { items: [], metadata: {} },
  };
  private readonly objects = new Map<string, unknown>();
  private readonly seen = new Set<string>();

  constructor(config = before, annotations = having, pods: readonly FakePod[] = []) {
    this.api = new FakeNodes(this.nodes, pods);
    for (const { name, role, version } of filesMachines(config)) {
      this.nodes.set(name, fakeNode(name, { annotations: annotations(config, role as "worker") }));
      this.setKubelet(name, version!);
    }
  }

  setKubelet(name: string, version: string): void {
    const node = this.nodes.get(name)!;
    this.nodes.set(name, { ...node, status: { ...node.status, nodeInfo: { kubeletVersion: `v${version}` } } });
  }

  readonly request: KubernetesRequest = async (method, path, body) => {
    if (!path.startsWith("/api/v1/nodes")) {
      if (path.includes("secrets") || path.includes("admission") || path.includes("rbac"))
        return this.object(method, path, body);
      const fact = this.facts[path.split("?")[0]!];
      if (fact !== undefined) return { status: 200, body: typeof fact === "string" ? fact : JSON.stringify(fact) };
      return this.api.request(method, path, body);
    }
    const name = /^\/api\/v1\/nodes\/([^?]+)$/.exec(path)?.[1];
    if (method === "GET" && name !== undefined) this.work(name);
    if (method === "PUT" && name !== undefined) {
      this.orders.push(`${name} ${this.clock.now() / 1000}`);
      this.note(name, this.nodes.get(name)!, body as Node);
    }
    return this.api.request(method, path, body);
  };

  private note(name: string, old: Node, node: Node): void {
    const cordoned = ({ spec }: Node) => spec?.["unschedulable"] === true;
    const drained = ({ metadata }: Node) => metadata.annotations?.[drainedAnnotation];
    const short = name.replace("test-", "");
    if (cordoned(node) !== cordoned(old)) this.events.push(`${short} ${cordoned(node) ? "cordoned" : "open"}`);
    else if (drained(node) !== undefined && drained(node) !== drained(old)) this.events.push(`${short} drained`);
  }

  private object(method: string, path: string, body: unknown) {
    const name = method === "POST" ? `${path}/${(body as Node).metadata.name}` : path;
    if (method === "GET" && !this.objects.has(name)) return { status: 404, body: "{}" };
    if (method !== "GET") {
      this.published.push(name.split("/").at(-1)!);
      this.objects.set(name, body);
    }
    return { status: method === "POST" ? 201 : 200, body: JSON.stringify(this.objects.get(name)) };
  }

  private work(name: string): void {
    const node = this.nodes.get(name)!;
    const order = node.metadata.annotations?.[orderAnnotation];
    const look = `${name} ${order}`;
    const first = !this.seen.has(look);
    this.seen.add(look);
    if (first || order === undefined || this.silent.has(name)) return;
    const answer = answerOf(node);
    if (answer?.order === order && answer.state !== "drain") return;
    const version = this.target;
    if (version !== undefined && kubeletVersionOf(node) !== version && !this.failing.has(name)) {
      if (node.metadata.annotations?.[drainedAnnotation] !== order) {
        this.answerFor(name, order, "drain", "waits");
        return;
      }
      this.setKubelet(name, version);
      this.events.push(`${name.replace("test-", "")} ${version}`);
    }
    const [state, message]: [string, string] = this.failing.has(name)
      ? ["failed", "containerd: invalid"]
      : ["reached", "changed /x"];
    this.answerFor(name, order, state, message);
  }

  private answerFor(name: string, order: string, state: string, message: string): void {
    const node = this.nodes.get(name)!;
    const answer = JSON.stringify({ order, state, message, packageManager: "apt" });
    const annotations = { ...node.metadata.annotations, [answerAnnotation]: answer };
    this.nodes.set(name, { ...node, metadata: { ...node.metadata, annotations } });
  }

  async take(config = after, changes: Partial<ChangedFilesInput> = {}): Promise<{ told: string[]; error?: string }> {
    const told: string[] = [];
    const error = await takeChangedFiles({
      clusterName: "test",
      machines: filesMachines(config),
      packageManager: "apt",
      withAgent: new Set(),
      created: new Set(),
      maxUnavailable: "2",
      nodeTimeoutMinutes: 10,
      drain: "minor",
      drainTimeoutMinutes: 10,
      unlistedComponents: [],
      timeoutMinutes: 30,
      request: this.request,
      progress: () => undefined,
      tell: (line) => told.push(line),
      warn: (line) => told.push(`warning: ${line}`),
      clock: this.clock,
      ...changes,
    }).then(() => undefined, messageOf);
    return { told, ...(error === undefined ? {} : { error }) };
  }

  /** Names of the machines that were ordered, those at the same time together. */
  batches(): string[][] {
    const times = [...new Set(this.orders.map((order) => order.split(" ")[1]!))];
    return times.map((time) =>
      this.orders
        .filter((order) => order.endsWith(` ${time}`))
        .map((order) => order.split(" ")[0]!.replace("test-", "")),
    );
  }
}
