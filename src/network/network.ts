import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";
import { openstackTags } from "./tags";

/**
 * Network, subnet and router of the machines: created, or the existing ones that the configuration names.
 * Fails when an existing network's MTU is below `network.mtu`, or an existing subnet's CIDR is not `network.cidr`.
 */
export class Network extends pulumi.ComponentResource {
  public readonly networkId: pulumi.Output<string>;
  public readonly subnetId: pulumi.Output<string>;
  /**
   * What must exist before a machine can reach anything outside its subnet: the router's interface, where this program
   * makes one.
   */
  public readonly ready: readonly pulumi.Resource[];

  constructor(
    private readonly config: ClusterConfig,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("openstack-kubernetes:network:Network", `${config.clusterName}-network`, {}, opts);
    this.networkId = this.network();
    this.subnetId = this.subnet();
    this.ready = config.network.subnetId === undefined ? this.routerInterface() : [];
    this.registerOutputs({});
  }

  private network(): pulumi.Output<string> {
    const { clusterName: name, network, protect } = this.config;
    if (network.networkId !== undefined) {
      return openstack.networking
        .getNetworkOutput({ networkId: network.networkId }, { parent: this })
        .apply((found) => {
          if (found.mtu !== undefined && found.mtu < network.mtu) {
            throw new pulumi.RunError(
              `network.mtu is ${network.mtu}, but the existing network ${found.name} carries only ${found.mtu} bytes: set network.mtu to ${found.mtu}.`,
            );
          }
          return found.id;
        });
    }
    return new openstack.networking.Network(
      name,
      { name, mtu: network.mtu, tags: openstackTags(this.config) },
      { parent: this, protect },
    ).id;
  }

  private subnet(): pulumi.Output<string> {
    const { clusterName: name, network, protect } = this.config;
    if (network.subnetId !== undefined) {
      return openstack.networking.getSubnetOutput({ subnetId: network.subnetId }, { parent: this }).apply((found) => {
        if (found.cidr !== network.cidr) {
          throw new pulumi.RunError(
            `network.cidr is ${network.cidr}, but the existing subnet ${found.name} is ${found.cidr}: set network.cidr to ${found.cidr}.`,
          );
        }
        return found.id;
      });
    }
    const args = {
      name,
      networkId: this.networkId,
      cidr: network.cidr,
      dnsNameservers: [...network.dnsServers],
      tags: openstackTags(this.config),
    };
    return new openstack.networking.Subnet(name, args, { parent: this, protect }).id;
  }

  /**
   * The subnet's way out: an interface on the given router, or on one of our own when there is an external network to
   * lead to.
   */
  private routerInterface(): pulumi.Resource[] {
    const { clusterName: name, network, protect } = this.config;
    const routerId =
      network.routerId ?? (network.externalNetwork === undefined ? undefined : this.router(network.externalNetwork));
    if (routerId === undefined) return [];
    return [
      new openstack.networking.RouterInterface(name, { routerId, subnetId: this.subnetId }, { parent: this, protect }),
    ];
  }

  private router(externalNetwork: string): pulumi.Output<string> {
    const { clusterName: name, protect } = this.config;
    const externalNetworkId = openstack.networking.getNetworkOutput(
      { name: externalNetwork, external: true },
      { parent: this },
    ).id;
    return new openstack.networking.Router(
      name,
      { name, externalNetworkId, tags: openstackTags(this.config) },
      { parent: this, protect },
    ).id;
  }
}
