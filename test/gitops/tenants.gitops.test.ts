/**
 * Tenants on a real control plane under the real Flux controllers, from a Git server over HTTP. Proves what the API
 * server, RBAC, quotas, admission and Flux do. Not: that a network policy stops a packet (no nodes here), nor what
 * needs Helm charts.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { controlPlanePrograms } from "./live/controlPlane";
import { fluxPrograms } from "./live/flux";
import type { Repository } from "./live/gitServer";
import type { Kubectl } from "./live/kubectl";
import { edit, type Platform, startPlatform } from "./live/platform";
import { eventually } from "./live/processes";
import { describeWith, repositoryFolder } from "./toolbox";

jest.setTimeout(180_000);

const atlasFile = "gitops/tenants/dev/atlas.yaml";
const deployUrl = "https://gitlab.example.org/atlas/deploy.git";

const deployment = (name: string, namespace?: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name, image: "registry.example.org/atlas/web:1.0.0" }] },
    },
  },
});

const networkPolicy = (name: string, spec: object) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name, namespace: "atlas" },
  spec: { podSelector: {}, ...spec },
});

/** `npm run tenant -- new` as an operator types it, writing into the repository of the test. */
function newTenant(repository: Repository, ...args: readonly string[]): void {
  const program = [
    "-r",
    "./scripts/typescript.js",
    "scripts/tenant.ts",
    "new",
    ...args,
    "--stack",
    "dev",
    "--gitops",
    join(repository.folder, "gitops"),
  ];
  const result = spawnSync(process.execPath, program, { cwd: repositoryFolder, encoding: "utf8" });
  if (result.status !== 0) throw new Error(result.stderr);
}

