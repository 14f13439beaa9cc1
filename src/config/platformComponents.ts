/**
 * The parts of the platform, and where their upstreams say which minors of Kubernetes they support. A test compares
 * `ships` with what gitops/ and src/platform pin, and knows every chart of theirs.
 */
import type { ClusterConfig } from "./clusterConfig";

interface Component {
  readonly title: string;
  /** Charts, or other names that a version is pinned under. */
  readonly pins: readonly string[];
  /** Where upstream says which minors it supports. */
  readonly source: string;
  /** Setting of `flux.settings` that names a mirror of its charts. Absent: gitops/ installs no chart of it. */
  readonly mirror?: string;
}

export interface RangedComponent extends Component {
  /** Release line that this repository installs: major.minor of the pinned version. */
  readonly ships: string;
  /** Version of the program in it, where the chart counts for itself. */
  readonly carries?: string;
  /**
   * Setting of `flux.settings` that installs it with this value, and whether it does so unset. Absent: always there.
   */
  readonly choice?: { readonly setting: string; readonly option: string; readonly byDefault: boolean };
}

/** Upstream lists minors for each release line; kubernetesMinors.ts has the lists, minor by minor. */
export const rangedComponents = {
  calico: {
    title: "Calico",
    pins: ["crd.projectcalico.org.v1", "tigera-operator"],
    // "We test against the following Kubernetes versions": 3.32: 1.34 to 1.36; 3.33: 1.35 to 1.37.
    source: "https://docs.tigera.io/calico/3.32/getting-started/kubernetes/requirements",
    ships: "3.32",
  },
  flux: {
    title: "Flux",
    pins: ["flux"],
    // 2.9: 1.34 to 1.36, in its release notes and in .github/workflows/conformance.yaml of v2.9.5.
    source: "https://github.com/fluxcd/flux2/releases/tag/v2.9.0",
    ships: "2.9",
  },
  certManager: {
    title: "cert-manager",
    pins: ["cert-manager"],
    mirror: "CERT_MANAGER_CHARTS",
    // 1.21: 1.33 to 1.36.
    source: "https://cert-manager.io/docs/releases/",
    ships: "1.21",
  },
  kyverno: {
    title: "Kyverno",
    pins: ["kyverno"],
    mirror: "KYVERNO_CHARTS",
    // 1.18 and 1.19: 1.33 to 1.35, the versions of its conformance tests at v1.19.1 as well.
    source: "https://kyverno.io/docs/installation/releases/",
    ships: "3.9",
    carries: "1.19",
  },
  envoyGateway: {
    title: "Envoy Gateway",
    pins: ["gateway-helm"],
    mirror: "ENVOY_GATEWAY_CHARTS",
    // 1.9: 1.33 to 1.36.
    source: "https://gateway.envoyproxy.io/news/releases/matrix/",
    ships: "1.9",
  },
  kured: {
    title: "kured",
    pins: ["kured"],
    mirror: "KURED_CHARTS",
    // Its releases name the minor of the client they are built with and one on each side: 1.23 is built with 0.36.
    source: "https://github.com/kubereboot/kured/releases/tag/1.23.0",
    ships: "6.1",
    carries: "1.23",
    choice: { setting: "REBOOTS", option: "kured", byDefault: true },
  },
  ingressNginx: {
    title: "ingress-nginx",
    pins: ["ingress-nginx"],
    mirror: "INGRESS_NGINX_CHARTS",
    // 1.15.1, the last release: 1.31 to 1.35.
    source: "https://github.com/kubernetes/ingress-nginx#supported-versions-table",
    ships: "4.15",
    carries: "1.15",
    choice: { setting: "SECOND_INGRESS", option: "ingress-nginx", byDefault: false },
  },
  trident: {
    title: "Trident",
    pins: ["trident-operator"],
    mirror: "TRIDENT_CHARTS",
    // 26.06: 1.27 to 1.37.
    source: "https://docs.netapp.com/us-en/trident-2606/trident-get-started/requirements.html",
    ships: "100.2606",
    carries: "26.06",
    choice: { setting: "NETAPP", option: "trident", byDefault: false },
  },
} as const satisfies Readonly<Record<string, RangedComponent>>;

