import type { ClusterConfig } from "../config/clusterConfig";

/** Tags of every network resource: the cluster's name, then the configured ones as key=value, sorted so that key order changes nothing. */
export function openstackTags(config: ClusterConfig): string[] {
  const own = Object.entries(config.tags).map(([key, value]) => `${key}=${value}`);
  return [`kubernetes-cluster=${config.clusterName}`, ...own].sort();
}
