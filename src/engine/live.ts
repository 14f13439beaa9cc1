import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";

/**
 * Whether this run changes a real cloud: false in a preview, and in the simulation, which has no engine. Operations do
 * nothing unless it is true.
 */
export function isLive(): boolean {
  return !pulumi.runtime.isDryRun() && pulumi.runtime.hasEngine();
}

/** Whether this run has a Kubernetes cluster to talk to: it is live, and machines boot. */
export function hasCluster({ readiness }: Pick<ClusterConfig, "readiness">): boolean {
  return isLive() && readiness.machinesBoot;
}
