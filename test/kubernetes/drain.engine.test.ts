/**
 * Nodes that leave, on a real API server: what `up` asks of it is understood, and a PodDisruptionBudget is heard. No
 * machine is there: that pods move, and that the engine deletes machines afterwards,
 * test/lab/openstack/servers.lab.test.ts shows.
 */
import { controlPlanePrograms } from "../gitops/live/controlPlane";
import { describeWith } from "../gitops/toolbox";
import { releaseLeavingNodes } from "../../src/up/leavingNodes";
import type { KubernetesRequest } from "../../src/kubernetes/client";
import { listNodes } from "../../src/kubernetes/nodes";
import { PlatformCluster } from "../platform/platformCluster";

jest.setTimeout(300_000);

describeWith(controlPlanePrograms)("a pool that became smaller, on a real API server", () => {
  let cluster: PlatformCluster;
  const message: string[] = [];
  const request: KubernetesRequest = (method, path, body) => cluster.request(method, path, body);

  /** The end of an `up` that has dev-general-0 alone; `workers` are what OpenStack has. */
  const release = async (workers: readonly string[]) =>
    releaseLeavingNodes({
      machines: ["dev-general-0"],
      nodes: await listNodes(request),
      request,
      workers: () => Promise.resolve(new Set(workers)),
      timeoutMinutes: 0.2,
      progress: () => undefined,
      tell: (line) => message.push(line),
    });
  const podsOnIt = async () => {
    const list = await cluster.get<{ items: { metadata: { name: string } }[] }>(
      "/api/v1/pods?fieldSelector=spec.nodeName%3Ddev-general-1",
    );
    return list!.items.map(({ metadata }) => metadata.name).sort();
  };
  const pod = (name: string, owner?: object) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "default",
      labels: { app: name },
      ...(owner === undefined ? {} : { ownerReferences: [owner] }),
    },
    spec: {
      nodeName: "dev-general-1",
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "main", image: "registry.example/image:1" }],
    },
  });

  beforeAll(async () => {
    cluster = await PlatformCluster.start();
    const conditions = [{ type: "Ready", status: "True", reason: "KubeletReady", message: "ready" }];
    for (const name of ["dev-general-0", "dev-general-1"]) {
      await cluster.create("/api/v1/nodes", {
        apiVersion: "v1",
        kind: "Node",
        metadata: { name, labels: { kept: "yes" } },
      });
      await cluster.patch(`/api/v1/nodes/${name}/status`, { status: { conditions } });
    }
    const labels = { app: "proxy" };
    const daemonSet = {
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod("proxy").spec } },
    };
    await cluster.create("/apis/apps/v1/namespaces/default/daemonsets", {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "proxy", namespace: "default" },
      ...daemonSet,
    });
    const { metadata } = (await cluster.get<{ metadata: { uid: string } }>(
      "/apis/apps/v1/namespaces/default/daemonsets/proxy",
    ))!;
    await cluster.create("/api/v1/namespaces/default/pods", pod("cart"));
    await cluster.create(
      "/api/v1/namespaces/default/pods",
      pod("proxy", { apiVersion: "apps/v1", kind: "DaemonSet", name: "proxy", uid: metadata.uid, controller: true }),
    );
    await cluster.create("/apis/policy/v1/namespaces/default/poddisruptionbudgets", {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "cart", namespace: "default" },
      spec: { minAvailable: 1, selector: { matchLabels: { app: "cart" } } },
    });
    // A pod that does not run yet is nothing to protect.
    const phase = async () =>
      (await cluster.get<{ status?: { phase?: string } }>("/api/v1/namespaces/default/pods/cart"))?.status?.phase;
    while ((await phase()) !== "Running") await new Promise((resolve) => setTimeout(resolve, 500));
  });

  afterAll(async () => {
    await cluster.stop();
    cluster.remove();
  });

  it("keeps its machine while a PodDisruptionBudget holds a pod, and the message says so; the node is cordoned", async () => {
    await expect(release(["dev-general-0", "dev-general-1"])).rejects.toThrow(
      "node dev-general-1 still holds something after 0.2 minutes (readiness.drainTimeoutMinutes): pod default/cart: Cannot evict pod as it would violate the pod's disruption budget: The disruption budget cart is still being processed by the server. The node is cordoned.",
    );
    expect(await podsOnIt()).toEqual(["cart", "proxy"]);
    expect(await cluster.get("/api/v1/nodes/dev-general-1")).toMatchObject({
      metadata: { labels: { kept: "yes" }, annotations: { "openstack-kubernetes/leaving": "schedulable" } },
      spec: { unschedulable: true },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    });
  });

  it("keeps its machine at once where a second PodDisruptionBudget is over the pod, and the message names both", async () => {
    const path = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
    await cluster.create(path, {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "whole", namespace: "default" },
      spec: { maxUnavailable: 1, selector: { matchExpressions: [{ key: "app", operator: "Exists" }] } },
    });
    const start = Date.now();
    await expect(release(["dev-general-0", "dev-general-1"])).rejects.toThrow(
      "node dev-general-1 holds what Kubernetes never evicts, because more than one PodDisruptionBudget is over it: pod default/cart (PodDisruptionBudgets cart, whole). Leave one of them over each. The node is cordoned.",
    );
    // The time limit is 12 s.
    expect(Date.now() - start).toBeLessThan(10_000);
    await cluster.request("DELETE", `${path}/whole`);
  });

  it("is drained when the budget allows it; what a DaemonSet runs stays", async () => {
    await cluster.request("DELETE", "/apis/policy/v1/namespaces/default/poddisruptionbudgets/cart");
    await release(["dev-general-0", "dev-general-1"]);
    expect({ message, pods: await podsOnIt() }).toEqual({
      message: ["Node dev-general-1 is drained; its machine can go."],
      pods: ["proxy"],
    });
  });

  it("loses the Node with the next `up`, once the machine is gone", async () => {
    await release(["dev-general-0"]);
    expect((await listNodes(request)).map(({ metadata }) => metadata.name)).toEqual(["dev-general-0"]);
  });
});
