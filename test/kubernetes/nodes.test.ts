import type { KubernetesRequest } from "../../src/kubernetes/client";
import { appliedAnnotation, listNodes, reconcileNodes, withPoolSettings, type Node } from "../../src/kubernetes/nodes";
import { planMachines } from "../../src/machines/planMachines";
import { configWith } from "../platform/config";

const gpu = {
  labels: { "example.org/gpu": "a100" },
  taints: [{ key: "gpu", value: "", effect: "NoSchedule" as const }],
};
const nothing = { labels: {}, taints: [] };
const cordon = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
const bare: Node = {
  metadata: { name: "n", labels: { mine: "yes" }, resourceVersion: "7" },
  spec: { podCIDR: "10.0.0.0/24", taints: [cordon] },
};

describe("withPoolSettings", () => {
  it("adds what the pool wants and keeps all that others set", () => {
    expect(withPoolSettings(bare, gpu)).toEqual({
      metadata: {
        name: "n",
        resourceVersion: "7",
        labels: { mine: "yes", "example.org/gpu": "a100" },
        annotations: { [appliedAnnotation]: '{"labels":["example.org/gpu"],"taints":["gpu:NoSchedule"]}' },
      },
      spec: { podCIDR: "10.0.0.0/24", taints: [cordon, { key: "gpu", effect: "NoSchedule" }] },
    });
  });

  it("has nothing to do on a node that is as wanted, whatever the order of its taints", () => {
    const done = withPoolSettings(bare, gpu)!;
    const turned = { ...done, spec: { ...done.spec, taints: [...done.spec!.taints!].reverse() } };
    expect([withPoolSettings(done, gpu), withPoolSettings(turned, gpu)]).toEqual([undefined, undefined]);
  });

  it("takes off what it once set and the pool no longer wants, and nothing else", () => {
    const cleaned = withPoolSettings(withPoolSettings(bare, gpu)!, nothing)!;
    expect({ labels: cleaned.metadata.labels, taints: cleaned.spec!.taints }).toEqual({
      labels: { mine: "yes" },
      taints: [cordon],
    });
    expect(withPoolSettings(cleaned, nothing)).toBeUndefined();
  });

  it("puts back a value that was edited by hand", () => {
    const done = withPoolSettings(bare, gpu)!;
    const edited = { ...done, metadata: { ...done.metadata, labels: { "example.org/gpu": "none" } } };
    expect(withPoolSettings(edited, gpu)!.metadata.labels).toEqual({ "example.org/gpu": "a100" });
  });

  it("replaces the value of a taint instead of adding a second one", () => {
    const valued = { ...nothing, taints: [{ key: "gpu", value: "new", effect: "NoSchedule" as const }] };
    expect(withPoolSettings(withPoolSettings(bare, gpu)!, valued)!.spec!.taints).toEqual([
      cordon,
      { key: "gpu", value: "new", effect: "NoSchedule" },
    ]);
  });

  it("leaves a node alone that its pool never had settings for", () => {
    expect(withPoolSettings(bare, nothing)).toBeUndefined();
  });

  it.each(["", "no JSON", "[]", '{"labels":7}', "null"])("survives a spoiled annotation: %s", (text) => {
    const spoiled = { ...bare, metadata: { ...bare.metadata, annotations: { [appliedAnnotation]: text } } };
    expect(withPoolSettings(spoiled, gpu)!.metadata.labels).toEqual({ mine: "yes", "example.org/gpu": "a100" });
  });
});

/** An API server with nodes; `conflicts` is how many writes somebody else is ahead of. */
function apiWith(nodes: readonly string[], conflicts = 0) {
  const stored = new Map<string, Node>(
    nodes.map((name) => [name, { metadata: { name, resourceVersion: "1" }, spec: {} }]),
  );
  const calls: string[] = [];
  const answer = (status: number, document: unknown) => Promise.resolve({ status, body: JSON.stringify(document) });
  const request: KubernetesRequest = (method, path, body) => {
    calls.push(`${method} ${path}`);
    const { pathname, searchParams } = new URL(path, "https://api");
    if (pathname === "/api/v1/nodes") {
      const [start, limit] = [Number(searchParams.get("continue") ?? 0), Number(searchParams.get("limit"))];
      const items = [...stored.values()].slice(start, start + limit);
      return answer(200, { items, metadata: start + limit < stored.size ? { continue: String(start + limit) } : {} });
    }
    const name = pathname.split("/").at(-1) ?? "";
    if (!stored.has(name)) return answer(404, { message: "not found" });
    if (method === "PUT" && conflicts-- > 0) return answer(409, { message: "the object has been modified" });
    if (method === "PUT") stored.set(name, body as Node);
    return answer(200, stored.get(name));
  };
  return { request, calls, stored };
}

const pools = (count: number, settings: object = { labels: { "example.org/gpu": "a100" } }) =>
  configWith({
    kubernetes: { podCidr: "172.16.0.0/12" },
    nodePools: [{ name: "gpu", count, flavor: "g1", ...settings }],
  });
const names = (count: number) => Array.from({ length: count }, (_, index) => `dev-gpu-${index}`);

describe("reconcileNodes", () => {
  const reconcile = async (config: ReturnType<typeof pools>, request: KubernetesRequest) =>
    reconcileNodes(planMachines(config), await listNodes(request), request);

  it("writes only what differs: a second time it only looks", async () => {
    const api = apiWith(["dev-control-plane-0", ...names(2)]);
    expect(await reconcile(pools(2), api.request)).toEqual(names(2));
    expect(await reconcile(pools(2), api.request)).toEqual([]);
    expect(api.calls.filter((call) => call.startsWith("PUT"))).toEqual(
      names(2).map((name) => `PUT /api/v1/nodes/${name}`),
    );
    expect(api.stored.get("dev-gpu-0")).toMatchObject({
      apiVersion: "v1",
      kind: "Node",
      metadata: { resourceVersion: "1" },
    });
  });

  it("looks at a thousand nodes in four listings", async () => {
    const api = apiWith(names(1000));
    expect((await reconcile(pools(1000), api.request)).length).toBe(1000);
    expect(api.calls.filter((call) => call.startsWith("GET")).length).toBe(4);
  });

  it("tries again what another writer was ahead of, from what is there then", async () => {
    const api = apiWith(names(1), 2);
    expect(await reconcile(pools(1), api.request)).toEqual(names(1));
    expect(api.calls.slice(1)).toEqual(
      ["PUT", "GET", "PUT", "GET", "PUT"].map((method) => `${method} /api/v1/nodes/dev-gpu-0`),
    );
  });

  it("gives up after five times, with the API's reason", async () => {
    await expect(reconcile(pools(1), apiWith(names(1), 99).request)).rejects.toThrow(
      "The Kubernetes API refused the labels and taints of node dev-gpu-0 (409): the object has been modified",
    );
  });
});
