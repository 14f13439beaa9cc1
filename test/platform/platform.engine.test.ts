/**
 * The platform, applied by the real engine to a real API server; charts come from a registry on loopback, stand-ins
 * where the real ones are not in the cache. Not proven: that the charts' programs run (there is no machine to run a
 * pod; the test says "ready" in a kubelet's place).
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { bootstrapReleases } from "../../src/platform/bootstrapReleases";
import { forgetInterruptedReleases } from "../../src/kubernetes/interruptedReleases";
import { appliedAnnotation, listNodes, reconcileNodes, type Node } from "../../src/kubernetes/nodes";
import { defaultKubernetesVersion } from "../../src/config/kubernetesMinors";
import { parseClusterConfig } from "../../src/config/parse";
import { planMachines } from "../../src/machines/planMachines";
import { describeUnless } from "../describeUnless";
import { newAgeKeys } from "../../lab/ageKeys";
import { controlPlanePrograms } from "../gitops/live/controlPlane";
import { ChartRegistry } from "./chartRegistry";
import { engineObstacle } from "../realEngine/installedEngine";
import { PlatformCluster } from "./platformCluster";
import { PlatformStack } from "./platformStack";

jest.setTimeout(15 * 60_000);

const ageKey = newAgeKeys().secret;
const applicationSecret = "an-application-secret-nobody-may-see";

const values = {
  clusterName: "test",
  os: { family: "rocky", version: "9" },
  image: "rocky-9",
  apiEndpoint: { kind: "loadBalancer" },
  controlPlane: { flavor: "m1.large" },
  nodePools: [
    { name: "general", count: 1, flavor: "m1.large" },
    {
      name: "gpu",
      count: 2,
      flavor: "g1",
      labels: { "example.org/gpu": "a100", "node-role.kubernetes.io/gpu": "" },
      taints: [{ key: "gpu", effect: "NoSchedule" }],
    },
  ],
  cloudProvider: { authUrl: "https://keystone.example.org:5000/v3", region: "RegionOne" },
  flux: { url: "https://git.example.org/platform/cluster.git", settings: { LOG_RETENTION_DAYS: "14" } },
};

const made = [
  ...[
    "cluster",
    "machine",
    "network",
    "test-platform",
    "test-kubernetes",
    "test-tigera-operator",
    "test-flux-system",
    "test-cloud-config",
  ],
  ...["test-cinder-csi-node", "test-cluster-settings", "test-flux-git", "test-sops-age", "test-flux"],
  ...bootstrapReleases.map(({ name }) => `test-${name}`),
];
const creations = [...made, "openstack-kubernetes-test"].map((name) => `create ${name}`).sort();

/** Why the tests cannot run here, or undefined when they can. */
function obstacle(): string | undefined {
  const missing = controlPlanePrograms.filter((program) => !existsSync(program));
  const programs = missing.length === 0 ? undefined : `${missing.join(", ")} not found (npm run lab:machines -- build)`;
  return engineObstacle(["kubernetes", "random"]) ?? programs;
}

const reason = obstacle();

