import { parse, stringify } from "yaml";
import { renderClusterConfiguration } from "../../src/bootstrap/clusterConfiguration";
import type { KubernetesRequest } from "../../src/kubernetes/client";
import { updateKubeadmConfig } from "../../src/kubernetes/kubeadmConfig";
import { sampleConfig, sampleFacts } from "../bootstrap/samples";

interface Kept {
  apiServer: { certSANs: string[]; extraArgs: { name: string; value: string }[]; extraEnvs: { value: string }[] };
}

/** The ConfigMap of a cluster that was created with a configuration, and what is written to it. */
function clusterOf(created: ReturnType<typeof sampleConfig>) {
  const document = renderClusterConfiguration(created, { ...sampleFacts(created), certSans: ["203.0.113.9"] });
  let data = { ClusterConfiguration: stringify(document), other: "kept" };
  const calls: string[] = [];
  const request: KubernetesRequest = (method, path, body) => {
    calls.push(`${method} ${path}`);
    if (method === "PUT") ({ data } = body as { data: typeof data });
    return Promise.resolve({ status: 200, body: JSON.stringify({ metadata: { resourceVersion: "7" }, data }) });
  };
  return { calls, request, kept: () => parse(data.ClusterConfiguration) as Kept, data: () => data };
}

describe("kubeadm's configuration of a cluster", () => {
  const path = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config";
  const argument = (kept: Kept, name: string) => kept.apiServer.extraArgs.find((found) => found.name === name)?.value;

  it("that is as it should be is not written", async () => {
    const cluster = clusterOf(sampleConfig());
    await updateKubeadmConfig(sampleConfig(), cluster.request);
    expect(cluster.calls).toEqual([`GET ${path}`]);
  });

  it("takes changed arguments of the API server, and keeps the rest", async () => {
    const cluster = clusterOf(sampleConfig({ kubernetes: { kubeletServingCertificate: "clusterCa" } }));
    const before = cluster.kept();
    const changed = { kubernetes: { audit: { maxAgeDays: 7 }, serviceCidr: "10.200.0.0/16" } };
    await updateKubeadmConfig(sampleConfig(changed), cluster.request);
    expect(cluster.calls).toEqual([`GET ${path}`, `PUT ${path}`]);
    const after = cluster.kept();
    expect(argument(after, "audit-log-maxage")).toBe("7");
    expect(after.apiServer.extraEnvs).not.toEqual(before.apiServer.extraEnvs);
    const others = ({ apiServer: { extraArgs, extraEnvs, ...rest }, ...more }: Kept) => ({
      ...more,
      rest,
      names: extraArgs.filter(({ name }) => name !== "audit-log-maxage"),
      envs: extraEnvs.length,
    });
    expect(others(after)).toEqual(others(before));
    expect(cluster.data().other).toBe("kept");
  });

  it("loses the arguments of an audit log that is switched off, and gets them again", async () => {
    const cluster = clusterOf(sampleConfig());
    const before = cluster.kept();
    await updateKubeadmConfig(sampleConfig({ kubernetes: { audit: { enabled: false } } }), cluster.request);
    expect(argument(cluster.kept(), "audit-policy-file")).toBeUndefined();
    await updateKubeadmConfig(sampleConfig(), cluster.request);
    expect(cluster.kept()).toEqual(before);
  });

  it("is not made where there is none", async () => {
    const calls: string[] = [];
    await updateKubeadmConfig(sampleConfig(), (method) => {
      calls.push(method);
      return Promise.resolve({ status: 404, body: "{}" });
    });
    expect(calls).toEqual(["GET"]);
  });
});
