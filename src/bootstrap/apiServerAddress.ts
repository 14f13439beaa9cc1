/** Where the API is reached: through the endpoint, and on a control-plane machine itself. */
import type { ClusterConfig } from "../config/clusterConfig";

/**
 * Port that the API server of every control-plane machine listens on. A virtual IP leads straight to a machine, so that its port is the
 * API server's; a load balancer or an external endpoint leads to 6443, whatever its own port is.
 */
export function apiServerPort(config: ClusterConfig): number {
  return config.apiEndpoint.kind === "virtualIp" ? config.apiEndpoint.port : 6443;
}

/** host:port that all nodes use. */
export function endpointAddress(config: ClusterConfig, endpointHost: string): string {
  return `${endpointHost}:${config.apiEndpoint.port}`;
}
