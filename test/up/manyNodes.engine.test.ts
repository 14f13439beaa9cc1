/**
 * What `up` itself does to take changed settings and another minor of Kubernetes to a large cluster, on a real API
 * server: how many calls, and how long they take. Nodes are objects whose agents answer at once while `up` sleeps, so
 * no waiting for machines is in the times. Not proven here: the engine's part, which `npm run bench:lab` measures.
 */
import { readFileSync } from "node:fs";
import * as https from "node:https";
import { parse } from "yaml";
import { minorNumber } from "../../src/config/kubernetesMinors";
import { inParallel } from "../../src/engine/inParallel";
import type { KubernetesRequest } from "../../src/kubernetes/client";
import { answerAnnotation, drainedAnnotation, orderAnnotation } from "../../src/kubernetes/filesGuard";
import { answerOf, orderOf } from "../../src/kubernetes/filesInPlace";
import { listNodes, type Node } from "../../src/kubernetes/nodes";
import { takeChangedFiles } from "../../src/up/changedFiles";
import { type FilesMachine, filesMachines } from "../../src/up/filesMachines";
import { sampleConfig } from "../bootstrap/samples";
import { controlPlanePrograms } from "../gitops/live/controlPlane";
import { describeWith } from "../gitops/toolbox";
import { PlatformCluster } from "../platform/platformCluster";

jest.setTimeout(900_000);

/** Seconds that `up` may take for 3 + 1,000 nodes, without waiting for them. */
const limit = 60;
const sizes = [100, 1_000];

