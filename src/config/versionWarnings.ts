/** What is said of the version of Kubernetes. */
import { when } from "./checks/rule";
import type { ClusterConfig } from "./clusterConfig";
import {
  defaultKubernetesVersion,
  hasEnded,
  isKnownMinor,
  isSupportedBy,
  kubernetesMinors,
  minorOf,
  reviewedOn,
} from "./kubernetesMinors";
import {
  cloudProviderComponent,
  componentLabel,
  rangedComponentNames,
  rangedComponents,
  usesComponent,
} from "./platformComponents";

/**
 * Sentences about a version of Kubernetes that runs but that upstream, or a component of this cluster, does not
 * support.
 * @param today The day by which minors have ended.
 */
export function versionWarnings(config: ClusterConfig, today: Date): string[] {
  const clock = today.toISOString().slice(0, 10);
  // A clock that is behind the table is wrong.
  const day = clock < reviewedOn ? reviewedOn : clock;
  const { version, allowEndedMinor } = config.kubernetes;
  const minor = minorOf(version);
  if (!isKnownMinor(minor)) return [];
  const { newestPatch, endOfLife } = kubernetesMinors[minor];
  const behind = unlistedComponents(config);
  return [
    ...when(
      hasEnded(minor, day),
      () => `kubernetes.version is "${version}" but upstream ended ${minor} on ${endOfLife}; upgrade to a newer minor.`,
    ),
    ...when(
      allowEndedMinor !== undefined && (allowEndedMinor !== minor || !hasEnded(minor, day)),
      () =>
        `kubernetes.allowEndedMinor is "${allowEndedMinor ?? ""}", which kubernetes.version "${version}" does not need; remove it.`,
    ),
    ...when(
      Number(version.split(".")[2]) > Number(newestPatch.split(".")[2]),
      () =>
        `kubernetes.version is "${version}" but the newest patch known here is ${newestPatch}; check that upstream has released it.`,
    ),
    ...when(
      behind.length > 0,
      () =>
        `kubernetes.version is "${version}" but upstream does not list ${minor} as supported by ${behind.join(", ")}; "${defaultKubernetesVersion}" is supported by all.`,
    ),
  ];
}

/** Titles of the cluster's components for which upstream does not list the minor of the configuration as supported. */
export function unlistedComponents(config: ClusterConfig): string[] {
  const minor = minorOf(config.kubernetes.version);
  if (!isKnownMinor(minor)) return [];
  return [
    ...(config.cloudProvider === undefined || "cloudProvider" in kubernetesMinors[minor]
      ? []
      : [cloudProviderComponent.title]),
    ...rangedComponentNames
      .filter((name) => usesComponent(config, name) && !isSupportedBy(minor, name))
      .map((name) => componentLabel(rangedComponents[name])),
  ];
}
