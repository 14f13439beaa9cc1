import type { KubernetesRequest } from "../../src/kubernetes/client";
import { askBackups, judgeBackups } from "../../src/status/backupStatus";

const now = new Date("2026-11-30T12:00:00Z");
const secretPath = "/api/v1/namespaces/kube-system/secrets/openstack-kubernetes-files-backup";
const leasePath = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/openstack-kubernetes-last-backup";
const secret = { metadata: { creationTimestamp: "2026-11-30T11:00:00Z" } };
const annotations = {
  "openstack-kubernetes/name": "20261130T110000Z_dev_v1.36.3",
  "openstack-kubernetes/size": String(24 * 2 ** 20),
};
const lease = (renewTime: string, more: object = {}) => ({
  metadata: { annotations: { ...annotations, ...more } },
  spec: { renewTime },
});

/** An API with these objects and no others. */
const api =
  (objects: Readonly<Record<string, object>>): KubernetesRequest =>
  async (_method, path) =>
    Promise.resolve(
      objects[path] === undefined ? { status: 404, body: "{}" } : { status: 200, body: JSON.stringify(objects[path]) },
    );
const lines = async (objects: Readonly<Record<string, object>>, hours: number | undefined = 6) =>
  judgeBackups(await askBackups(api(objects)), hours, now).map(({ level, text }) => `${level}: ${text}`);

describe("the line of the backups", () => {
  it("says that none leaves the machines where the cluster makes none", async () => {
    expect(await lines({})).toEqual(["absent: none leaves the machines (kubernetes.etcd.backup)"]);
  });

  it("waits for the first backup, and is bad when it does not come", async () => {
    expect(await lines({ [secretPath]: secret })).toEqual([
      "warn: no backup has arrived in the bucket since they were switched on 60 min ago",
    ]);
    const old = { metadata: { creationTimestamp: "2026-11-29T12:00:00Z" } };
    expect(await lines({ [secretPath]: old })).toEqual([
      "bad: no backup has arrived in the bucket since they were switched on 24 h ago",
    ]);
  });

  it("shows the last backup with age and size", async () => {
    expect(await lines({ [secretPath]: secret, [leasePath]: lease("2026-11-30T11:00:00.000000Z") })).toEqual([
      "ok: last 60 min ago, 24 MiB: 20261130T110000Z_dev_v1.36.3",
    ]);
  });

  it("is bad beyond two intervals and an hour, not before, and never where the interval is unknown", async () => {
    const at = (time: string) => ({ [secretPath]: secret, [leasePath]: lease(time) });
    expect(await lines(at("2026-11-29T23:00:00Z"))).toEqual([expect.stringMatching(/^ok: last 13 h ago/)]);
    expect(await lines(at("2026-11-29T22:59:00Z"))).toEqual([expect.stringMatching(/^bad: last 13 h ago/)]);
    expect(judgeBackups(await askBackups(api(at("2026-11-01T00:00:00Z"))), undefined, now)[0]?.level).toBe("ok");
  });

  it("warns of an attempt that failed, with its reason", async () => {
    const failure = { "openstack-kubernetes/failure": "dev-control-plane-1: https://s3.example.org does not answer" };
    expect(await lines({ [secretPath]: secret, [leasePath]: lease("2026-11-30T11:00:00Z", failure) })).toEqual([
      "warn: last 60 min ago, 24 MiB: 20261130T110000Z_dev_v1.36.3; the last attempt failed: dev-control-plane-1: https://s3.example.org does not answer",
    ]);
  });
});