describeWith(controlPlanePrograms)("a cluster of 1,000 workers, on a real API server", () => {
  let cluster: PlatformCluster;
  let version: string;
  /** Without a connection that is kept, as `up` calls. */
  let request: KubernetesRequest;
  let calls = 0;

  const configOf = (workers: number, settings: object, kubernetes = version) =>
    sampleConfig({
      network: { cidr: "10.0.0.0/20", externalNetwork: "public" },
      nodePools: [{ name: "default", count: workers, flavor: "large" }],
      kubernetes: { version: kubernetes },
      ...settings,
    });
  const mirrored = { registryMirrors: [{ registry: "quay.io", endpoints: ["https://mirror.example.org"] }] };

  /** What the agents and kubelets of the machines would do: once for all nodes that have an order. */
  async function agentsWork(machines: readonly FilesMachine[]): Promise<void> {
    const wanted = new Map(machines.map((machine) => [machine.name, machine]));
    const ordered = (await listNodes(cluster.request)).filter((node) => {
      const answer = answerOf(node);
      const order = orderOf(node);
      const isDrained = node.metadata.annotations?.[drainedAnnotation] === order;
      return order !== undefined && (answer?.order !== order || (answer.state === "drain" && isDrained));
    });
    await inParallel(ordered, async (node) => {
      const { name, annotations } = node.metadata;
      const order = orderOf(node);
      const to = wanted.get(name)?.version;
      const runs = node.status?.nodeInfo?.kubeletVersion;
      const isOther = to !== undefined && minorNumber(to) !== minorNumber(runs ?? "");
      const waits = isOther && annotations?.[drainedAnnotation] !== order;
      const answer = { order, state: waits ? "drain" : "reached", message: "done", packageManager: "apt" };
      const path = `/api/v1/nodes/${name}`;
      if (isOther && !waits) await patchStatus(path, to);
      await cluster.patch(path, { metadata: { annotations: { [answerAnnotation]: JSON.stringify(answer) } } });
    });
    await renewLeases(machines);
  }

  const patchStatus = async (path: string, kubelet: string) => {
    const conditions = [{ type: "Ready", status: "True", reason: "KubeletReady", message: "ready" }];
    const info = ["architecture", "bootID", "containerRuntimeVersion", "kernelVersion", "kubeProxyVersion"];
    const others = [...info, "machineID", "operatingSystem", "osImage", "systemUUID"].map((key) => [key, ""] as const);
    const nodeInfo = { ...Object.fromEntries(others), kubeletVersion: `v${kubelet}` };
    await cluster.patch(`${path}/status`, { status: { conditions, nodeInfo } });
  };

  const renewLeases = async (machines: readonly FilesMachine[]) => {
    const leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
    for (const { name } of machines.filter(({ role }) => role === "control-plane")) {
      const spec = { holderIdentity: name, renewTime: new Date().toISOString().replace("Z", "000Z") };
      const found = await cluster.request("GET", `${leases}/${name}`);
      if (found.status === 404)
        await cluster.create(leases, { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name }, spec });
      else await cluster.patch(`${leases}/${name}`, { spec });
    }
  };

  /** Nodes with the kubelet of the minor before, and the control plane's pods; some may be there. */
  async function join(machines: readonly FilesMachine[], present: number): Promise<void> {
    const older = `1.${minorNumber(version) - 1}.1`;
    await inParallel(machines.slice(0, present), ({ name }) => patchStatus(`/api/v1/nodes/${name}`, older));
    await inParallel(machines.slice(present), async ({ name, role }) => {
      const node: Node & object = { metadata: { name }, spec: {} };
      const answer = { order: "", state: "reached", message: "", packageManager: "apt" };
      const annotations = { [answerAnnotation]: JSON.stringify(answer), [orderAnnotation]: "" };
      await cluster.create("/api/v1/nodes", { ...node, metadata: { name, annotations } });
      await patchStatus(`/api/v1/nodes/${name}`, older);
      if (role !== "control-plane") return;
      for (const component of ["etcd", "kube-apiserver"]) {
        const metadata = { name: `${component}-${name}`, labels: { tier: "control-plane" } };
        const spec = { nodeName: name, containers: [{ name: component, image: "registry.example/image:1" }] };
        await cluster.create("/api/v1/namespaces/kube-system/pods", { metadata, spec });
      }
    });
  }

  /** Takes the files of a configuration to its machines; what `up` did for that, seconds without agents and sleep. */
  async function take(config: ReturnType<typeof configOf>): Promise<{ seconds: number; calls: number }> {
    const machines = filesMachines(config);
    const start = Date.now();
    const before = calls;
    let away = 0;
    await takeChangedFiles({
      clusterName: "test",
      machines,
      packageManager: "apt",
      withAgent: new Set(),
      created: new Set(),
      maxUnavailable: "10%",
      nodeTimeoutMinutes: 10,
      drain: "minor",
      drainTimeoutMinutes: 15,
      unlistedComponents: [],
      timeoutMinutes: 5,
      request,
      progress: () => undefined,
      tell: () => undefined,
      warn: () => undefined,
      clock: {
        now: () => Date.now(),
        sleep: async () => {
          const asleep = Date.now();
          await agentsWork(machines);
          away += Date.now() - asleep;
        },
      },
    });
    return { seconds: (Date.now() - start - away) / 1000, calls: calls - before };
  }

  beforeAll(async () => {
    cluster = await PlatformCluster.start();
    const { clusters, users } = parse(readFileSync(cluster.kubeconfig, "utf8")) as {
      clusters: [{ cluster: { server: string } }];
      users: [{ user: { token: string } }];
    };
    const ca = readFileSync(cluster.caFile);
    request = (method, path, body) => {
      calls++;
      const identity = { "impersonate-user": "test-admin", "impersonate-group": "system:masters" };
      const headers = {
        ...identity,
        authorization: `Bearer ${users[0].user.token}`,
        "content-type": "application/json",
      };
      return new Promise((resolve, reject) => {
        https
          .request(`${clusters[0].cluster.server}${path}`, { ca, headers, method, agent: false }, (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.on("end", () =>
              resolve({ status: response.statusCode ?? 0, body: String(Buffer.concat(chunks)) }),
            );
          })
          .on("error", reject)
          .end(body === undefined ? undefined : JSON.stringify(body));
      });
    };
    const { gitVersion } = (await cluster.get<{ gitVersion: string }>("/version"))!;
    version = gitVersion.replace(/^v/, "");
  });

  afterAll(async () => {
    await cluster.stop();
    cluster.remove();
  });

  it("is upgraded, and takes a setting, in a time that grows with the nodes and stays under a minute", async () => {
    const found: Record<string, { seconds: number; calls: number }[]> = { upgrade: [], setting: [], nothing: [] };
    let joined = 0;
    for (const workers of sizes) {
      const older = filesMachines(configOf(workers, {}));
      await join(older, joined);
      joined = older.length;
      found.upgrade!.push(await take(configOf(workers, {})));
      found.setting!.push(await take(configOf(workers, mirrored)));
      found.nothing!.push(await take(configOf(workers, mirrored)));
    }
    for (const [what, figures] of Object.entries(found))
      for (const [index, { seconds, calls: made }] of figures.entries())
        process.stderr.write(`  ${what}, 3 + ${sizes[index]} nodes: ${seconds.toFixed(1)} s, ${made} calls\n`);
    const nodes = await listNodes(cluster.request);
    expect(nodes.filter(({ status }) => status?.nodeInfo?.kubeletVersion !== `v${version}`)).toEqual([]);
    expect(nodes.filter(({ spec }) => spec?.["unschedulable"] === true)).toEqual([]);
    for (const figures of [found.upgrade!, found.setting!]) {
      const [small, large] = figures as [{ calls: number }, { calls: number; seconds: number }];
      expect(large.seconds).toBeLessThan(limit);
      // Ten times the workers, and the fixed part.
      expect(large.calls).toBeLessThan(small.calls * 10);
    }
    expect(found.nothing!.every(({ calls: made }) => made < 20)).toBe(true);
  });
});