export type RangedComponentName = keyof typeof rangedComponents;

export const rangedComponentNames = Object.keys(rangedComponents) as RangedComponentName[];

/** Released for one minor each; kubernetesMinors.ts has its charts. */
export const cloudProviderComponent: Component = {
  title: "cloud-provider-openstack",
  pins: ["openstack-cloud-controller-manager", "openstack-cinder-csi"],
  source: "https://github.com/kubernetes/cloud-provider-openstack/releases",
};

/** Upstream gives a lower bound that every minor here meets, or says nothing (`kubernetes` is absent then). */
export const otherComponents: readonly (Component & { readonly kubernetes?: string })[] = [
  {
    title: "metrics-server",
    pins: ["metrics-server"],
    mirror: "METRICS_SERVER_CHARTS",
    source: "https://github.com/kubernetes-sigs/metrics-server#compatibility-matrix",
    kubernetes: "1.31 or newer",
  },
  {
    title: "kube-prometheus-stack",
    pins: ["kube-prometheus-stack"],
    mirror: "PROMETHEUS_CHARTS",
    // kubeVersion in its Chart.yaml.
    source: "https://github.com/prometheus-community/helm-charts",
    kubernetes: "1.25 or newer",
  },
  {
    title: "prometheus-blackbox-exporter",
    pins: ["prometheus-blackbox-exporter"],
    mirror: "PROMETHEUS_CHARTS",
    source: "https://github.com/prometheus-community/helm-charts",
    kubernetes: "1.21 or newer",
  },
  {
    title: "node-problem-detector",
    pins: ["node-problem-detector"],
    mirror: "NODE_PROBLEM_DETECTOR_CHARTS",
    source: "https://github.com/kubernetes/node-problem-detector#compatibility",
    kubernetes: "any that upstream supports",
  },
  {
    title: "external-snapshotter",
    pins: ["kubernetes-csi/external-snapshotter"],
    source: "https://github.com/kubernetes-csi/external-snapshotter#compatibility",
    kubernetes: "1.20 or newer",
  },
  {
    title: "flux-operator",
    pins: ["flux-operator"],
    source: "https://github.com/controlplaneio-fluxcd/flux-operator",
  },
  {
    title: "Headlamp",
    pins: ["headlamp"],
    mirror: "HEADLAMP_CHARTS",
    source: "https://github.com/kubernetes-sigs/headlamp",
  },
  {
    title: "Kubernetes Dashboard",
    pins: ["kubernetes-dashboard"],
    mirror: "KUBERNETES_DASHBOARD_CHARTS",
    source: "https://github.com/kubernetes-retired/dashboard",
  },
  {
    title: "GitLab Runner",
    pins: ["gitlab-runner"],
    mirror: "GITLAB_RUNNER_CHARTS",
    source: "https://docs.gitlab.com/runner/install/kubernetes/",
  },
  {
    title: "Fluent Bit",
    pins: ["fluent-bit"],
    mirror: "FLUENT_BIT_CHARTS",
    source: "https://github.com/fluent/helm-charts",
  },
];

export const components: readonly Component[] = [
  ...Object.values(rangedComponents),
  cloudProviderComponent,
  ...otherComponents,
];

/** The settings of `flux.settings` that name a repository of charts. */
export const chartSettings: readonly string[] = [...new Set(components.flatMap(({ mirror }) => mirror ?? []))];

/** The computed setting that tells Flux the kind of that repository: `oci`, or `default` for a Helm repository. */
export const chartTypeSetting = (setting: string) => `${setting}_TYPE`;

/** The component with the version that people know it by. */
export function componentLabel({ title, ships, carries }: RangedComponent): string {
  return `${title} ${carries ?? ships}`;
}

/** Whether a cluster of this configuration runs the component. */
export function usesComponent({ cni, flux }: Pick<ClusterConfig, "cni" | "flux">, name: RangedComponentName): boolean {
  if (name === "calico") return cni.kind === "calico";
  const { choice }: RangedComponent = rangedComponents[name];
  if (flux === undefined || choice === undefined) return flux !== undefined;
  return (flux.settings[choice.setting] ?? (choice.byDefault ? choice.option : "none")) === choice.option;
}
