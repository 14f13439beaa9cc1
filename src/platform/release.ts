import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";
import { bootstrapRelease, chartOf, releaseResourceName, type BootstrapRelease } from "./bootstrapReleases";

/**
 * Installs one of the bootstrap releases. Atomic: what fails within `platform.timeoutMinutes` is taken back (an upgrade
 * rolled back, an install removed), so that the next `up` begins on known ground.
 */
export function createRelease(
  config: ClusterConfig,
  name: BootstrapRelease["name"],
  values: Record<string, unknown>,
  opts: pulumi.CustomResourceOptions,
): kubernetes.helm.v3.Release {
  const release = bootstrapRelease(name);
  const minutes = config.platform.timeoutMinutes;
  return new kubernetes.helm.v3.Release(
    releaseResourceName(config.clusterName, name),
    {
      name,
      namespace: release.namespace,
      ...chartOf(release, config),
      values,
      atomic: true,
      cleanupOnFail: true,
      timeout: minutes * 60,
      // Enough to roll back by hand; each revision is a Secret of up to 1 MiB.
      maxHistory: 5,
    },
    // Helm ends itself at its own limit, and needs time to take back what it did.
    { ...opts, customTimeouts: { create: `${2 * minutes}m`, update: `${2 * minutes}m`, delete: `${minutes}m` } },
  );
}