describeUnless(reason, "the platform on a real API server", () => {
  const folder = reason === undefined ? mkdtempSync(join(tmpdir(), "platform-engine-")) : "";
  let cluster: PlatformCluster;
  let registry: ChartRegistry;
  let stack: PlatformStack;
  const kubeconfigFile = join(folder, "kubeconfig");
  const settings = "/api/v1/namespaces/flux-system/configmaps/cluster-settings";

  /** The kubeconfig with its CA embedded, so that nothing of it is a path; `user` is a mere name in it. */
  const writeKubeconfig = (user: string, server?: string) => {
    const original = parse(readFileSync(cluster.kubeconfig, "utf8")) as {
      clusters: [{ cluster: { server: string } }];
      users: [{ user: object }];
    };
    const ca = readFileSync(cluster.caFile).toString("base64");
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "test",
          cluster: { server: server ?? original.clusters[0].cluster.server, "certificate-authority-data": ca },
        },
      ],
      users: [{ name: user, user: original.users[0].user }],
      contexts: [{ name: user, context: { cluster: "test", user } }],
      "current-context": user,
    };
    writeFileSync(kubeconfigFile, stringify(kubeconfig), { mode: 0o600 });
  };

  beforeAll(async () => {
    cluster = await PlatformCluster.start();
    const charts = bootstrapReleases.map(({ chart, version }) => ({
      chart,
      version: version({ kubernetes: { version: defaultKubernetesVersion } } as never),
    }));
    registry = await ChartRegistry.start(folder, charts);
    process.stderr.write(`\nReal charts: ${registry.real.join(", ") || "none, stand-ins only"}\n`);
    writeKubeconfig("first");
    // The file of trusted CAs that Go programs read: the registry's beside the system's.
    stack = new PlatformStack(folder, {
      TEST_KUBECONFIG: kubeconfigFile,
      TEST_CA: cluster.caFile,
      SSL_CERT_FILE: registry.caFile,
    });
    await stack.create(
      { ...values, platform: { chartRegistry: registry.url, timeoutMinutes: 2 } },
      {
        "credentials.openstack.id": "6f1c2d3e",
        "credentials.openstack.secret": applicationSecret,
        "credentials.git.username": "flux",
        "credentials.git.password": "a-deploy-token",
        "credentials.sopsAgeKey": ageKey,
      },
    );
  });

  afterAll(async () => {
    await cluster.stop();
    await registry.stop();
    if (process.env.KEEP_PLATFORM_TEST === undefined) {
      cluster.remove();
      rmSync(folder, { recursive: true, force: true });
    } else process.stderr.write(`Kept ${folder} and ${cluster.folder}\n`);
  });

  it("is shown whole by a first preview, when nothing is known of the cluster", async () => {
    const { failure, steps } = await stack.preview();
    expect({ failure, steps: [...steps].sort() }).toEqual({ failure: undefined, steps: creations });
  });

  it("is shown whole, and soon, when nobody answers at the cluster's address", async () => {
    // Port 1: refused at once.
    writeKubeconfig("first", "https://127.0.0.1:1");
    const { failure, steps, seconds } = await stack.preview();
    writeKubeconfig("first");
    expect({ failure, steps: [...steps].sort(), soon: seconds < 120 }).toEqual({
      failure: undefined,
      steps: creations,
      soon: true,
    });
  });

  it("is applied by the first up", async () => {
    const { failure, steps } = await stack.up();
    expect({ failure, steps: [...steps].sort() }).toEqual({ failure: undefined, steps: creations });
    const object = await cluster.get<{ data: Record<string, string> }>(settings);
    expect(object!.data).toMatchObject({
      CLUSTER_NAME: "test",
      STACK: "test",
      LOG_RETENTION_DAYS: "14",
      API_SERVER_HOST: "10.20.0.5",
      HTTP_PROXY: "",
    });
    const sops = await cluster.get<{ data: Record<string, string> }>("/api/v1/namespaces/flux-system/secrets/sops-age");
    expect(Buffer.from(sops!.data["age.agekey"]!, "base64").toString()).toBe(`${ageKey}\n`);
    expect(await deployed()).toEqual(bootstrapReleases.map(({ name }) => `${name} 1 deployed`).sort());
  });

  it("is left alone by a second up", async () => {
    const { failure, steps } = await stack.up();
    expect({ failure, steps }).toEqual({ failure: undefined, steps: [] });
  });

  it("keeps no credential in plain text in the state", async () => {
    const state = await stack.exported();
    const encoded = (text: string) => Buffer.from(text).toString("base64").slice(4, -4);
    const hidden = [ageKey, applicationSecret, "a-deploy-token", encoded(ageKey), encoded(applicationSecret)];
    expect(hidden.filter((text) => state.includes(text))).toEqual([]);
  });

  it("keeps its provider when the kubeconfig changes, and everything made through it", async () => {
    writeKubeconfig("renewed");
    const { failure, steps } = await stack.up();
    expect({ failure, steps }).toEqual({ failure: undefined, steps: ["update test-kubernetes"] });
  });

  it("keeps its provider when a control-plane machine is replaced", async () => {
    const { failure, steps } = await stack.up({ environment: { TEST_MACHINE: "2" } });
    expect({ failure, others: steps.filter((step) => !step.endsWith(" machine")) }).toEqual({
      failure: undefined,
      others: [],
    });
    expect((await stack.up()).failure).toBeUndefined();
  });

  it("puts back, with a refresh, what somebody edited by hand", async () => {
    await cluster.patch(settings, { data: { POD_CIDR: "10.99.0.0/16" } });
    const { failure, steps } = await stack.up({ refresh: true });
    expect({ failure, repaired: steps.includes("update test-cluster-settings") }).toEqual({
      failure: undefined,
      repaired: true,
    });
    expect((await cluster.get<{ data: Record<string, string> }>(settings))!.data.POD_CIDR).toBe("192.168.0.0/16");
  });

  it("changes a setting in place: Flux never finds the ConfigMap gone", async () => {
    const before = await cluster.get<{ metadata: { uid: string } }>(settings);
    await stack.set("flux.settings.LOG_RETENTION_DAYS", "30");
    const { failure, steps } = await stack.up();
    const after = await cluster.get<{ metadata: { uid: string }; data: Record<string, string> }>(settings);
    expect({ failure, steps, days: after!.data.LOG_RETENTION_DAYS, uid: after!.metadata.uid }).toEqual({
      failure: undefined,
      steps: ["update test-cluster-settings"],
      days: "30",
      uid: before!.metadata.uid,
    });
  });

  it("restarts the cloud controller and Cinder CSI with a renewed credential, and nothing else", async () => {
    await stack.setSecret("credentials.openstack.secret", "renewed-application-secret");
    const { failure, steps } = await stack.up();
    expect({ failure, steps: [...steps].sort() }).toEqual({
      failure: undefined,
      steps: [
        "update test-cloud-config",
        "update test-openstack-cinder-csi",
        "update test-openstack-cloud-controller-manager",
      ],
    });
  });

  it("goes on after an engine that was killed within an upgrade", async () => {
    // The new pod never becomes ready, so Helm waits; then the power goes.
    cluster.broken = "openstack-cinder-csi";
    await stack.setSecret("credentials.openstack.secret", "once-more-renewed-secret");
    const killed = stack.up();
    await pendingUpgrade("openstack-cinder-csi");
    stack.kill();
    expect((await killed).failure).toBeDefined();
    await stack.cancel();
    cluster.broken = undefined;

    expect((await stack.up()).failure).toMatch(/another operation .* is in progress/);
    expect(await forgetInterruptedReleases(bootstrapReleases, cluster.request)).toEqual([
      expect.stringMatching(
        /^Release openstack-cinder-csi was interrupted \(pending-upgrade, revision \d+\): forgotten, to be done again\.$/,
      ),
    ]);
    expect((await stack.up()).failure).toBeUndefined();
    expect((await deployed()).filter((release) => release.includes("pending"))).toEqual([]);
  });

  it("reconciles labels and taints of its pools on Nodes, and leaves those of others", async () => {
    const config = parseClusterConfig({ ...values, cloudProvider: undefined }, "test");
    const cordon = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
    for (const name of ["test-general-0", "test-gpu-0", "test-gpu-1"])
      await cluster.create("/api/v1/nodes", {
        apiVersion: "v1",
        kind: "Node",
        metadata: { name, labels: { mine: "yes" } },
        spec: { taints: [cordon] },
      });
    const reconcile = async (wanted: typeof config) =>
      reconcileNodes(planMachines(wanted), await listNodes(cluster.request), cluster.request);
    expect(await reconcile(config)).toEqual(["test-gpu-0", "test-gpu-1"]);
    expect(await reconcile(config)).toEqual([]);
    const node = (await cluster.get<Node>("/api/v1/nodes/test-gpu-0"))!;
    const { "example.org/gpu": gpu, "node-role.kubernetes.io/gpu": role, mine } = node.metadata.labels!;
    expect({ gpu, role, mine, taints: node.spec!.taints }).toMatchObject({ gpu: "a100", role: "", mine: "yes" });
    expect([...node.spec!.taints!].map(({ key }) => key).sort()).toEqual(expect.arrayContaining(["gpu", cordon.key]));

    const [general, gpuPool] = config.nodePools;
    const without = { ...config, nodePools: [general!, { ...gpuPool!, labels: {}, taints: [] }] };
    expect(await reconcile(without)).toEqual(["test-gpu-0", "test-gpu-1"]);
    const after = (await cluster.get<Node>("/api/v1/nodes/test-gpu-1"))!;
    expect({
      gpu: after.metadata.labels!["example.org/gpu"],
      taint: after.spec!.taints!.find(({ key }) => key === "gpu"),
      mine: after.metadata.labels!.mine,
    }).toEqual({
      gpu: undefined,
      taint: undefined,
      mine: "yes",
    });
    expect(after.metadata.annotations![appliedAnnotation]).toBe('{"labels":[],"taints":[]}');
  });

  it("is destroyed with its cluster, even when nobody answers any more", async () => {
    await cluster.stop();
    expect((await stack.destroy()).failure).toBeUndefined();
  });

  /** Revisions of all releases: name, number, status. */
  async function deployed(): Promise<string[]> {
    const { items } = (await cluster.get<{ items: { metadata: { labels: Record<string, string> } }[] }>(
      "/api/v1/secrets?labelSelector=owner%3Dhelm",
    ))!;
    return items.map(({ metadata: { labels } }) => `${labels.name} ${labels.version} ${labels.status}`).sort();
  }

  async function pendingUpgrade(name: string): Promise<void> {
    for (let attempt = 0; attempt < 240; attempt++) {
      if ((await deployed()).some((release) => release.startsWith(`${name} `) && release.endsWith(" pending-upgrade")))
        return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error(`release ${name} never began its upgrade`);
  }
});
