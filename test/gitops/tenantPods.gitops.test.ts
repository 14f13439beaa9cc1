/**
 * What one tenant can do to the rest of the cluster, on a real API server with its quota controller: pods where they do
 * not belong, what holds a drain, and objects without end. Not shown: that a node evicts or a disk fills.
 */
import { fluxBuildPrograms } from "./fluxBuild";
import { controlPlanePrograms } from "./live/controlPlane";
import { type GuardedCluster, guardedClusterFolders, startGuardedCluster } from "./live/guardedCluster";
import type { KubernetesObject } from "./live/kubectl";
import { kubernetesRequest } from "./live/kubernetesRequest";
import { eventually } from "./live/processes";
import { describeWith } from "./toolbox";

jest.setTimeout(180_000);

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
}

describeWith([...controlPlanePrograms, ...fluxBuildPrograms, ...guardedClusterFolders])("one tenant", () => {
  let cluster: GuardedCluster;

  beforeAll(async () => {
    cluster = await startGuardedCluster();
    await eventually("The quota's usage", 240, () =>
      used()["count/volumesnapshots.snapshot.storage.k8s.io"] === undefined ? undefined : true,
    );
  }, 600_000);

  afterAll(() => cluster?.stop());

  const used = () => cluster.kubectl.get("resourcequota", "atlas", "tenant").status?.used ?? {};
  const pod = (spec: object, metadata: object = {}) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { generateName: "web-", namespace: "atlas", ...metadata },
    spec: { containers: [{ name: "web", image: "registry.example.org/atlas/web:1.0.0" }], ...spec },
  });
  const budget = (spec: object) => ({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { generateName: "web-", namespace: "atlas" },
    spec: { selector: { matchLabels: { app: "web" } }, ...spec },
  });
  const refused = (object: object, message: string) => {
    const { ok, output } = cluster.member.create(object);
    expect(output).toContain(message);
    expect(ok).toBe(false);
  };

  it("has every kind counted that its members can make, so that it cannot fill etcd", () => {
    const { rules } = cluster.kubectl.get("clusterrole", "", "admin") as unknown as { rules: readonly Rule[] };
    const made = new Set(
      rules
        .filter(({ verbs }) => verbs.includes("create"))
        .flatMap(({ apiGroups = [], resources = [] }) =>
          apiGroups.flatMap((group) => resources.map((name) => (group === "" ? name : `${name}.${group}`))),
        )
        // Requests, not objects; and kinds that are gone since Kubernetes 1.16.
        .filter((name) => !/\/|reviews\.|\.extensions$|^localsubjectaccessreviews/.test(name)),
    );
    const { hard } = cluster.kubectl.get("resourcequota", "atlas", "tenant").spec as { hard: object };
    const uncounted = [...made].filter((name) => !(name in hard) && !(`count/${name}` in hard));
    // The API server limits how fast events come, and forgets them after an hour.
    expect(uncounted.sort()).toEqual(["events", "events.events.k8s.io"]);
    expect(made.size).toBeGreaterThan(25);
  });

  it("is stopped at the number of objects that its file allows", async () => {
    const map = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "atlas" } });
    const many = Array.from({ length: 200 }, (_, index) => map(`filler-${index}`));
    cluster.member.apply(...many);
    await eventually("The full quota", 180, () => (used()["count/configmaps"] === "200" ? true : undefined));
    refused(map("one-more"), "exceeded quota: tenant, requested: count/configmaps=1");
    cluster.member.run(["delete", "configmaps", "-n", "atlas", "--all", "--wait=false"]);
  });

  it("is slowed down when it floods the cluster with events, and other namespaces are not", async () => {
    const request = kubernetesRequest(cluster.kubectl);
    const create = (namespace: string) =>
      request("POST", `/api/v1/namespaces/${namespace}/events`, {
        apiVersion: "v1",
        kind: "Event",
        metadata: { generateName: "flood-", namespace },
        involvedObject: { kind: "Pod", namespace, name: "web" },
        reason: "Flood",
      });
    await eventually("An event that is refused", 90, async () => {
      const answers = await Promise.all(Array.from({ length: 300 }, () => create("atlas")));
      return answers.some(({ status, body }) => status === 429 && body.includes("limit reached on type Namespace"))
        ? true
        : undefined;
    });
    expect((await create("default")).status).toBe(201);
  });

  it.each<[string, object, string]>([
    ["on a node that it names", { nodeName: "dev-control-plane-0" }, "names no node"],
    [
      "on the control plane, by its taint",
      { tolerations: [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" }] },
      "tolerates neither the control plane's taint",
    ],
    ["on the control plane, by every taint", { tolerations: [{ operator: "Exists" }] }, "nor every taint"],
    [
      "on the control plane, by every taint of an effect",
      { tolerations: [{ operator: "Exists", effect: "NoSchedule" }] },
      "nor every taint",
    ],
    [
      "on a node that is drained",
      { tolerations: [{ key: "node.kubernetes.io/unschedulable", operator: "Exists" }] },
      "nor that of a drained node",
    ],
    [
      "before all others",
      { priorityClassName: "system-node-critical" },
      "The system's priority classes are the platform's",
    ],
    [
      "as critical for the cluster",
      { priorityClassName: "system-cluster-critical" },
      "The system's priority classes are the platform's",
    ],
    ["with a year to end", { terminationGracePeriodSeconds: 31_536_000 }, "is at most 600"],
    ["with a quarter of an hour to end", { terminationGracePeriodSeconds: 900 }, "is at most 600"],
    [
      "with an NFS server of its choice",
      { volumes: [{ name: "data", nfs: { server: "10.0.0.1", path: "/" } }] },
      "volumes of the kind nfs go around storage classes",
    ],
    [
      "with an iSCSI target of its choice",
      {
        volumes: [{ name: "data", iscsi: { targetPortal: "10.0.0.1:3260", iqn: "iqn.2001-04.com.example:x", lun: 0 } }],
      },
      "volumes of the kind iscsi go around storage classes",
    ],
    [
      "with a Ceph cluster of its choice",
      {
        volumes: [
          { name: "ok", emptyDir: {} },
          { name: "data", cephfs: { monitors: ["10.0.0.1"] } },
        ],
      },
      "volumes of the kind cephfs go around storage classes",
    ],
  ])("is refused a pod %s", (_what, spec, message) => {
    refused(pod(spec), message);
  });

  it("is refused a pod that a finalizer would keep, at its creation and later", () => {
    const metadata = { finalizers: ["example.org/forever"] };
    refused(pod({}, metadata), "has no finalizers of its own");
    expect(cluster.member.create(pod({}, { name: "kept", generateName: undefined }))).toMatchObject({ ok: true });
    const { ok, output } = cluster.member.attempt([
      ...["patch", "pod", "kept", "-n", "atlas", "--type=merge"],
      ...["-p", JSON.stringify({ metadata })],
    ]);
    expect(output).toContain("has no finalizers of its own");
    expect(ok).toBe(false);
  });

  it("is refused a toleration that is added to a pod later", () => {
    expect(cluster.member.create(pod({}, { name: "late", generateName: undefined }))).toMatchObject({ ok: true });
    const patch = [{ op: "add", path: "/spec/tolerations/-", value: { operator: "Exists" } }];
    const { ok, output } = cluster.member.attempt([
      ...["patch", "pod", "late", "-n", "atlas", "--type=json", "-p", JSON.stringify(patch)],
    ]);
    expect(output).toContain("nor every taint");
    expect(ok).toBe(false);
  });

  it("is refused a year for a deletion and for an eviction of its pods", () => {
    for (const name of ["deleted", "evicted"]) {
      expect(cluster.member.create(pod({}, { name, generateName: undefined }))).toMatchObject({ ok: true });
      // A pod without a node ends at once, whatever is asked.
      const target = { apiVersion: "v1", kind: "Node", name: "worker-1" };
      const binding = { apiVersion: "v1", kind: "Binding", metadata: { name, namespace: "atlas" }, target };
      const path = `/api/v1/namespaces/atlas/pods/${name}/binding`;
      expect(cluster.kubectl.attempt(["create", "--raw", path, "-f", "-"], JSON.stringify(binding)).ok).toBe(true);
    }
    for (const what of [["deleted"], ["--all"]]) {
      const { ok, output } = cluster.member.attempt([
        ...["delete", "pod", ...what, "-n", "atlas", "--grace-period=31536000", "--wait=false"],
      ]);
      expect(output).toContain("The grace period of a deletion is at most 600 seconds");
      expect(ok).toBe(false);
    }
    const eviction = {
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { name: "evicted", namespace: "atlas" },
      deleteOptions: { gracePeriodSeconds: 31_536_000 },
    };
    const answer = cluster.member.attempt(
      ["create", "--raw", "/api/v1/namespaces/atlas/pods/evicted/eviction", "-f", "-"],
      JSON.stringify(eviction),
    );
    expect(answer.output).toContain("The grace period of an eviction is at most 600 seconds");
    expect(cluster.member.attempt(["delete", "pod", "deleted", "-n", "atlas", "--wait=false"]).ok).toBe(true);
  });

  it("runs what is usual: its own DaemonSets, image volumes, five minutes to end, taints of pools, a Job's finalizer", () => {
    const usual = [
      pod({ terminationGracePeriodSeconds: 300 }),
      pod({ tolerations: [{ key: "example.org/gpu", operator: "Exists", effect: "NoSchedule" }] }),
      pod({ volumes: [{ name: "data", image: { reference: "registry.example.org/atlas/data:1.0.0" } }] }),
      pod({}, { finalizers: ["batch.kubernetes.io/job-tracking"] }),
    ];
    for (const object of usual) expect(cluster.member.create(object)).toMatchObject({ ok: true });
    const controller = cluster.kubectl.as("system:serviceaccount:kube-system:daemon-set-controller", [
      "system:serviceaccounts",
      "system:serviceaccounts:kube-system",
    ]);
    const tolerations = ["unschedulable", "not-ready", "disk-pressure"].map((name) => ({
      key: `node.kubernetes.io/${name}`,
      operator: "Exists",
    }));
    expect(controller.create(pod({ tolerations }))).toMatchObject({ ok: true });
  });

  it("keeps an older pod that no guard would let in today: it can be labelled, and its Job can let it go", () => {
    cluster.kubectl.run(["label", "namespace", "atlas", "openstack-kubernetes/tenant-"]);
    const old = pod(
      { tolerations: [{ operator: "Exists" }], nodeName: "worker-1", terminationGracePeriodSeconds: 3600 },
      { name: "old", generateName: undefined, finalizers: ["batch.kubernetes.io/job-tracking"] },
    );
    expect(cluster.kubectl.create(old)).toMatchObject({ ok: true });
    cluster.kubectl.run(["label", "namespace", "atlas", "openstack-kubernetes/tenant=atlas"]);
    refused(pod({ nodeName: "worker-1" }), "names no node");
    const patch = JSON.stringify({ metadata: { labels: { seen: "yes" }, finalizers: null } });
    expect(cluster.member.attempt(["patch", "pod", "old", "-n", "atlas", "--type=merge", "-p", patch])).toMatchObject({
      ok: true,
    });
  });

  it.each<[string, object]>([
    ["maxUnavailable 0", { maxUnavailable: 0 }],
    ["maxUnavailable 0%", { maxUnavailable: "0%" }],
    ["maxUnavailable 00%", { maxUnavailable: "00%" }],
    ["minAvailable 100%", { minAvailable: "100%" }],
  ])("is refused a disruption budget that allows no eviction: %s", (_what, spec) => {
    refused(budget(spec), "allows no eviction, so no node could be drained");
  });

  it("gets disruption budgets that allow evictions", () => {
    for (const spec of [{ maxUnavailable: 1 }, { maxUnavailable: "10%" }, { minAvailable: "50%" }, { minAvailable: 1 }])
      expect(cluster.member.create(budget(spec))).toMatchObject({ ok: true });
  });

  it("gets no volumes and no snapshots that stay when they are deleted, unless its file says how much", async () => {
    const claim = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { generateName: "data-", namespace: "atlas" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: "cinder-retain",
        resources: { requests: { storage: "1Gi" } },
      },
    };
    const snapshot = {
      apiVersion: "snapshot.storage.k8s.io/v1",
      kind: "VolumeSnapshot",
      metadata: { generateName: "data-", namespace: "atlas" },
      spec: { volumeSnapshotClassName: "cinder-retain", source: { persistentVolumeClaimName: "data" } },
    };
    refused(claim, "requested: cinder-retain.storageclass.storage.k8s.io/requests.storage=1Gi");
    refused(snapshot, "need RETAINED_STORAGE in the tenant's file");
    cluster.flux.run([
      ...["patch", "kustomization", "tenant-atlas", "-n", "flux-system", "--type=merge"],
      ...["-p", '{"spec":{"postBuild":{"substitute":{"RETAINED_STORAGE":"10Gi"}}}}'],
    ]);
    await eventually("The changed file", 30, () => (cluster.member.create(snapshot).ok ? true : undefined));
  });

  it("gets a disk's share for a container that asks for none, and sees which limit its own request is above", () => {
    expect(cluster.member.create(pod({}, { name: "plain", generateName: undefined }))).toMatchObject({ ok: true });
    const { containers } = cluster.kubectl.get("pod", "atlas", "plain").spec as {
      containers: readonly [{ resources: object }];
    };
    expect(containers[0].resources).toEqual({
      limits: { memory: "256Mi", "ephemeral-storage": "2Gi" },
      requests: { cpu: "100m", memory: "256Mi", "ephemeral-storage": "256Mi" },
    });
    const image = "registry.example.org/atlas/web:1.0.0";
    refused(
      pod({ containers: [{ name: "web", image, resources: { requests: { memory: "1Gi" } } }] }),
      'Invalid value: "1Gi": must be less than or equal to memory limit of 256Mi',
    );
    refused(
      pod({ containers: [{ name: "web", image, resources: { limits: { "ephemeral-storage": "500Gi" } } }] }),
      "exceeded quota: tenant, requested: limits.ephemeral-storage=500Gi",
    );
  });

  it("gets no token for pods that name no account, and one for pods that ask", () => {
    const mounted = (object: KubernetesObject) =>
      JSON.stringify((object.spec as { volumes?: unknown }).volumes ?? []).includes("serviceAccountToken");
    const create = (name: string, spec: object) => {
      expect(cluster.member.create(pod(spec, { name, generateName: undefined }))).toMatchObject({ ok: true });
      return mounted(cluster.kubectl.get("pod", "atlas", name));
    };
    expect(create("silent", {})).toBe(false);
    expect(create("asking", { automountServiceAccountToken: true })).toBe(true);
  });
});
