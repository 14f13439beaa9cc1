/**
 * What the API server makes of an object before Kyverno's policies see it, and by which ways an object comes: the
 * policies' own expressions as ValidatingAdmissionPolicies of a real API server. Kyverno's CLI runs them as Kyverno's
 * (policies.gitops.test.ts). Not shown: Kyverno's webhooks.
 */
import { buildPart, fluxBuildPrograms } from "./fluxBuild";
import { controlPlanePrograms } from "./live/controlPlane";
import {
  asAdmissionPolicy,
  type GuardedCluster,
  guardedClusterFolders,
  startGuardedCluster,
} from "./live/guardedCluster";
import { eventually } from "./live/processes";
import { clusterSettings } from "./settings";
import { describeWith } from "./toolbox";

jest.setTimeout(180_000);

const policies = ["image-registries", "image-tags", "storage-classes"];

describeWith([...controlPlanePrograms, ...fluxBuildPrograms, ...guardedClusterFolders])("the policies", () => {
  let cluster: GuardedCluster;

  beforeAll(async () => {
    cluster = await startGuardedCluster();
    const settings = { ALLOWED_REGISTRIES: "registry.example.org, docker.io/library", ALLOWED_STORAGE_CLASSES: "nfs" };
    const built = buildPart("dev", "policies", { ...clusterSettings("dev"), ...settings });
    const objects = built.filter(({ metadata }) => policies.includes(metadata.name)).flatMap(asAdmissionPolicy);
    expect(objects).toHaveLength(2 * policies.length);
    expect(cluster.kubectl.apply(...objects)).toMatchObject({ ok: true });
    await eventually("Policies in force", 60, () =>
      refusal(claim({ storageClassName: "host-path" })).includes("storage-classes") &&
      refusal(pod("ghcr.io/someone/web:1.2.3")).includes("image-registries") &&
      refusal(pod("registry.example.org/web")).includes("image-tags")
        ? true
        : undefined,
    );
  }, 600_000);

  afterAll(() => cluster?.stop());

  const pod = (image: string, spec: object = {}) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { generateName: "web-", namespace: "atlas" },
    spec: { containers: [{ name: "web", image }], ...spec },
  });
  const claim = (spec: object, annotations: object = {}) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { generateName: "data-", namespace: "atlas", annotations },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...spec },
  });
  /** Empty: it is let in. */
  const refusal = (object: object) => {
    const { ok, output } = cluster.member.create(object);
    return ok ? "" : output;
  };

  it("let in a claim that names no class after admission has written the default one into it, and its like", () => {
    expect(refusal(claim({}))).toBe("");
    expect(refusal(claim({ storageClassName: "cinder" }))).toBe("");
  });

  it.each<[string, object]>([
    ["by its field", claim({ storageClassName: "host-path" })],
    ["by the older annotation", claim({}, { "volume.beta.kubernetes.io/storage-class": "host-path" })],
    ["as none at all", claim({ storageClassName: "" })],
  ])("refuse a claim that names another class %s", (_how, object) => {
    expect(refusal(object)).toContain("Storage classes for tenants are nfs, cinder");
  });

  it.each([
    "registry.example.org/atlas/web:1.2.3",
    "docker.io/library/nginx:1.29.1",
    "nginx:1.29.1",
    "docker.io/nginx:1.29.1",
    "index.docker.io/library/nginx:1.29.1",
    `nginx@sha256:${"0".repeat(64)}`,
  ])("let in the image %s, as the runtime completes its name", (image) => {
    expect(refusal(pod(image))).toBe("");
  });

  it.each([
    "ghcr.io/someone/web:1.2.3",
    "someone/nginx:1.29.1",
    "registry.example.org.evil.net/web:1.2.3",
    "LIBRARY/nginx:1.29.1",
    "localhost/library/nginx:1.29.1",
    "library.evil.net/nginx:1.29.1",
  ])("refuse the image %s, which the runtime takes from elsewhere", (image) => {
    expect(refusal(pod(image))).toContain("Images come from registry.example.org, docker.io/library only");
  });

  it("judge images of volumes, of init containers and of a debugger like the rest", () => {
    const own = "registry.example.org/atlas/web:1.2.3";
    const foreign = "ghcr.io/someone/web:1.2.3";
    const volume = (reference: string) => ({ volumes: [{ name: "data", image: { reference } }] });
    const from = "Images come from registry.example.org";
    expect(refusal(pod(own, volume(own)))).toBe("");
    expect(refusal(pod(own, volume(foreign)))).toContain(from);
    expect(refusal(pod(own, volume("registry.example.org/atlas/data")))).toContain("needs a version as its tag");
    expect(refusal(pod(own, { initContainers: [{ name: "init", image: foreign }] }))).toContain(from);
    const named = { ...pod(own), metadata: { name: "debugged", namespace: "atlas" } };
    expect(refusal(named)).toBe("");
    const debug = (image: string) =>
      cluster.kubectl.attempt(["debug", "debugged", "-n", "atlas", `--image=${image}`, "--profile=restricted"]);
    expect(debug(foreign).output).toContain(from);
    expect(debug(own).output).not.toContain("denied");
  });
});
