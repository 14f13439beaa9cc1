/**
 * What a tenant's own repository may not do to others, on a real control plane under the real Flux controllers; and
 * secrets that only the cluster can read.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { controlPlanePrograms } from "./live/controlPlane";
import { fluxPrograms } from "./live/flux";
import type { Repository } from "./live/gitServer";
import type { Kubectl } from "./live/kubectl";
import { handOverAgeKey, type Platform, startPlatform } from "./live/platform";
import { eventually } from "./live/processes";
import { type AgeKey, ageKey, encrypt, sopsPrograms } from "./sops";
import { describeWith } from "./toolbox";
import { renderTenantFile } from "../../scripts/tenant/renderTenantFile";

jest.setTimeout(180_000);

const configMap = (name: string, namespace?: string) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    data: { key: "value" },
  });

const names = ["ada", "bob"] as const;

describeWith([...controlPlanePrograms, ...fluxPrograms, ...sopsPrograms])("a tenant's repository", () => {
  let platform: Platform;
  let kubectl: Kubectl;
  const repositories = {} as Record<(typeof names)[number], Repository>;
  let key: AgeKey;

  beforeAll(async () => {
    key = ageKey();
    platform = await startPlatform((repository, git) => {
      for (const name of ["atlas"])
        for (const stack of ["dev", "prod"]) rmSync(join(repository.folder, "gitops/tenants", stack, `${name}.yaml`));
      for (const name of names) {
        repositories[name] = git.create(name);
        repositories[name].write("deploy/first.yaml", configMap("first")).commit("First");
        const tenant = {
          name,
          group: `${name}-group`,
          cpu: "4",
          memory: "8Gi",
          storage: "10Gi",
          egress: [],
          git: { url: repositories[name].url, path: "./deploy", credentials: false, sops: false },
        };
        repository.write(`gitops/tenants/dev/${name}.yaml`, renderTenantFile(tenant));
      }
      const secret = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "slack", namespace: "flux-system" },
        stringData: { address: "https://hooks.example.org/T0/secret" },
      };
      repository.write("gitops/secrets/dev/slack.sops.yaml", encrypt(secret, key));
    });
    kubectl = platform.kubectl;
    for (const name of names) {
      await eventually(
        `tenant ${name}`,
        120,
        () => (kubectl.exists("kustomization", name, "tenant") ? true : undefined),
        () => platform.flux.log(),
      );
      await platform.flux.becomesReady("kustomization", name, "tenant");
    }
  }, 600_000);

  afterAll(() => platform?.stop());

  /** What Flux says after it has tried the tenant's newest commit. */
  async function outcome(name: (typeof names)[number], change: (repository: Repository) => Repository) {
    const revision = change(repositories[name]).commit("A change");
    await platform.flux.reconcile("gitrepository", name, "tenant");
    return platform.flux.reconcile("kustomization", name, "tenant", revision);
  }

  it("is rolled out, and rolled back by a revert in Git", async () => {
    expect(
      (await outcome("bob", (repository) => repository.write("deploy/second.yaml", configMap("second")))).status,
    ).toBe("True");
    expect(kubectl.exists("configmap", "bob", "second")).toBe(true);
    const reverted = repositories.bob.revert();
    await platform.flux.reconcile("gitrepository", "bob", "tenant");
    await platform.flux.reconcile("kustomization", "bob", "tenant", reverted);
    expect(kubectl.exists("configmap", "bob", "second")).toBe(false);
    expect(kubectl.exists("configmap", "bob", "first")).toBe(true);
  });

  it("that is broken stops itself, and neither the platform nor another tenant", async () => {
    const { status, message } = await outcome("ada", (repository) =>
      repository.write("deploy/broken.yaml", '{"apiVersion": "v1", "kind": "ConfigMap"'),
    );
    expect(status).toBe("False");
    expect(message).toContain("broken.yaml");
    expect(
      (await outcome("bob", (repository) => repository.write("deploy/third.yaml", configMap("third")))).status,
    ).toBe("True");
    for (const name of ["tenants", "tenant-ada", "tenant-bob"])
      expect((await platform.flux.reconcile("kustomization", "flux-system", name)).status).toBe("True");
    expect((await outcome("ada", (repository) => repository.remove("deploy/broken.yaml"))).status).toBe("True");
  });

  it("cannot make objects in another namespace: all it holds lands in its own", async () => {
    await outcome("ada", (repository) => repository.write("deploy/elsewhere.yaml", configMap("elsewhere", "bob")));
    expect(kubectl.exists("configmap", "bob", "elsewhere")).toBe(false);
    expect(kubectl.exists("configmap", "ada", "elsewhere")).toBe(true);
  });

  it("cannot make objects of the whole cluster, nor raise its own rights", async () => {
    const binding = (kind: "ClusterRoleBinding" | "RoleBinding") =>
      JSON.stringify({
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind,
        metadata: { name: "mine" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
        subjects: [{ kind: "ServiceAccount", name: "flux", namespace: "ada" }],
      });
    for (const kind of ["ClusterRoleBinding", "RoleBinding"] as const) {
      const { status, message } = await outcome("ada", (repository) =>
        repository.write("deploy/rights.yaml", binding(kind)),
      );
      expect(status).toBe("False");
      expect(message).toContain("forbidden");
    }
    expect((await outcome("ada", (repository) => repository.remove("deploy/rights.yaml"))).status).toBe("True");
  });

  it.each<[string, () => string, RegExp]>([
    // Reachable, so it is fetched; --no-remote-bases then refuses to read it.
    [
      "another Git repository",
      () => `${repositories.bob.url}//deploy?ref=main`,
      /not a valid directory|is not in or below|outside of/,
    ],
    [
      "a file of another server",
      () => "https://example.org/anything.yaml",
      /dial tcp 127\.0\.0\.1:9: connect: connection refused/,
    ],
  ])("cannot take in %s", async (_what, resource, reason) => {
    const { status, message } = await outcome("ada", (repository) =>
      repository.write("deploy/kustomization.yaml", `resources:\n  - ${resource()}\n`),
    );
    expect(status).toBe("False");
    expect(message).toMatch(reason);
    expect((await outcome("ada", (repository) => repository.remove("deploy/kustomization.yaml"))).status).toBe("True");
  });

  describe("and a Flux object that its member makes", () => {
    const kustomization = (name: string, spec: object) => ({
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata: { name, namespace: "ada" },
      spec: {
        interval: "1h",
        prune: true,
        path: "./deploy",
        sourceRef: { kind: "GitRepository", name: "tenant" },
        ...spec,
      },
    });
    const made = async (name: string, spec: object) => {
      expect(kubectl.as("oidc:ann", ["oidc:ada-group"]).create(kustomization(name, spec)).ok).toBe(true);
      return platform.flux.reconcile("kustomization", "ada", name);
    };

    it("cannot refer to another namespace's source", async () => {
      for (const namespace of ["flux-system", "bob"]) {
        const source = { kind: "GitRepository", name: namespace === "bob" ? "tenant" : "flux-system", namespace };
        const condition = await made(`foreign-${namespace}`, { sourceRef: source, serviceAccountName: "flux" });
        expect(condition).toMatchObject({ status: "False", reason: "AccessDenied" });
        expect(condition.message).toContain("cross-namespace references have been blocked");
      }
    });

    it("has no rights when it names no service account, and cannot borrow that of another namespace", async () => {
      for (const [name, spec] of Object.entries({
        nobody: {},
        borrowed: { serviceAccountName: "kustomize-controller" },
      })) {
        const condition = await made(name, spec);
        expect(condition.status).toBe("False");
        expect(condition.message).toMatch(/forbidden|not found/);
      }
    });
  });

  it("is left without access when its file is removed from Git, with namespace, quota and isolation kept", async () => {
    await platform.flux.arrive(platform.repository.remove("gitops/tenants/dev/bob.yaml").commit("Farewell"), "tenants");
    await eventually("The role binding's end", 60, () =>
      kubectl.exists("rolebinding", "bob", "tenant-admin") ? undefined : true,
    );
    await eventually("The tenant's end", 60, () =>
      kubectl.exists("kustomization", "flux-system", "tenant-bob") ? undefined : true,
    );
    const left = kubectl.list("rolebindings,resourcequotas,networkpolicies,limitranges,gitrepositories", "bob");
    expect(left.map((object) => `${String(object.kind)} ${object.metadata.name}`).sort()).toEqual([
      "LimitRange tenant",
      "NetworkPolicy allow-dns",
      "NetworkPolicy allow-egress",
      "NetworkPolicy default-deny",
      "ResourceQuota tenant",
    ]);
    expect(kubectl.as("oidc:ben", ["oidc:bob-group"]).attempt(["get", "pods", "-n", "bob"]).ok).toBe(false);
  });

  describe("and the platform's secrets", () => {
    it("wait for the age key, which the cluster alone has", async () => {
      expect(await platform.flux.reconcile("kustomization", "flux-system", "secrets")).toMatchObject({
        status: "False",
      });
      expect(kubectl.exists("secret", "flux-system", "slack")).toBe(false);
    });

    it("are readable once Pulumi has handed the key over", async () => {
      handOverAgeKey(kubectl, "flux-system", key.identity);
      expect((await platform.flux.reconcile("kustomization", "flux-system", "secrets")).status).toBe("True");
      const data = kubectl.get("secret", "flux-system", "slack").data as Record<string, string>;
      expect(Buffer.from(data.address ?? "", "base64").toString()).toBe("https://hooks.example.org/T0/secret");
    });
  });
});
