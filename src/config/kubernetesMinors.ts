/**
 * The minors of Kubernetes: all that depends on one stands in its row. Config, bootstrap, platform, tests and
 * docs/supported-versions.md read this table; docs/developing.md has the recipe for a new row, docs/decisions/0040 the
 * reasons.
 */
import {
  rangedComponentNames,
  rangedComponents,
  type RangedComponent,
  type RangedComponentName,
} from "./platformComponents";

interface KubernetesMinor {
  /**
   * Newest patch that is known here: tags of the Go module k8s.io/api, whose v0.N.P is made from Kubernetes 1.N.P.
   * Renovate raises it within its minor.
   */
  readonly newestPatch: string;
  /** Last day with fixes from upstream: "End Of Life Date" of https://kubernetes.io/releases/1.N/. */
  readonly endOfLife: string;
  /** Sandbox image: PauseVersion in cmd/kubeadm/app/constants/constants.go of 1.34.3, 1.35.2, 1.36.3 and 1.37.2. */
  readonly pause: string;
  /**
   * Charts of cloud-provider-openstack 1.N, which upstream releases for Kubernetes 1.N (the page on its Cinder
   * CSI plugin, "Kubernetes Compatibility"): charts 2.N.x. Absent: upstream has released none.
   */
  readonly cloudProvider?: { readonly controllerManager: string; readonly cinderCsi: string };
  /**
   * Release lines of each component that its upstream lists for this minor, by the version that the repository pins;
   * where the lists stand: platformComponents.ts. Empty: upstream lists no release that is known here.
   */
  readonly supportedBy: Readonly<Record<RangedComponentName, readonly string[]>>;
}

/**
 * The day on which the dates and lists below were last compared with upstream. What had ended by then is refused; what
 * ends later is warned of, so that a date alone never stops an `up`.
 */
export const reviewedOn = "2026-11-29";

/** Oldest first. */
export const kubernetesMinors = {
  "1.34": {
    newestPatch: "1.34.13",
    endOfLife: "2026-10-27",
    pause: "3.10.1",
    cloudProvider: { controllerManager: "2.34.2", cinderCsi: "2.34.2" },
    supportedBy: {
      calico: ["3.32"],
      flux: ["2.9"],
      certManager: ["1.21"],
      kyverno: ["3.9"],
      envoyGateway: ["1.9"],
      kured: [],
      ingressNginx: ["4.15"],
      trident: ["100.2606"],
    },
  },
  "1.35": {
    newestPatch: "1.35.10",
    endOfLife: "2027-02-28",
    pause: "3.10.1",
    cloudProvider: { controllerManager: "2.35.0", cinderCsi: "2.35.0" },
    supportedBy: {
      calico: ["3.32", "3.33"],
      flux: ["2.9"],
      certManager: ["1.21"],
      kyverno: ["3.9"],
      envoyGateway: ["1.9"],
      kured: ["6.1"],
      ingressNginx: ["4.15"],
      trident: ["100.2606"],
    },
  },
  "1.36": {
    newestPatch: "1.36.6",
    endOfLife: "2027-06-28",
    pause: "3.10.2",
    cloudProvider: { controllerManager: "2.36.0", cinderCsi: "2.36.0" },
    supportedBy: {
      calico: ["3.32", "3.33"],
      flux: ["2.9"],
      certManager: ["1.21"],
      // Kyverno 1.19.1 runs two of its suites on 1.36, the others up to 1.35, and lists 1.33 to 1.35
      // (https://github.com/kyverno/kyverno/issues/17626, open on 2026-09-18).
      kyverno: [],
      envoyGateway: ["1.9"],
      kured: ["6.1"],
      ingressNginx: [],
      trident: ["100.2606"],
    },
  },
  "1.37": {
    newestPatch: "1.37.2",
    endOfLife: "2027-10-28",
    pause: "3.10.2",
    supportedBy: {
      calico: ["3.33"],
      flux: [],
      certManager: [],
      kyverno: [],
      envoyGateway: [],
      kured: ["6.1"],
      ingressNginx: [],
      trident: ["100.2606"],
    },
  },
} as const satisfies Readonly<Record<string, KubernetesMinor>>;

export type MinorName = keyof typeof kubernetesMinors;

export const minorNames = Object.keys(kubernetesMinors) as MinorName[];

/** The minor of a version, for instance "1.36" of "1.36.3". */
export function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** 36 of "1.36.3". */
export const minorNumber = (version: string): number => Number(version.split(".")[1]);

/** Positive, negative or zero where the first is newer, older or the same. */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string) => version.split(".").map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  return [0, 1, 2].map((place) => (left[place] ?? 0) - (right[place] ?? 0)).find((sign) => sign !== 0) ?? 0;
}

export function isKnownMinor(minor: string): minor is MinorName {
  return Object.hasOwn(kubernetesMinors, minor);
}

/** The row of a version. Throws for a minor that the checks of the configuration refuse. */
export function kubernetesMinor(version: string): KubernetesMinor {
  const minor = minorOf(version);
  if (!isKnownMinor(minor)) throw new Error(`Kubernetes ${version} has no row in src/config/kubernetesMinors.ts.`);
  return kubernetesMinors[minor];
}

/** Whether upstream lists the minor for the release line of a component that this repository installs. */
export function isSupportedBy(minor: MinorName, component: RangedComponentName): boolean {
  const lines: readonly string[] = kubernetesMinors[minor].supportedBy[component];
  return lines.includes(rangedComponents[component].ships);
}

/** The newest minor that every component supports which a cluster has unless it chose otherwise. */
const defaultMinor = minorNames.findLast(
  (minor) =>
    "cloudProvider" in kubernetesMinors[minor] &&
    rangedComponentNames
      .filter((name) => (rangedComponents[name] as RangedComponent).choice?.byDefault ?? true)
      .every((name) => isSupportedBy(minor, name)),
);
if (defaultMinor === undefined)
  throw new Error("No row of kubernetesMinors.ts is supported by all default components.");

/** Version of a cluster whose configuration names none: the newest patch of the newest minor that all support. */
export const defaultKubernetesVersion: string = kubernetesMinors[defaultMinor].newestPatch;

/** Whether upstream gives a minor no more fixes on a day, written 2026-11-29. */
export function hasEnded(minor: MinorName, day: string): boolean {
  return day > kubernetesMinors[minor].endOfLife;
}

/**
 * Charts of cloud-provider-openstack for a version. A minor without its own gets the newest older ones: a cloud
 * controller manager may be one minor behind the API server (https://kubernetes.io/releases/version-skew-policy/).
 */
export function cloudProviderCharts(version: string): NonNullable<KubernetesMinor["cloudProvider"]> {
  const rows: readonly KubernetesMinor[] = minorNames
    .slice(0, minorNames.findIndex((minor) => minor === minorOf(version)) + 1)
    .map((minor) => kubernetesMinors[minor]);
  const charts = rows.findLast(({ cloudProvider }) => cloudProvider !== undefined)?.cloudProvider;
  if (charts === undefined) throw new Error(`cloud-provider-openstack has no charts for Kubernetes ${version}.`);
  return charts;
}
