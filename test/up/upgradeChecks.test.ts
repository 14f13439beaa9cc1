/** What keeps `up` from an upgrade, against a stand-in API. */
import type { KubernetesRequest } from "../../src/kubernetes/client";
import { leavingAnnotation } from "../../src/kubernetes/leavingMark";
import type { Node } from "../../src/kubernetes/nodes";
import { upgradeRefusals } from "../../src/up/upgradeChecks";
import { fakeNode } from "../kubernetes/fakeNodes";

const controlPlane = ["cp-0", "cp-1", "cp-2"];
const workers = ["w-0", "w-1"];

function node(name: string, version = "1.35.8", changes: Parameters<typeof fakeNode>[1] = {}): Node {
  const made = fakeNode(name, changes);
  return { ...made, status: { ...made.status, nodeInfo: { kubeletVersion: `v${version}` } } };
}

/** A healthy cluster of 1.35.8. */
function cluster() {
  return {
    answering: "1.35.8",
    kept: "1.35.8",
    nodes: new Map([...controlPlane, ...workers].map((name) => [name, node(name)])),
    brokenPods: [] as string[],
    budgets: [] as object[],
    pods: [] as object[],
    metrics: "# TYPE apiserver_requested_deprecated_apis gauge\n",
    kured: undefined as string | undefined,
    /** Beginnings of paths that are answered with 500. */
    silent: [] as string[],
  };
}

function refusals(state: ReturnType<typeof cluster>, changes: Partial<Parameters<typeof upgradeRefusals>[0]> = {}) {
  const list = (items: readonly object[]) => ({ items, metadata: {} });
  const request: KubernetesRequest = (_, path) => {
    if (state.silent.some((begin) => path.startsWith(begin)))
      return Promise.resolve({ status: 500, body: JSON.stringify({ message: "etcd is away" }) });
    const answers: Readonly<Record<string, () => unknown>> = {
      "/version": () => ({ gitVersion: `v${state.answering}` }),
      "/api/v1/namespaces/kube-system/configmaps/kubeadm-config": () => ({
        data: { ClusterConfiguration: `kubernetesVersion: v${state.kept}\n` },
      }),
      "/api/v1/namespaces/kube-system/pods": () =>
        list(
          controlPlane.flatMap((name) =>
            [`etcd-${name}`, `kube-apiserver-${name}`].map((pod) =>
              fakeNode(pod, { ready: !state.brokenPods.includes(pod) }),
            ),
          ),
        ),
      "/apis/policy/v1/poddisruptionbudgets": () => list(state.budgets),
      "/api/v1/pods": () => list(state.pods),
      "/metrics": () => state.metrics,
      "/apis/apps/v1/daemonsets": () =>
        list([
          {
            metadata: {
              name: "kured",
              namespace: "kured",
              annotations: { "weave.works/kured-node-lock": state.kured },
            },
          },
        ]),
    };
    const answer = answers[path.split("?")[0] as string]!();
    return Promise.resolve({ status: 200, body: typeof answer === "string" ? answer : JSON.stringify(answer) });
  };
  return upgradeRefusals({
    version: "1.36.3",
    controlPlane,
    workers,
    nodes: [...state.nodes.values()],
    withoutAgent: [],
    drains: true,
    unlistedComponents: [],
    now: Date.parse("2026-11-30T10:30:00Z"),
    request,
    ...changes,
  });
}

const budget = (expectedPods: number, disruptionsAllowed: number) => ({
  metadata: { namespace: "shop", name: "cart" },
  status: { expectedPods, disruptionsAllowed },
});
const deprecated = (release: string, value = 1) =>
  `apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="${release}",resource="flowschemas",subresource="",version="v1beta3"} ${value}\n`;

describe("an upgrade of a healthy cluster", () => {
  it("is not refused, by a minor, by a patch, and when it goes on", async () => {
    const upgraded = { ...cluster(), kept: "1.36.3", answering: "1.36.3" };
    upgraded.nodes.set("cp-0", node("cp-0", "1.36.3"));
    expect([
      await refusals(cluster()),
      await refusals(cluster(), { version: "1.35.9" }),
      await refusals(upgraded),
    ]).toEqual([[], [], []]);
  });

  it("is not refused for budgets of nobody, for APIs of later minors, or for budgets where nothing is drained", async () => {
    const state = {
      ...cluster(),
      budgets: [budget(0, 0), budget(2, 1)],
      metrics: deprecated("1.37") + deprecated("1.36", 0),
    };
    const closed = { ...cluster(), budgets: [budget(2, 0)] };
    expect([await refusals(state), await refusals(closed, { drains: false })]).toEqual([[], []]);
  });

  it("is not refused where somebody has stopped reboots, or a reboot's time is over", async () => {
    const stopped = { ...cluster(), kured: '{"nodeID":"manual"}' };
    const over = { ...cluster(), kured: '{"nodeID":"w-0","created":"2026-11-30T10:00:00Z","TTL":60000000000}' };
    expect([await refusals(stopped), await refusals(over)]).toEqual([[], []]);
  });
});

