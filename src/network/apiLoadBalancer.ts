import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { apiServerPort, type ApiEndpointConfig, type ClusterConfig } from "../config/clusterConfig";
import { apiEndpointName } from "./apiEndpointNames";
import type { ApiEndpointMember } from "./apiEndpoint";
import { loadBalancerProvider } from "./loadBalancerProviders";
import type { Network } from "./network";
import { openstackTags } from "./tags";

/**
 * The Octavia load balancer of the API: one listener, one pool, a member per control-plane machine. The provider warns
 * of each ("Support for neutron-lbaas will be removed. Make sure to use Octavia"): its 1.54 schema marks these types so
 * whether or not Octavia is used, which it is by default, so no setting stops it. 2.0 has dropped the warning together
 * with neutron-lbaas.
 */
export class ApiLoadBalancer extends pulumi.ComponentResource {
  public readonly address: pulumi.Output<string>;
  public readonly portId: pulumi.Output<string>;
  private readonly pool: openstack.loadbalancer.Pool;
  private readonly monitor: openstack.loadbalancer.Monitor;

  constructor(
    private readonly config: ClusterConfig,
    endpoint: Extract<ApiEndpointConfig, { kind: "loadBalancer" }>,
    private readonly network: Network,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const name = apiEndpointName(config.clusterName);
    super("openstack-kubernetes:network:ApiLoadBalancer", name, {}, opts);
    const tags = openstackTags(config);
    const provider = loadBalancerProvider(endpoint.provider);
    const loadBalancer = new openstack.loadbalancer.LoadBalancer(
      name,
      {
        name,
        vipSubnetId: network.subnetId,
        vipAddress: endpoint.address,
        loadbalancerProvider: endpoint.provider,
        flavorId: endpoint.flavorId,
        tags,
      },
      { parent: this, protect: config.protect },
    );
    // Octavia cuts a connection after 50 silent seconds; a watch may be silent far longer.
    const idle = endpoint.idleTimeoutMinutes * 60_000;
    const listener = new openstack.loadbalancer.Listener(
      name,
      {
        name,
        loadbalancerId: loadBalancer.id,
        protocol: "TCP",
        protocolPort: endpoint.port,
        // Octavia answers with a sorted set; anything else would be a change at every `up`. Where clients keep their
        // addresses, the security groups of the control plane limit them.
        ...(provider.limitsClients
          ? { allowedCidrs: [...new Set([config.network.cidr, ...endpoint.allowedCidrs])].sort() }
          : {}),
        ...(provider.cutsIdle ? { timeoutClientData: idle, timeoutMemberData: idle } : {}),
        tags,
      },
      { parent: this, protect: config.protect },
    );
    this.pool = new openstack.loadbalancer.Pool(
      name,
      { name, listenerId: listener.id, protocol: "TCP", lbMethod: provider.method },
      { parent: this, protect: config.protect },
    );
    // /readyz takes an API server out before it stops serving.
    const check = provider.checksByRequest
      ? { type: "HTTPS", urlPath: "/readyz", httpMethod: "GET", expectedCodes: "200" }
      : { type: "TCP" };
    this.monitor = new openstack.loadbalancer.Monitor(
      name,
      { name, poolId: this.pool.id, delay: 5, timeout: 3, maxRetries: 3, ...check },
      { parent: this },
    );
    this.address = loadBalancer.vipAddress;
    this.portId = loadBalancer.vipPortId;
    this.registerOutputs({});
  }

  /** One member per machine, each after the one before: Octavia refuses a change while another is under way. */
  public addMembers(members: readonly ApiEndpointMember[]): readonly pulumi.Resource[] {
    const made: pulumi.Resource[] = [this.monitor];
    for (const { name, address } of members) {
      made.push(
        new openstack.loadbalancer.Member(
          `${name}-api`,
          {
            name,
            poolId: this.pool.id,
            address,
            protocolPort: apiServerPort(this.config),
            subnetId: this.network.subnetId,
          },
          { parent: this, deleteBeforeReplace: true, dependsOn: made.slice(-1) },
        ),
      );
    }
    return made.slice(1);
  }
}
