/**
 * The questions of `npm run status`, asked of a real API server: its paths, its form of a listing, its refusals. Not
 * proven here: etcd's members and Alertmanager, which are asked through pods that run.
 */
import type { KubernetesRequest } from "../../src/kubernetes/client";
import { listNodes } from "../../src/kubernetes/nodes";
import { askApi } from "../../src/status/apiStatus";
import { judgeControlPlane, listStaticPods } from "../../src/status/controlPlaneStatus";
import { askEtcd } from "../../src/status/etcdStatus";
import { askFlux, askTenants, judgeFlux } from "../../src/status/fluxStatus";
import { judgeNodes } from "../../src/status/nodeStatus";
import { askQuotas, judgeTenants } from "../../src/status/tenantStatus";
import { controlPlanePrograms } from "../gitops/live/controlPlane";
import { describeWith } from "../gitops/toolbox";
import { PlatformCluster } from "../platform/platformCluster";
import { standInConfig, standInOutputs } from "./standIn";

jest.setTimeout(300_000);

describeWith(controlPlanePrograms)("status, asked of a real API server", () => {
  let cluster: PlatformCluster;
  let request: KubernetesRequest;

  beforeAll(async () => {
    cluster = await PlatformCluster.start();
    const admin = cluster.as("admin", ["system:masters"]);
    request = (method, path, body) => admin(method, path, body);
  });
  afterAll(async () => {
    await cluster.stop();
    cluster.remove();
  });

  it("finds the API ready by its checks", async () => {
    expect(await askApi(request, { host: "api", port: 6443 })).toEqual([
      {
        part: "API",
        level: "ok",
        text: expect.stringMatching(/^api:6443 answers and passes its \d\d checks$/) as string,
      },
    ]);
  });

  it("finds a node that never became Ready, and others missing", async () => {
    await cluster.create("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: "dev-default-0" } });
    const outputs = standInOutputs(standInConfig(1));
    const lines = judgeNodes(outputs, await listNodes(request), new Date());
    expect(lines.map(({ level, text }) => `${level} ${text}`)).toEqual([
      "bad 0 of 3 Ready",
      "bad dev-control-plane-0, dev-control-plane-1, dev-control-plane-2 have no Node",
      "bad 0 of 1 Ready; no version",
      "bad dev-default-0 is not Ready: it says no why",
    ]);
  });

  it("finds the quota of a tenant, and the namespaces of tenants", async () => {
    const labels = { "openstack-kubernetes/tenant": "shop" };
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels } };
    await cluster.create("/api/v1/namespaces", namespace);
    expect([...(await askTenants(request))]).toEqual(["shop"]);
    expect(judgeTenants(await askQuotas(request))).toEqual([
      { part: "tenants", level: "absent", text: "no namespace has a quota" },
    ]);
  });

  it("finds neither Flux nor static pods where there are none", async () => {
    expect(judgeFlux(await askFlux(request), new Set(), false)).toEqual([
      { part: "Flux", level: "absent", text: "this stack has none" },
    ]);
    expect(judgeControlPlane(["a"], await listStaticPods(request))[0]?.text).toBe(
      "0 of 3 static pods Ready; no version",
    );
  });

  it("is told by the API server why a member of etcd cannot be asked", async () => {
    expect(await askEtcd(request, ["a"])).toEqual([{ machine: "a", silence: 'pods "etcd-a" not found' }]);
  });
});