describe("an upgrade is refused", () => {
  it.each<
    [string, (state: ReturnType<typeof cluster>) => void, Partial<Parameters<typeof upgradeRefusals>[0]>, string]
  >([
    [
      "of a skipped minor",
      () => undefined,
      { version: "1.37.1" },
      "1.37.1 skips minors after 1.35.8. Upgrade to 1.36 first.",
    ],
    [
      "of a downgrade",
      (state) => (state.kept = "1.36.4"),
      {},
      "The control plane is 1.36.4, and Kubernetes has no way back to 1.36.3. Keep 1.36.4 or newer.",
    ],
    [
      "of a newer kubelet",
      (state) => state.nodes.set("w-1", node("w-1", "1.36.4")),
      {},
      "Kubelets are newer than 1.36.3: w-1 (1.36.4). Roll these machines.",
    ],
    [
      "of a kubelet that is too old",
      (state) => state.nodes.set("w-1", node("w-1", "1.32.9")),
      {},
      "Kubelets are too old for 1.36.3: w-1 (1.32.9). Upgrade or roll them first.",
    ],
    [
      "of a node that is not Ready",
      (state) => state.nodes.set("w-1", node("w-1", "1.35.8", { ready: false })),
      {},
      "Not Ready: w-1. Repair or replace each (docs/runbooks/replace-machine.md).",
    ],
    [
      "of a lost machine of the control plane",
      (state) => state.nodes.delete("cp-2"),
      {},
      "Of the control plane these have no Node: cp-2. Finish an `up` first.",
    ],
    [
      "of a machine of an older program",
      () => undefined,
      { withoutAgent: ["w-0"] },
      "These machines take no changed settings: w-0. Roll them first.",
    ],
    [
      "of an unfinished roll",
      (state) => state.nodes.set("w-1", node("w-1", "1.35.8", { annotations: { [leavingAnnotation]: "schedulable" } })),
      {},
      "A roll or a smaller pool is not finished: w-1. Finish that `up` first.",
    ],
    [
      "of an unhealthy etcd member",
      (state) => state.brokenPods.push("etcd-cp-1"),
      {},
      "Not Ready in the control plane: etcd-cp-1. Mend them first (`npm run status`).",
    ],
    [
      "of a budget that allows no eviction",
      (state) => state.budgets.push(budget(2, 0)),
      {},
      "PodDisruptionBudgets allow no eviction now: shop/cart. Change them, or make their pods healthy (docs/runbooks/drain-held.md).",
    ],
    [
      "two budgets are over a pod",
      (state) => {
        const over = (name: string, app: string) => ({
          metadata: { namespace: "shop", name },
          spec: { selector: { matchLabels: { app } } },
        });
        const pod = (app: string) => ({ metadata: { namespace: "shop", name: `${app}-0`, uid: app, labels: { app } } });
        state.budgets.push(over("cart", "cart"), over("basket", "cart"), over("till", "till"));
        state.pods.push(pod("cart"), pod("till"));
      },
      {},
      "Kubernetes never evicts a pod that more than one PodDisruptionBudget is over: pod shop/cart-0 (PodDisruptionBudgets basket, cart). Leave one of them over each (docs/runbooks/drain-held.md).",
    ],
    [
      "of a removed API in use",
      (state) => (state.metrics += deprecated("1.36")),
      {},
      "Somebody still asks for APIs that 1.36.3 does not have: flowschemas of flowcontrol.apiserver.k8s.io/v1beta3 (removed in 1.36). Move clients and manifests to their successors; the audit log says who asks.",
    ],
    [
      "of a reboot by kured",
      (state) => (state.kured = '{"nodeID":"w-0","created":"2026-11-30T10:00:00Z"}'),
      {},
      "kured reboots w-0 now. Wait until it is done, and run `pulumi up` again.",
    ],
    [
      "of a component that does not support the minor",
      () => undefined,
      { unlistedComponents: ["Kyverno 1.19"] },
      "Upstream does not list 1.36.3 as supported by Kyverno 1.19. Choose an older minor, or set update.allowUnlistedComponents.",
    ],
    [
      "of what the API does not answer",
      (state) => state.silent.push("/apis/policy"),
      {},
      "The cluster could not be asked: The Kubernetes API refused a listing of PodDisruptionBudgets (500): etcd is away.",
    ],
  ])("because %s", async (_, change, changes, sentence) => {
    const state = cluster();
    change(state);
    expect(await refusals(state, changes)).toEqual([sentence]);
  });

  it("for all reasons at once", async () => {
    const state = { ...cluster(), brokenPods: ["etcd-cp-0"], budgets: [budget(1, 0)], kured: '{"nodeID":"w-0"}' };
    expect(await refusals(state, { version: "1.38.0" })).toHaveLength(4);
  });
});
