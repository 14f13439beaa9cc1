/**
 * Choices and credentials on a real control plane under the real Flux controllers: an option is installed, replaced and
 * taken away by a setting; what the platform shares with tenants arrives and is put back. Not shown: that a snapshot is
 * taken or an image pulled, as there are no nodes.
 */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { controlPlanePrograms } from "./live/controlPlane";
import { fluxPrograms } from "./live/flux";
import type { GitServer, Repository } from "./live/gitServer";
import type { Kubectl } from "./live/kubectl";
import { StandInKubelet } from "./live/kubelet";
import { edit, type Platform, startPlatform } from "./live/platform";
import { eventually } from "./live/processes";
import { describeWith, toolFolder } from "./toolbox";

jest.setTimeout(240_000);

const manifests = join(toolFolder("snapshots"), "manifests");
const pullConfig = JSON.stringify({ auths: { "registry.example.org": { auth: "cm9ib3Q6c2VjcmV0" } } });
const base64 = (text: string) => Buffer.from(text).toString("base64");

describeWith([...controlPlanePrograms, ...fluxPrograms, manifests])("the platform's parts", () => {
  let platform: Platform;
  let kubectl: Kubectl;
  let kubelet: StandInKubelet;

  beforeAll(async () => {
    const settings: Record<string, string> = { UI: "none", REBOOTS: "none" };
    const prepare = (repository: Repository, git: GitServer) => {
      const upstream = git.create("external-snapshotter");
      cpSync(manifests, upstream.folder, { recursive: true });
      upstream.commit("As its project keeps it");
      upstream.tag("v8.6.0");
      edit(repository, "gitops/tenants/dev/atlas.yaml", "    - ../components/git\n", "    - ../components/registry\n");
      const withoutGit = readFileSync(join(repository.folder, "gitops/tenants/dev/atlas.yaml"), "utf8").replace(
        / +GIT_URL: .*\n/,
        "",
      );
      repository.write("gitops/tenants/dev/atlas.yaml", withoutGit);
      settings.SNAPSHOTTER_GIT = upstream.url;
    };
    platform = await startPlatform(prepare, { settings });
    kubectl = platform.kubectl;
    kubelet = new StandInKubelet(kubectl, ["kube-system"]);
  }, 900_000);

  afterAll(async () => {
    await kubelet?.stop();
    await platform?.stop();
  });

  const set = (settings: Readonly<Record<string, string>>) => {
    kubectl.run([
      "patch",
      "configmap",
      "cluster-settings",
      "-n",
      "flux-system",
      "--type=merge",
      "-p",
      JSON.stringify({ data: settings }),
    ]);
    return platform.flux.reconcile("kustomization", "flux-system", "choices");
  };
  const path = (choice: string) => kubectl.get("kustomization", "flux-system", choice).spec?.path;

  describe("that tenants share: credentials of registries", () => {
    const credentials = () =>
      (kubectl.get("secret", "atlas", "registry").data as Record<string, string>)[".dockerconfigjson"];

    it("hold a tenant back that asks for them, until the platform has put them in", async () => {
      const condition = await platform.flux.reconcile("kustomization", "flux-system", "tenant-atlas");
      expect(condition.status).toBe("False");
      expect(condition.message).toContain("REGISTRY_CREDENTIALS");
    });

    it("arrive in the tenant's namespace, and in its pods' account", async () => {
      kubectl.run([
        "create",
        "secret",
        "generic",
        "tenant-registry",
        "-n",
        "flux-system",
        `--from-literal=REGISTRY_CREDENTIALS=${base64(pullConfig)}`,
      ]);
      expect((await platform.flux.reconcile("kustomization", "flux-system", "tenant-atlas")).status).toBe("True");
      expect(credentials()).toBe(base64(pullConfig));
      expect(kubectl.get("secret", "atlas", "registry").type).toBe("kubernetes.io/dockerconfigjson");
      expect(kubectl.get("serviceaccount", "atlas", "default").imagePullSecrets).toEqual([{ name: "registry" }]);
    });

    it("cannot be changed by the tenant, and are put back when an administrator changed them", async () => {
      const change = [
        "patch",
        "secret",
        "registry",
        "-n",
        "atlas",
        "--type=merge",
        "-p",
        JSON.stringify({ data: { ".dockerconfigjson": base64("{}") } }),
      ];
      const attempt = kubectl.as("oidc:ada", ["oidc:atlas-developers"]).attempt(change);
      expect(attempt.ok).toBe(false);
      expect(attempt.output).toContain("belongs to the platform");
      kubectl.run(change);
      await platform.flux.reconcile("kustomization", "flux-system", "tenant-atlas");
      expect(credentials()).toBe(base64(pullConfig));
    });
  });

  describe("that are chosen", () => {
    it("are installed: snapshot controller from its project's manifests, and classes after its definitions", async () => {
      for (const name of ["snapshots", "snapshot-definitions", "snapshot-controller", "snapshot-classes"])
        await platform.flux.becomesReady("kustomization", "flux-system", name, 240);
      expect(
        kubectl
          .list("volumesnapshotclasses", "default")
          .map(({ metadata, driver, deletionPolicy }) => [metadata.name, driver, deletionPolicy]),
      ).toEqual([
        ["cinder", "cinder.csi.openstack.org", "Delete"],
        ["cinder-retain", "cinder.csi.openstack.org", "Retain"],
      ]);
      expect(kubectl.exists("deployment", "kube-system", "snapshot-controller")).toBe(true);
    });

    it("let a tenant take a snapshot of its own claim, and not make a class", async () => {
      await platform.flux.becomesReady("kustomization", "flux-system", "tenant-atlas");
      const developer = kubectl.as("oidc:ada", ["oidc:atlas-developers"]);
      const snapshot = {
        apiVersion: "snapshot.storage.k8s.io/v1",
        kind: "VolumeSnapshot",
        metadata: { name: "before-the-upgrade", namespace: "atlas" },
      };
      // The quota counts snapshots as soon as its controller has seen that there are such objects.
      const taken = await eventually("The quota's count of snapshots", 120, () => {
        const answer = developer.create({
          ...snapshot,
          spec: { volumeSnapshotClassName: "cinder", source: { persistentVolumeClaimName: "data" } },
        });
        return answer.output.includes("status unknown for quota") ? undefined : answer;
      });
      expect({ ...taken, output: taken.ok ? "" : taken.output }).toEqual({ ok: true, output: "" });
      const made = developer.create({
        apiVersion: "snapshot.storage.k8s.io/v1",
        kind: "VolumeSnapshotClass",
        metadata: { name: "mine" },
        driver: "cinder.csi.openstack.org",
        deletionPolicy: "Delete",
      });
      expect(made.ok).toBe(false);
      expect(made.output).toContain("forbidden");
    });

    it("stay as they are when a setting names no option, with a message that says so", async () => {
      expect((await set({ SNAPSHOTS: "snapshot" })).status).toBe("True");
      const condition = await platform.flux.reconcile("kustomization", "flux-system", "snapshots");
      expect(condition).toMatchObject({ status: "False" });
      expect(condition.message).toContain("options/snapshot");
      expect(kubectl.exists("deployment", "kube-system", "snapshot-controller")).toBe(true);
    });

    it("go away with none, and their definitions, and so the snapshots of tenants, do not", async () => {
      await set({ SNAPSHOTS: "none" });
      expect(path("snapshots")).toBe("./gitops/options/none");
      await platform.flux.reconcile("kustomization", "flux-system", "snapshots");
      await eventually("The controller's end", 120, () =>
        kubectl.exists("deployment", "kube-system", "snapshot-controller") ? undefined : true,
      );
      await eventually("The classes' end", 120, () =>
        kubectl.list("volumesnapshotclasses", "default").length === 0 ? true : undefined,
      );
      expect(kubectl.exists("volumesnapshot", "atlas", "before-the-upgrade")).toBe(true);
    });

    it("wait for what they need: an issuer for cert-manager's chart, which cannot be had here", async () => {
      await set({ ACME: "acme-http-01", ACME_EMAIL: "platform@example.org" });
      const waiting = await eventually("The wait", 60, () => {
        const condition = kubectl
          .get("kustomization", "flux-system", "acme")
          .status?.conditions?.find(({ type }) => type === "Ready");
        return condition?.reason === "DependencyNotReady" ? condition : undefined;
      });
      expect(waiting.message).toContain("controllers");
    });
  });

  describe("that guard hostnames", () => {
    const ingress = (spec: object) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "web", namespace: "atlas" },
      spec,
    });
    const backend = { service: { name: "web", port: { number: 80 } } };
    const rule = (host?: string) => ({
      ...(host === undefined ? {} : { host }),
      http: { paths: [{ path: "/", pathType: "Prefix", backend }] },
    });
    const attempt = (spec: object) =>
      kubectl
        .as("oidc:ada", ["oidc:atlas-developers"])
        .attempt(["create", "--dry-run=server", "-f", "-"], JSON.stringify(ingress(spec)));

    it("let an Ingress have the tenant's own", () => {
      for (const host of ["atlas.apps.dev.example.org", "atlas--web.apps.dev.example.org"])
        expect(attempt({ rules: [rule(host)], tls: [{ hosts: [host] }] })).toMatchObject({ ok: true });
    });

    it.each<[string, object]>([
      ["another tenant's", { rules: [rule("borealis.apps.dev.example.org")] }],
      ["every name, by a rule without a host", { rules: [rule()] }],
      ["every name, by a default backend", { defaultBackend: backend }],
      [
        "another's certificate",
        { rules: [rule("atlas.apps.dev.example.org")], tls: [{ hosts: ["borealis.apps.dev.example.org"] }] },
      ],
    ])("refuse %s", (_what, spec) => {
      const { ok, output } = attempt(spec);
      expect(ok).toBe(false);
      expect(output).toContain("an Ingress of tenant atlas needs a host in each rule");
    });
  });
});
