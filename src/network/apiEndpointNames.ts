/** Names of the API endpoint's parts. They are identity: another name is another address. */

/** Of the load balancer with its listener, pool and health monitor, and of the floating IP. */
export const apiEndpointName = (clusterName: string): string => `${clusterName}-api`;

/** Of the port that reserves the virtual IP. */
export const virtualIpPortName = (clusterName: string): string => `${clusterName}-api-virtual-ip`;
