/** Where the nodes reach the API. */
import type { ClusterConfig } from "../config/clusterConfig";

/** host:port that all nodes use. */
export function endpointAddress(config: ClusterConfig, endpointHost: string): string {
  return `${endpointHost}:${config.apiEndpoint.port}`;
}
