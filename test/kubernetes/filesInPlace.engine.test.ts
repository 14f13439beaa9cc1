/**
 * Who may read and write what reaches machines that run, asked of a real API server. Not proven here: what the Node
 * authorizer adds, which this API server does not have (test/lab/machines/changedFiles.lab.test.ts).
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { renderPoolFiles } from "../../src/bootstrap/filesInPlace";
import { publishFiles } from "../../src/kubernetes/filesInPlace";
import { answerAnnotation, orderAnnotation } from "../../src/kubernetes/filesGuard";
import type { KubernetesRequest } from "../../src/kubernetes/client";
import { nodeGroups } from "../../src/machines/planMachines";
import { sampleConfig } from "../bootstrap/samples";
import { controlPlanePrograms } from "../gitops/live/controlPlane";
import { describeWith } from "../gitops/toolbox";
import { PlatformCluster } from "../platform/platformCluster";

jest.setTimeout(300_000);

describeWith(controlPlanePrograms)("what reaches machines that run, on a real API server", () => {
  const config = sampleConfig({
    registryMirrors: [{ registry: "quay.io", endpoints: ["https://mirror.example.org"] }],
  });
  const pools = nodeGroups(config).map(({ template }) => renderPoolFiles(config, template));
  const secrets = "/api/v1/namespaces/kube-system/secrets";
  const workers = `${secrets}/openstack-kubernetes-files-default`;
  const merge = "application/merge-patch+json";
  const order = { metadata: { annotations: { [orderAnnotation]: "a digest" } } };
  const refusal = /Only pulumi up may write/;
  let cluster: PlatformCluster;
  let program: KubernetesRequest;
  let administrator: typeof cluster.request;
  let kubelet: typeof cluster.request;

  beforeAll(async () => {
    cluster = await PlatformCluster.start();
    const admin = cluster.as("test-admin", ["system:masters"]);
    program = (method, path, body) => admin(method, path, body);
    administrator = cluster.as("somebody", ["system:masters"]);
    kubelet = cluster.as("system:node:test-default-0", ["system:nodes"]);
    await cluster.create("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: "test-default-0" } });
    // What the Node authorizer lets a kubelet do to its own Node.
    const rights = "/apis/rbac.authorization.k8s.io/v1";
    const apiVersion = "rbac.authorization.k8s.io/v1";
    await cluster.create(`${rights}/clusterroles`, {
      apiVersion,
      kind: "ClusterRole",
      metadata: { name: "kubelet" },
      rules: [{ apiGroups: [""], resources: ["nodes", "nodes/status"], verbs: ["get", "patch"] }],
    });
    await cluster.create(`${rights}/clusterrolebindings`, {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name: "kubelet" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "kubelet" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:nodes" }],
    });
    await publishFiles("test", pools, program);
    // A policy holds once the API server has read it.
    for (let look = 0; look < 120; look++) {
      const { status } = await administrator("PATCH", "/api/v1/nodes/test-default-0?dryRun=All", order, merge);
      if (status === 422) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error("The guard does not hold after a minute.");
  });

  afterAll(async () => {
    await cluster.stop();
    cluster.remove();
  });

  it("is read by a node, Secret by Secret, and by nobody without that right", async () => {
    expect((await kubelet("GET", workers)).status).toBe(200);
    expect((await kubelet("GET", secrets)).status).toBe(403);
    const somebody = cluster.as("somebody", []);
    expect((await somebody("GET", workers)).status).toBe(403);
  });

  it("has the agent in a line of its own when curl asks, which is how start-agent.sh reads it", () => {
    const { clusters, users } = parse(readFileSync(cluster.kubeconfig, "utf8")) as {
      clusters: [{ cluster: { server: string } }];
      users: [{ user: { token: string } }];
    };
    const script = readFileSync(join(__dirname, "../../src/bootstrap/files/start-agent.sh"), "utf8");
    const reading = /\| (awk .* \| base64 -d) /.exec(script)![1]!;
    const curl = `curl -fsS --noproxy '*' --cacert ${cluster.caFile} --header "authorization: Bearer ${users[0].user.token}"`;
    const read = `${curl} ${clusters[0].cluster.server}${workers} | ${reading}`;
    expect(execFileSync("bash", ["-c", read], { encoding: "utf8" })).toBe(pools.at(-1)!.agent);
  });

  it("is ordered and published by the program, and a second time not written at all", async () => {
    const calls: string[] = [];
    await publishFiles("test", pools, (method, path, body) => {
      calls.push(method);
      return program(method, path, body);
    });
    expect([...new Set(calls)]).toEqual(["GET"]);
  });

  it("is published again by the program when it is another", async () => {
    const changed = pools.map((pool) => ({ ...pool, files: "[]" }));
    await publishFiles("test", changed, program);
    const stored = JSON.parse((await kubelet("GET", workers)).body) as { data: Record<string, string> };
    expect(Buffer.from(stored.data["files.json"]!, "base64").toString()).toBe("[]");
    await publishFiles("test", pools, program);
  });

  it("is written by no other administrator: not changed, not deleted, one by one or all at once", async () => {
    const attempts = [
      await administrator("PATCH", workers, { data: { agent: "" } }, merge),
      await administrator("DELETE", workers),
      await administrator("DELETE", `${secrets}?fieldSelector=metadata.name%3Dopenstack-kubernetes-files-default`),
      await administrator("POST", secrets, {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "openstack-kubernetes-files-other", namespace: "kube-system" },
      }),
    ];
    for (const { status, body } of attempts)
      expect({ status, body }).toMatchObject({ status: 422, body: expect.stringMatching(refusal) as string });
    expect((await kubelet("GET", workers)).status).toBe(200);
  });

  it("is ordered by no other administrator and by no kubelet, be it with the Node or with its status", async () => {
    const path = "/api/v1/nodes/test-default-0";
    const attempts = [
      await administrator("PATCH", path, order, merge),
      await administrator("PATCH", `${path}/status`, order, merge),
      await kubelet("PATCH", path, order, merge),
      await kubelet("PATCH", `${path}/status`, order, merge),
      await administrator("POST", "/api/v1/nodes", {
        apiVersion: "v1",
        kind: "Node",
        metadata: { name: "other", annotations: order.metadata.annotations },
      }),
    ];
    for (const { status, body } of attempts)
      expect({ status, body }).toMatchObject({ status: 422, body: expect.stringMatching(refusal) as string });
  });

  it("does not keep anybody from the rest of a Node, nor from other Secrets", async () => {
    const path = "/api/v1/nodes/test-default-0";
    const label = { metadata: { labels: { kept: "yes" } } };
    const ready = { status: { conditions: [{ type: "Ready", status: "True", reason: "KubeletReady" }] } };
    const answer = { metadata: { annotations: { [answerAnnotation]: "{}" } } };
    expect((await administrator("PATCH", path, label, merge)).status).toBe(200);
    expect((await kubelet("PATCH", `${path}/status`, ready, merge)).status).toBe(200);
    expect((await kubelet("PATCH", path, answer, merge)).status).toBe(200);
    const node = JSON.parse((await program("GET", path)).body) as { metadata: { annotations: object } };
    const ordered = {
      ...node,
      metadata: { ...node.metadata, annotations: { ...node.metadata.annotations, ...order.metadata.annotations } },
    };
    expect((await program("PUT", path, ordered)).status).toBe(200);
    expect((await kubelet("PATCH", `${path}/status`, ready, merge)).status).toBe(200);
    expect(
      (await administrator("PATCH", path, { metadata: { annotations: { [orderAnnotation]: null } } }, merge)).status,
    ).toBe(422);
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "other", namespace: "kube-system" } };
    expect((await administrator("POST", secrets, secret)).status).toBe(201);
    expect((await administrator("DELETE", `${secrets}/other`)).status).toBe(200);
    const elsewhere = { ...secret, metadata: { name: "openstack-kubernetes-files-default", namespace: "default" } };
    expect((await administrator("POST", "/api/v1/namespaces/default/secrets", elsewhere)).status).toBe(201);
    expect((await administrator("DELETE", path)).status).toBe(200);
  });
});
