/** What a stack applies to its cluster, and the Helm releases among it with the source of their charts. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { type BootstrapRelease, bootstrapReleases, chartOf } from "../../src/platform/bootstrapReleases";
import { calicoValues } from "../../src/platform/calico";
import { cinderNodePlugin } from "../../src/platform/cinderNodePlugin";
import { cinderCsiValues, cloudControllerManagerValues } from "../../src/platform/cloudProvider";
import { renderClusterSettings } from "../../src/platform/clusterSettings";
import {
  type FluxConfig,
  fluxNamespace,
  fluxOperatorValues,
  renderFluxInstance,
  syncName,
} from "../../src/platform/flux";
import type { KubernetesObject } from "./imagesInObjects";
import { runTool } from "./tools";

export interface ChartUse {
  /** Name of the release. */
  readonly release: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version: string;
  /** Helm repository (https), folder of an OCI registry (oci), or absolute path of the folder that holds the chart. */
  readonly source: string;
  readonly values: object;
}

export interface StackContent {
  /** Objects that Pulumi and Flux apply themselves. */
  readonly objects: readonly KubernetesObject[];
  readonly charts: readonly ChartUse[];
}

/** What belongs together: it is of use as a whole or not at all. */
export interface StackPart extends StackContent {
  /** Key of the stack file, or name of the Flux Kustomization. */
  readonly name: string;
  readonly owner: "pulumi" | "flux" | "example";
  /** Flux Kustomizations that it waits for. */
  readonly dependsOn: readonly string[];
}

interface FluxKustomization {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly path: string;
    readonly dependsOn?: readonly { readonly name: string }[];
    readonly sourceRef?: { readonly kind: string; readonly name: string };
    readonly postBuild?: { readonly substitute?: Record<string, string>; readonly substituteFrom?: readonly unknown[] };
  };
}

/** The stack with upstream's charts, whatever mirror its cluster takes them from. */
export function withUpstreamCharts(config: ClusterConfig): ClusterConfig {
  const settings = Object.entries(config.flux?.settings ?? {}).filter(([name]) => !name.endsWith("_CHARTS"));
  return {
    ...config,
    platform: { ...config.platform, chartRegistry: undefined },
    ...(config.flux === undefined ? {} : { flux: { ...config.flux, settings: Object.fromEntries(settings) } }),
  };
}

/** Everything that the stack applies, by Pulumi's half and Flux's. `repository`: the checkout with gitops/. */
export async function stackContent(config: ClusterConfig, repository: string): Promise<StackContent> {
  const parts = await stackParts(config, repository);
  return { objects: parts.flatMap(({ objects }) => objects), charts: parts.flatMap(({ charts }) => charts) };
}

/** The same, part by part. */
export async function stackParts(config: ClusterConfig, repository: string): Promise<StackPart[]> {
  const applied = config.flux === undefined ? [] : await builtByFlux(config, config.flux, repository);
  const sources = applied.flatMap(({ objects }) => objects);
  const charts = bootstrapCharts(config);
  return [
    ...bootstrapParts.map(({ name, releases }): StackPart => ({
      name,
      owner: "pulumi",
      dependsOn: [],
      objects: name === "cloudProvider" && hasCloudProvider(config) ? [nodePlugin(config)] : [],
      charts: charts.filter(({ release }) => releases.some((each) => each === release)),
    })),
    ...applied.map(({ kustomization: { metadata, spec }, objects }): StackPart => ({
      name: metadata.name,
      owner: "flux",
      dependsOn: (spec.dependsOn ?? []).map(({ name }) => name),
      objects,
      charts: fluxCharts(objects, sources),
    })),
    { name: "examples", owner: "example", dependsOn: [], objects: [], charts: exampleCharts(config, repository) },
  ];
}

const bootstrapParts: readonly {
  readonly name: "cni" | "cloudProvider" | "flux";
  readonly releases: readonly BootstrapRelease["name"][];
}[] = [
  { name: "cni", releases: ["calico-crds", "calico"] },
  { name: "cloudProvider", releases: ["openstack-cloud-controller-manager", "openstack-cinder-csi"] },
  { name: "flux", releases: ["flux-operator"] },
];

const hasCloudProvider = ({ cloudProvider, credentials }: ClusterConfig) =>
  cloudProvider !== undefined && credentials?.openstack !== undefined;

const nodePlugin = (config: ClusterConfig): KubernetesObject => ({ kind: "DaemonSet", spec: cinderNodePlugin(config) });

/** The charts that Pulumi installs for this configuration. */
function bootstrapCharts(config: ClusterConfig): ChartUse[] {
  const values: Readonly<Record<(typeof bootstrapReleases)[number]["name"], object | undefined>> = {
    "calico-crds": config.cni.kind === "calico" ? {} : undefined,
    calico: config.cni.kind === "calico" ? calicoValues(config) : undefined,
    "openstack-cloud-controller-manager": hasCloudProvider(config)
      ? cloudControllerManagerValues(config, "digest")
      : undefined,
    "openstack-cinder-csi": hasCloudProvider(config) ? cinderCsiValues(config, "digest") : undefined,
    "flux-operator": config.flux === undefined ? undefined : fluxOperatorValues,
  };
  return bootstrapReleases.flatMap((release) => {
    const chartValues = values[release.name];
    if (chartValues === undefined) return [];
    const { chart, version, repositoryOpts } = { repositoryOpts: undefined, ...chartOf(release, config) };
    const source = repositoryOpts?.repo ?? chart.slice(0, -release.chart.length - 1);
    return [
      {
        release: release.name,
        namespace: release.namespace,
        chart: release.chart,
        version,
        source,
        values: chartValues,
      },
    ];
  });
}

