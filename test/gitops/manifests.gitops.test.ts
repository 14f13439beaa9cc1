/**
 * Everything that Flux would apply, built with Flux's own libraries for both stacks. Proves form, not that a chart
 * installs.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { chartSettings, chartTypeSetting } from "../../src/config/platformComponents";
import { buildStack, fluxBuildPrograms, type Stack, stacks } from "./fluxBuild";
import { Kubeconform, kubeconformPrograms } from "./kubeconform";
import type { KubernetesObject } from "./live/kubectl";
import { clusterSettings } from "./settings";
import { describeWith, gitopsFolder } from "./toolbox";

jest.setTimeout(300_000);

describeWith([...fluxBuildPrograms, ...kubeconformPrograms])("gitops/ as Flux builds it", () => {
  const built = {} as Record<Stack, ReadonlyMap<string, readonly KubernetesObject[]>>;
  let kubeconform: Kubeconform;

  beforeAll(() => {
    for (const stack of stacks) built[stack] = buildStack(stack);
    kubeconform = new Kubeconform();
  });

  afterAll(() => kubeconform.remove());

  it.each(stacks)("is valid by the schemas of Kubernetes and of every custom resource, on %s", (stack) => {
    const objects = [...built[stack].values()].flat();
    expect(kubeconform.check(objects)).toMatchObject({
      resources: [],
      summary: { valid: objects.length, invalid: 0, errors: 0, skipped: 0 },
    });
    expect(objects.length).toBeGreaterThan(20);
  });

  it("is checked by schemas that notice an unknown field, a wrong type and an unknown kind", () => {
    const quota = built.dev.get("tenant-atlas")!.find(({ kind }) => kind === "ResourceQuota")!;
    expect(kubeconform.check([{ ...quota, spec: { ...quota.spec, hrad: {} } }]).summary).toMatchObject({
      valid: 0,
      invalid: 1,
    });
    expect(kubeconform.check([{ ...quota, spec: { hard: [] } }]).summary).toMatchObject({ valid: 0, invalid: 1 });
    expect(kubeconform.check([{ ...quota, kind: "ResourceQuotum" }]).summary).toMatchObject({ valid: 0, errors: 1 });
  });

  it("has every setting it uses, and every fact of a cluster, in a list of docs/gitops.md or docs/supported-versions.md", () => {
    // "$${" is Flux's way to leave a variable to somebody else: the collector of logs reads its password so.
    const used = new Set(
      [
        ...execFileSync("grep", ["-rhE", "--include=*.yaml", "\\$\\{[A-Z_]+", gitopsFolder], {
          encoding: "utf8",
        }).matchAll(/(?<!\$)\$\{([A-Z_]+)/g),
      ].map(([, key]) => key!),
    );
    const tenantsOwn = new Set(
      [...readFileSync(join(gitopsFolder, "..", "docs", "tenants.md"), "utf8").matchAll(/^- `([A-Z_]+)` /gm)].map(
        ([, key]) => key!,
      ),
    );
    const documented = new Set(
      ["gitops.md", "supported-versions.md"].flatMap((page) =>
        [...readFileSync(join(gitopsFolder, "..", "docs", page), "utf8").matchAll(/^- `([A-Z_]+)` /gm)].map(
          ([, key]) => key!,
        ),
      ),
    );
    // The program computes it of the setting before it.
    const types = new Set(chartSettings.map(chartTypeSetting));
    expect([...used].filter((key) => ![documented, tenantsOwn, types].some((known) => known.has(key)))).toEqual([]);
    expect(Object.keys(clusterSettings("dev")).filter((key) => !documented.has(key))).toEqual([]);
  });

  it("differs between the stacks only by what their tenants are given, sizes, and names of CA and domain", () => {
    const shown = (stack: Stack) =>
      [...built[stack]].flatMap(([name, objects]) =>
        objects.map((object) => ({
          id: `${name}: ${String(object.kind)} ${object.metadata.name}`,
          key: [name, object.kind, object.metadata.namespace, object.metadata.name].join(),
          text: stringify(object),
        })),
      );
    const prod = new Map(shown("prod").map(({ key, text }) => [key, text]));
    const different = shown("dev").flatMap(({ id, key, text }) => (prod.get(key) === text ? [] : [id]));
    expect(different.sort()).toEqual(
      [
        // Names that hold the cluster's, or its networks and hosts.
        "alerts: Probe api-endpoint",
        "certificates: Certificate internal-ca",
        "controllers: HelmRelease kyverno",
        "monitoring: HelmRelease prometheus",
        "ui: HelmRelease headlamp",
        // Names under the domain of applications.
        "alerts: Probe gateway",
        "canary: Deployment canary",
        "canary: HTTPRoute canary",
        "grafana: HTTPRoute grafana",
        "guards: ValidatingAdmissionPolicy tenant-hostnames",
        "guards: ValidatingAdmissionPolicy tenant-ingresses",
        "ingress: Certificate applications",
        "ingress: EnvoyProxy public",
        "ingress: Gateway public",
        // The stack's own folders.
        "flux-system: Kustomization secrets",
        "flux-system: Kustomization tenants",
        // What tenants are given.
        "tenant-atlas: ResourceQuota tenant",
        "tenants: Kustomization tenant-atlas",
      ].sort(),
    );
    expect([...prod.keys()]).toEqual(shown("dev").map(({ key }) => key));
  });

  it.each(stacks)(
    "makes these parts of a cluster from clusters/%s: one that is renamed is uninstalled first",
    (stack) => {
      expect(
        built[stack].get("flux-system")!.map(({ metadata, spec }) => `${metadata.name} ${String(spec?.path)}`),
      ).toEqual([
        "alerts ./gitops/infrastructure/alerts",
        "canary ./gitops/infrastructure/canary",
        "certificates ./gitops/infrastructure/certificates",
        "choices ./gitops/choices",
        "controllers ./gitops/infrastructure/controllers",
        "grafana ./gitops/infrastructure/grafana",
        "guards ./gitops/infrastructure/guards",
        "ingress ./gitops/infrastructure/ingress",
        "monitoring ./gitops/infrastructure/monitoring",
        "namespaces ./gitops/infrastructure/namespaces",
        "policies ./gitops/infrastructure/policies",
        `secrets ./gitops/secrets/${stack}`,
        "storage ./gitops/infrastructure/storage",
        `tenants ./gitops/tenants/${stack}`,
      ]);
    },
  );

  it("lets no Flux Kustomization of the platform act without a service account of its own", () => {
    const kustomizations = [...built.dev.values()]
      .flat()
      .filter(({ kind, metadata }) => kind === "Kustomization" && metadata.namespace === "flux-system");
    expect(kustomizations.length).toBeGreaterThan(5);
    for (const { metadata, spec } of kustomizations)
      expect([metadata.name, spec?.serviceAccountName]).toEqual([metadata.name, "kustomize-controller"]);
  });
});
