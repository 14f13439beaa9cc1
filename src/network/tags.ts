import type { ClusterConfig } from "../config/clusterConfig";

/** Tag by which a network resource is known as the cluster's. */
export const clusterTag = (clusterName: string): string => `kubernetes-cluster=${clusterName}`;

/**
 * Tags of every network resource: the cluster's name, then the configured ones as key=value, sorted so that key order
 * changes nothing.
 */
export function openstackTags(config: ClusterConfig): string[] {
  const own = Object.entries(config.tags).map(([key, value]) => `${key}=${value}`);
  return [clusterTag(config.clusterName), ...own].sort();
}