interface BuiltKustomization {
  readonly kustomization: FluxKustomization;
  readonly objects: readonly KubernetesObject[];
}

/** The objects of each Kustomization, from the stack's folder on, as Flux's own command builds them. */
async function builtByFlux(config: ClusterConfig, flux: FluxConfig, repository: string): Promise<BuiltKustomization[]> {
  const { sync } = renderFluxInstance(config, flux) as { readonly sync: { readonly path: string } };
  // The address of the API is known once the cluster stands; no image depends on it.
  const settings = renderClusterSettings(config, "api.invalid");
  const folder = mkdtempSync(join(tmpdir(), "images-"));
  try {
    cpSync(join(repository, "gitops"), join(folder, "gitops"), { recursive: true });
    const root = { metadata: { name: syncName, namespace: fluxNamespace }, spec: { path: sync.path } };
    const built: BuiltKustomization[] = [];
    const pending: FluxKustomization[] = [root];
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const objects = await build(folder, next, settings);
      built.push({ kustomization: next, objects });
      pending.push(...objects.filter(isOfThisRepository));
    }
    return built;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A Kustomization of a folder here. The option `none` is an empty folder: nothing to build. */
function isOfThisRepository(object: KubernetesObject): object is KubernetesObject & FluxKustomization {
  if (object.kind !== "Kustomization" || object.metadata?.namespace !== fluxNamespace) return false;
  const { spec } = object as unknown as FluxKustomization;
  return spec.sourceRef?.name === syncName && !spec.path.endsWith("/none");
}

/** The objects of one Kustomization; what its substituteFrom would bring comes from `settings`. */
async function build(
  folder: string,
  kustomization: FluxKustomization,
  settings: Readonly<Record<string, string>>,
): Promise<KubernetesObject[]> {
  const { metadata, spec } = kustomization;
  const substitute = { ...(spec.postBuild?.substituteFrom ? settings : {}), ...spec.postBuild?.substitute };
  const file = join(folder, "kustomization.yaml");
  const whole = {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata,
    spec: { interval: "1h", prune: true, ...spec, postBuild: { substitute } },
  };
  writeFileSync(file, stringify(whole));
  const options = ["--dry-run", "--strict-substitute", "--in-memory-build", "--kustomization-file", file];
  const place = ["--namespace", metadata.namespace, "--path", spec.path];
  return documents(await runTool("flux", ["build", "kustomization", metadata.name, ...place, ...options], folder));
}

/** The objects of a YAML stream. */
export function documents(text: string): KubernetesObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : [object];
  });
}

interface HelmReleaseSpec {
  readonly chart: {
    readonly spec: {
      readonly chart: string;
      readonly version?: string;
      readonly sourceRef: { readonly kind: string; readonly name: string; readonly namespace?: string };
    };
  };
  readonly values?: object;
}

/** The example applications of tenants that have values for this stack; they bring their chart with them. */
function exampleCharts({ stack }: ClusterConfig, repository: string): ChartUse[] {
  const folder = join(repository, "gitops/apps");
  return readdirSync(folder).flatMap((name) => {
    const file = join(folder, name, stack, "values.yaml");
    if (!existsSync(file)) return [];
    const { values } = (parse(readFileSync(file, "utf8")) as { readonly spec: { readonly values: object } }).spec;
    return [{ release: name, namespace: name, chart: "chart", version: "", source: join(folder, name), values }];
  });
}

/** The releases among `objects` that Flux installs out of Helm repositories; these are among `sources`. */
function fluxCharts(objects: readonly KubernetesObject[], sources: readonly KubernetesObject[]): ChartUse[] {
  return objects
    .filter(({ kind }) => kind === "HelmRelease")
    .map(({ metadata, spec }) => {
      const release = metadata?.name ?? "";
      const namespace = metadata?.namespace ?? "default";
      const { chart, values = {} } = spec as HelmReleaseSpec;
      const { sourceRef } = chart.spec;
      const repositoryObject = sources.find(
        (object) =>
          object.kind === sourceRef.kind &&
          object.metadata?.name === sourceRef.name &&
          object.metadata.namespace === (sourceRef.namespace ?? namespace),
      );
      const { url } = (repositoryObject?.["spec"] ?? {}) as { readonly url?: string };
      if (url === undefined || chart.spec.version === undefined)
        throw new Error(`The release ${namespace}/${release} has no HelmRepository or no version of its chart.`);
      const source = url.replace(/\/+$/, "");
      return { release, namespace, chart: chart.spec.chart, version: chart.spec.version, source, values };
    });
}
