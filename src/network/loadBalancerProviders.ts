/**
 * What Octavia's providers can do, a row for each kind: the API's load balancer, those of Services and the security
 * groups follow these rows.
 */

interface LoadBalancerProvider {
  /** How it spreads connections, as Octavia names it. */
  readonly method: "ROUND_ROBIN" | "SOURCE_IP_PORT";
  /**
   * Whether machines see clients' own addresses. Otherwise they see the load balancer's, which lies in their subnet.
   */
  readonly keepsClientAddress: boolean;
  /** Whether a listener limits who may connect (Octavia's allowed_cidrs). */
  readonly limitsClients: boolean;
  /** Whether it cuts silent connections, and so has time limits to set. */
  readonly cutsIdle: boolean;
  /** Whether its health check can be a request; otherwise it only opens the port. */
  readonly checksByRequest: boolean;
}

/** Machines of the provider end every connection and open one of their own. */
const proxying: LoadBalancerProvider = {
  method: "ROUND_ROBIN",
  keepsClientAddress: false,
  limitsClients: true,
  cutsIdle: true,
  checksByRequest: true,
};

/** By name: ovn-octavia-provider's driver.py, which refuses what it does not support (commit 4d92b2c, August 2026). */
const providers: ReadonlyMap<string, LoadBalancerProvider> = new Map([
  ["amphora", proxying],
  // Flows change packets' destination on the host of the client or the router.
  [
    "ovn",
    {
      method: "SOURCE_IP_PORT",
      keepsClientAddress: true,
      limitsClients: false,
      cutsIdle: false,
      checksByRequest: false,
    },
  ],
]);

/** The row of a provider. Others than OVN are taken for proxies, as amphora is: `octavia` is another name of that. */
export function loadBalancerProvider(name: string): LoadBalancerProvider {
  return providers.get(name) ?? proxying;
}
