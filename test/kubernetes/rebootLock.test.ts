import type { KubernetesRequest } from "../../src/kubernetes/client";
import { holdReboots, rebootLockHolder } from "../../src/kubernetes/rebootLock";

const annotation = "weave.works/kured-node-lock";
const now = Date.parse("2026-11-30T10:00:00Z");
const hour = 3_600_000;

/** An API with one kured, or none, whose first writes meet a concurrent change. */
function cluster(lock?: object | string, { conflicts = 0, kured = true } = {}) {
  const text = typeof lock === "object" ? JSON.stringify(lock) : lock;
  let annotations: Record<string, string> = { team: "platform", ...(text !== undefined && { [annotation]: text }) };
  let left = conflicts;
  const written: unknown[] = [];
  const request: KubernetesRequest = (method, path, body) => {
    const metadata = { name: "kured", namespace: "kured", resourceVersion: "1", annotations };
    if (method === "GET")
      return Promise.resolve({
        status: 200,
        body: JSON.stringify({ items: kured ? [{ metadata }] : [], metadata: {} }),
      });
    expect(path).toBe("/apis/apps/v1/namespaces/kured/daemonsets/kured");
    if (left-- > 0) return Promise.resolve({ status: 409, body: "{}" });
    annotations = (body as { metadata: { annotations: Record<string, string> } }).metadata.annotations;
    written.push(body);
    return Promise.resolve({ status: 200, body: "{}" });
  };
  return { request, written, annotations: () => annotations, lock: () => annotations[annotation] };
}

describe("kured's lock", () => {
  it.each<[string, object | string | undefined, string | undefined]>([
    ["nobody holds it", undefined, undefined],
    ["a node holds it without a time", { nodeID: "w-0", created: "2026-11-01T10:00:00Z", TTL: 0 }, "w-0"],
    ["a node holds it for an hour more", { nodeID: "w-0", created: "2026-11-30T09:00:00Z", TTL: 7_200e9 }, "w-0"],
    ["its time is over", { nodeID: "w-0", created: "2026-11-30T09:00:00Z", TTL: 3_600e9 }, undefined],
    ["somebody stopped reboots by hand", '{"nodeID":"manual"}', "manual"],
    ["it cannot be read", "{", "somebody"],
    ["an `up` holds it", { nodeID: "openstack-kubernetes-up", created: "2026-11-30T09:59:00Z", TTL: 1e15 }, undefined],
  ])("is read where %s", async (_, lock, holder) => {
    expect(await rebootLockHolder(cluster(lock).request, now)).toBe(holder);
  });
});

describe("a DaemonSet called kured elsewhere", () => {
  const elsewhere =
    (labels: object): KubernetesRequest =>
    (method, path) => {
      expect(method).toBe("GET");
      const lock = { [annotation]: JSON.stringify({ nodeID: "w-0" }) };
      const metadata = { name: "kured", namespace: "updates", annotations: lock };
      const answers: Readonly<Record<string, object>> = {
        "/apis/apps/v1/daemonsets": { items: [{ metadata }], metadata: {} },
        "/api/v1/namespaces/updates": { metadata: { name: "updates", labels } },
      };
      return Promise.resolve({ status: 200, body: JSON.stringify(answers[path.split("?")[0]!]) });
    };

  it("is a tenant's, who holds no reboots back, and is not written", async () => {
    const tenants = elsewhere({ "openstack-kubernetes/tenant": "updates" });
    expect(await rebootLockHolder(tenants, now)).toBeUndefined();
    await (
      await holdReboots(tenants, now)
    )();
  });

  it("is the platform's where no tenant has the namespace", async () => {
    expect(await rebootLockHolder(elsewhere({}), now)).toBe("w-0");
  });
});

describe("reboots", () => {
  it("are held back for a day at the most, and allowed again; other annotations stay", async () => {
    const { request, lock, annotations, written } = cluster();
    const allow = await holdReboots(request, now);
    expect(JSON.parse(lock()!)).toEqual({
      nodeID: "openstack-kubernetes-up",
      metadata: { unschedulable: false },
      created: "2026-11-30T10:00:00.000Z",
      TTL: 24 * hour * 1e6,
    });
    expect(written).toMatchObject([{ kind: "DaemonSet", metadata: { resourceVersion: "1" } }]);
    await allow();
    expect(annotations()).toEqual({ team: "platform" });
  });

  it("are held back where the `up` before was killed, or a node's time is over", async () => {
    const killed = cluster({ nodeID: "openstack-kubernetes-up", created: "2026-11-30T09:00:00Z", TTL: 1e15 });
    const over = cluster({ nodeID: "w-0", created: "2026-11-29T09:00:00Z", TTL: 1e9 });
    for (const { request, lock } of [killed, over]) {
      const allow = await holdReboots(request, now);
      expect(lock()).toContain("2026-11-30T10:00:00.000Z");
      await allow();
      expect(lock()).toBeUndefined();
    }
  });

  it("stay with whoever stopped them by hand", async () => {
    const { request, lock } = cluster('{"nodeID":"manual"}');
    await (
      await holdReboots(request, now)
    )();
    expect(lock()).toBe('{"nodeID":"manual"}');
  });

  it("are held back through concurrent changes, and where there is no kured nothing is written", async () => {
    const busy = cluster(undefined, { conflicts: 3 });
    await holdReboots(busy.request, now);
    expect(busy.lock()).toContain("openstack-kubernetes-up");
    const none = cluster(undefined, { kured: false });
    await (
      await holdReboots(none.request, now)
    )();
    expect(none.written).toEqual([]);
  });

  it("that the API server does not let anybody hold back are an error", async () => {
    await expect(holdReboots(cluster(undefined, { conflicts: 99 }).request, now)).rejects.toThrow(
      "the lock of kured (409)",
    );
  });
});
