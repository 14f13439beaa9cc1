/**
 * The Helm releases that Pulumi owns: what Flux needs before it can run, and Flux itself. All others are Git's (a
 * release with two owners is reverted by each).
 */
import type { ClusterConfig } from "../config/clusterConfig";
import { cloudProviderCharts } from "../config/kubernetesMinors";

export interface BootstrapRelease {
  /** Name of the release in its namespace. */
  readonly name:
    "calico-crds" | "calico" | "openstack-cloud-controller-manager" | "openstack-cinder-csi" | "flux-operator";
  readonly namespace: "tigera-operator" | "kube-system" | "flux-system";
  readonly chart: string;
  /** Where upstream publishes the chart: a Helm repository (https) or the folder of an OCI registry. */
  readonly source: string;
  readonly version: (config: Pick<ClusterConfig, "kubernetes">) => string;
}

const calicoCharts = "https://docs.tigera.io/calico/charts";
/** Both charts come from one Calico release: https://github.com/projectcalico/calico/releases/tag/v3.32.1 */
const calicoVersion = () => "v3.32.1";

const cloudCharts = "https://kubernetes.github.io/cloud-provider-openstack";

export const bootstrapReleases: readonly BootstrapRelease[] = [
  // The operator's chart has held no CRDs since 3.32, and its own objects are of those kinds.
  {
    name: "calico-crds",
    namespace: "tigera-operator",
    chart: "crd.projectcalico.org.v1",
    source: calicoCharts,
    version: calicoVersion,
  },
  {
    name: "calico",
    namespace: "tigera-operator",
    chart: "tigera-operator",
    source: calicoCharts,
    version: calicoVersion,
  },
  {
    name: "openstack-cloud-controller-manager",
    namespace: "kube-system",
    chart: "openstack-cloud-controller-manager",
    source: cloudCharts,
    version: ({ kubernetes }) => cloudProviderCharts(kubernetes.version).controllerManager,
  },
  {
    name: "openstack-cinder-csi",
    namespace: "kube-system",
    chart: "openstack-cinder-csi",
    source: cloudCharts,
    version: ({ kubernetes }) => cloudProviderCharts(kubernetes.version).cinderCsi,
  },
  {
    name: "flux-operator",
    namespace: "flux-system",
    chart: "flux-operator",
    source: "oci://ghcr.io/controlplaneio-fluxcd/charts",
    // Carries the manifests of Flux 2.9.5 (flux.ts): tag v0.59.0
    // of https://github.com/controlplaneio-fluxcd/flux-operator
    version: () => "0.59.0",
  },
];

/** The release of that name. */
export function bootstrapRelease(name: BootstrapRelease["name"]): BootstrapRelease {
  return bootstrapReleases.find((release) => release.name === name) as BootstrapRelease;
}

/** Name of the release among the program's resources. It is identity: another name is another release. */
export function releaseResourceName(clusterName: string, name: BootstrapRelease["name"]): string {
  return `${clusterName}-${name}`;
}

/**
 * Chart, version and repository as helm.v3.Release takes them; `platform.chartRegistry` stands in for every upstream
 * source.
 */
export function chartOf(release: BootstrapRelease, config: Pick<ClusterConfig, "kubernetes" | "platform">) {
  const source = config.platform.chartRegistry?.replace(/\/+$/, "") ?? release.source;
  const version = release.version(config);
  return source.startsWith("oci://")
    ? { chart: `${source}/${release.chart}`, version }
    : { chart: release.chart, version, repositoryOpts: { repo: source } };
}