describeWith([...controlPlanePrograms, ...fluxPrograms])("a tenant on a cluster under Flux", () => {
  let platform: Platform;
  let kubectl: Kubectl;
  /** A member of the group that atlas's file names, as OIDC presents it. */
  let developer: Kubectl;
  let deploy: Repository;

  beforeAll(async () => {
    platform = await startPlatform((repository, git) => {
      deploy = git.create("atlas");
      deploy.write("deployment.yaml", JSON.stringify(deployment("web"))).commit("First version");
      newTenant(repository, "borealis", "--group", "borealis-developers", "--git", deployUrl, "--path", "./absent");
      // The command refuses an address that only this machine can reach, where the test has its Git server.
      edit(repository, atlasFile, deployUrl, deploy.url);
      edit(repository, "gitops/tenants/dev/borealis.yaml", deployUrl, deploy.url);
    });
    kubectl = platform.kubectl;
    developer = kubectl.as("oidc:ada", ["oidc:atlas-developers"]);
    await platform.flux.becomesReady("kustomization", "flux-system", "tenant-atlas", 240);
  }, 600_000);

  afterAll(() => platform?.stop());

  const quota = () => kubectl.get("resourcequota", "atlas", "tenant").spec?.hard as Record<string, string>;

  it("has its namespace with quota, limits, role binding and network policies made from one file", async () => {
    for (const name of ["guards", "storage", "tenants", "tenant-atlas", "tenant-borealis"])
      await platform.flux.becomesReady("kustomization", "flux-system", name);
    const made = kubectl.list(
      "resourcequotas,limitranges,rolebindings,networkpolicies,gitrepositories,kustomizations",
      "atlas",
    );
    expect(made.map((object) => `${String(object.kind)} ${object.metadata.name}`).sort()).toEqual([
      "GitRepository tenant",
      "Kustomization tenant",
      "LimitRange tenant",
      "NetworkPolicy allow-dns",
      "NetworkPolicy allow-egress",
      "NetworkPolicy default-deny",
      "ResourceQuota tenant",
      "RoleBinding tenant-admin",
      "RoleBinding tenant-flux",
    ]);
    expect(kubectl.get("rolebinding", "atlas", "tenant-admin").subjects).toEqual([
      { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "oidc:atlas-developers" },
    ]);
    expect(kubectl.get("networkpolicy", "atlas", "allow-egress").spec?.egress).toEqual([
      { to: [{ ipBlock: { cidr: "10.40.0.0/16" } }], ports: [{ protocol: "TCP", port: 5432 }] },
    ]);
    expect(kubectl.get("networkpolicy", "borealis", "allow-egress").spec?.egress).toBeUndefined();
    expect(kubectl.get("namespace", "", "atlas").metadata.labels).toEqual({
      "kubernetes.io/metadata.name": "atlas",
      "kustomize.toolkit.fluxcd.io/name": "tenant-atlas",
      "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
      "openstack-kubernetes/gateway": "public",
      "openstack-kubernetes/owner": "platform",
      "openstack-kubernetes/tenant": "atlas",
      "pod-security.kubernetes.io/enforce": "baseline",
      "pod-security.kubernetes.io/warn": "restricted",
    });
  });

  it("does not wait for Helm releases: they are applied, unready as nothing here installs charts, and hold back only what needs them", async () => {
    const reason = (name: string) =>
      kubectl.get("kustomization", "flux-system", name).status?.conditions?.find(({ type }) => type === "Ready")
        ?.reason;
    await eventually("The Helm releases", 60, () =>
      kubectl.list("helmreleases", "kyverno").length > 0 ? true : undefined,
    );
    const namespaces = ["cert-manager", "envoy-gateway-system", "kyverno"];
    expect(
      namespaces.flatMap((namespace) => kubectl.list("helmreleases", namespace).map(({ metadata }) => metadata.name)),
    ).toEqual(["cert-manager", "envoy-gateway", "kyverno"]);
    expect(["controllers", "policies", "certificates", "ingress"].map(reason)).toEqual([
      "Progressing",
      "DependencyNotReady",
      "DependencyNotReady",
      "DependencyNotReady",
    ]);
  });

  it("gets what its own repository holds, by an account that is powerless elsewhere", async () => {
    await eventually("The tenant's Deployment", 60, () =>
      kubectl.exists("deployment", "atlas", "web") ? true : undefined,
    );
    const account = kubectl.as("system:serviceaccount:atlas:flux", [
      "system:serviceaccounts",
      "system:serviceaccounts:atlas",
    ]);
    expect(account.attempt(["auth", "can-i", "create", "deployments.apps", "-n", "atlas"]).output).toBe("yes");
    expect(account.attempt(["auth", "can-i", "create", "deployments.apps", "-n", "borealis"]).output).toBe("no");
    expect(account.attempt(["auth", "can-i", "create", "clusterroles"]).output).toContain("no");
  });

  it("lets a member of its group deploy in its namespace and in no other", () => {
    const own = developer.create(deployment("tool", "atlas"));
    expect(own.ok).toBe(true);
    // Allowed, with a hint of what a stricter level would want.
    expect(own.output).toContain('Warning: would violate PodSecurity "restricted:latest"');
    for (const namespace of ["borealis", "default", "flux-system"]) {
      const { ok, output } = developer.create(deployment("tool", namespace));
      expect(ok).toBe(false);
      expect(output).toContain(
        `User "oidc:ada" cannot create resource "deployments" in API group "apps" in the namespace "${namespace}"`,
      );
    }
    const stranger = kubectl.as("oidc:eve", ["oidc:other-developers"]).create(deployment("tool", "atlas"));
    expect(stranger.ok).toBe(false);
  });

  it("cannot lift its quota, its limits or its namespace's labels", () => {
    const patches = [
      ["resourcequota", "tenant", '{"spec":{"hard":{"requests.cpu":"1000"}}}'],
      ["limitrange", "tenant", '{"spec":{"limits":[]}}'],
      ["namespace", "atlas", '{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}'],
    ] as const;
    for (const [kind, name, patch] of patches) {
      const { ok, output } = developer.attempt(["patch", kind, name, "-n", "atlas", "--type=merge", "-p", patch]);
      expect(ok).toBe(false);
      expect(output).toContain('User "oidc:ada" cannot patch resource');
    }
  });

  it("is refused a pod beyond its quota, and a pod that breaks out of Pod Security", async () => {
    const pod = (name: string, spec: object) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "atlas" },
      spec: {
        containers: [
          { name: "main", image: "registry.example.org/atlas/web:1.0.0", resources: { requests: { cpu: "9" } } },
        ],
        ...spec,
      },
    });
    await eventually("The quota's usage", 60, () => kubectl.get("resourcequota", "atlas", "tenant").status?.hard);
    const large = developer.create(pod("large", {}));
    expect(large.ok).toBe(false);
    expect(large.output).toContain("exceeded quota: tenant, requested: requests.cpu=9");
    const hostile = developer.create(pod("hostile", { hostNetwork: true }));
    expect(hostile.ok).toBe(false);
    expect(hostile.output).toContain('violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)');
  });

  it("gets the default storage class for a claim that names none, within its quota of storage", () => {
    const claim = (name: string, storage: string) => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name, namespace: "atlas" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } },
    });
    expect(developer.create(claim("data", "1Gi")).ok).toBe(true);
    expect(kubectl.get("persistentvolumeclaim", "atlas", "data").spec?.storageClassName).toBe("cinder");
    const large = developer.create(claim("large", "300Gi"));
    expect(large.ok).toBe(false);
    expect(large.output).toContain("exceeded quota: tenant, requested: requests.storage=300Gi");
  });

  it("opens traffic within the cluster by itself, but not to addresses outside", () => {
    expect(
      developer.create(networkPolicy("from-ingress", { ingress: [{ from: [{ namespaceSelector: {} }] }] })).ok,
    ).toBe(true);
    expect(
      developer.create(networkPolicy("to-pods", { policyTypes: ["Egress"], egress: [{ to: [{ podSelector: {} }] }] }))
        .ok,
    ).toBe(true);
    for (const egress of [
      [{ to: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }],
      [{}],
      [{ to: [{ podSelector: {} }] }, { to: [] }],
    ]) {
      const { ok, output } = developer.create(networkPolicy("out", { policyTypes: ["Egress"], egress }));
      expect(ok).toBe(false);
      expect(output).toContain(
        'network policy "out" allows egress to addresses, to everything, or to namespaces of the platform',
      );
    }
  });

  it("answers to hostnames of its own, and takes none of another tenant or of all", () => {
    const route = (...hostnames: readonly string[]) => ({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { generateName: "web-", namespace: "atlas" },
      spec: {
        parentRefs: [{ name: "public", namespace: "ingress" }],
        hostnames,
        rules: [{ backendRefs: [{ name: "web", port: 80 }] }],
      },
    });
    expect(developer.create(route("atlas.apps.dev.example.org", "atlas--beta.apps.dev.example.org")).ok).toBe(true);
    const others = [
      "borealis.apps.dev.example.org",
      "*.apps.dev.example.org",
      "atlas-x.apps.dev.example.org",
      "atlas.example.org",
    ];
    for (const hostnames of [[], ...others.map((other) => ["atlas.apps.dev.example.org", other])]) {
      const { ok, output } = developer.create(route(...hostnames));
      expect(ok).toBe(false);
      expect(output).toContain("each must be atlas.apps.dev.example.org or atlas--ANYTHING.apps.dev.example.org");
    }
  });

  it("cannot remove or change what the platform laid into its namespace", () => {
    const attempts = [
      ["delete", "networkpolicy", "default-deny"],
      ["delete", "networkpolicies", "--all"],
      ["delete", "rolebinding", "tenant-admin"],
      ["label", "networkpolicy", "default-deny", "openstack-kubernetes/owner-"],
      [
        "patch",
        "networkpolicy",
        "default-deny",
        "--type=merge",
        "-p",
        '{"spec":{"podSelector":{"matchLabels":{"none":"such"}}}}',
      ],
    ];
    for (const attempt of attempts) {
      const { ok, output } = developer.attempt([...attempt, "-n", "atlas"]);
      expect(ok).toBe(false);
      // Two guards refuse the patch; the API server shows the one that answered first.
      expect(output).toMatch(/belongs to the platform, which takes it from Git|closes the whole namespace in both/);
    }
    // Its own policies went with --all; the platform's stayed.
    expect(kubectl.list("networkpolicies", "atlas").map(({ metadata }) => metadata.name)).toEqual([
      "allow-dns",
      "allow-egress",
      "default-deny",
    ]);
  });

  it("is judged by its file, whoever edits by hand, and gets back at the next reconciliation what the admin deletes", async () => {
    const patch = ["--type=merge", "-p", '{"spec":{"hard":{"requests.cpu":"500"}}}'];
    const { ok, output } = kubectl.attempt(["patch", "resourcequota", "tenant", "-n", "atlas", ...patch]);
    expect(ok).toBe(false);
    expect(output).toContain("does not say what the tenant's file says");
    kubectl.run(["delete", "networkpolicy", "default-deny", "-n", "atlas"]);
    await platform.flux.reconcile("kustomization", "flux-system", "tenant-atlas");
    expect(kubectl.exists("networkpolicy", "atlas", "default-deny")).toBe(true);
  });

  it("gets a new quota by a change of one line in Git, and the old one by a revert", async () => {
    const more = edit(platform.repository, atlasFile, 'CPU: "8"', 'CPU: "12"').commit("More CPU for atlas");
    expect(platform.repository.lastDiff()).toEqual(['-      CPU: "8"', '+      CPU: "12"']);
    await platform.flux.arrive(more, "tenants", "tenant-atlas");
    expect(quota()["requests.cpu"]).toBe("12");
    await platform.flux.arrive(platform.repository.revert(), "tenants", "tenant-atlas");
    expect(quota()["requests.cpu"]).toBe("8");
  });
});
