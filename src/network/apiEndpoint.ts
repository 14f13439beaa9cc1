import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { ApiEndpointConfig, ClusterConfig } from "../config/clusterConfig";
import { apiEndpointName, virtualIpPortName } from "./apiEndpointNames";
import { ApiLoadBalancer } from "./apiLoadBalancer";
import type { Network } from "./network";
import { createPort, firstAddress } from "./port";
import type { SecurityGroups } from "./securityGroups";
import { openstackTags } from "./tags";

type Kind<K extends ApiEndpointConfig["kind"]> = Extract<ApiEndpointConfig, { kind: K }>;

/** Address of a control-plane machine that the endpoint leads to. */
export interface ApiEndpointMember {
  readonly name: string;
  readonly address: pulumi.Input<string>;
}

/** The stable address of the Kubernetes API, made before any machine (docs/decisions/0017). */
export class ApiEndpoint extends pulumi.ComponentResource {
  /** Host that the machines use: private wherever there is a private one. */
  public readonly host: pulumi.Output<string>;
  /** Host that operators use: the floating IP where there is one, else `host`. */
  public readonly publicHost: pulumi.Output<string>;
  /** Addresses that the API server's certificate must carry besides `host` and `kubernetes.certSans`. */
  public readonly certSans: pulumi.Output<string[]>;
  /** Addresses that control-plane ports may answer for besides their own: the virtual IP. */
  public readonly sharedAddresses: readonly pulumi.Output<string>[];
  private readonly loadBalancer?: ApiLoadBalancer;

  constructor(
    private readonly config: ClusterConfig,
    network: Network,
    securityGroups: SecurityGroups,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("openstack-kubernetes:network:ApiEndpoint", apiEndpointName(config.clusterName), {}, opts);
    const endpoint = config.apiEndpoint;
    let floatingIp: pulumi.Output<string> | undefined;
    this.sharedAddresses = [];
    switch (endpoint.kind) {
      case "loadBalancer":
        this.loadBalancer = new ApiLoadBalancer(config, endpoint, network, { parent: this });
        this.host = this.loadBalancer.address;
        floatingIp = this.floatingIp(endpoint.floatingIp, this.loadBalancer.portId, network);
        break;
      case "virtualIp": {
        const port = this.virtualIpPort(endpoint, network, securityGroups);
        this.host = firstAddress(port);
        this.sharedAddresses = [this.host];
        floatingIp = this.floatingIp(endpoint.floatingIp, port.id, network);
        break;
      }
      case "external":
        this.host = pulumi.output(endpoint.host);
        break;
    }
    this.publicHost = floatingIp ?? this.host;
    this.certSans = pulumi.all(floatingIp === undefined ? [] : [floatingIp]);
    this.registerOutputs({});
  }

  /**
   * Leads the endpoint to the control-plane machines; returns what must exist before they can be reached through it.
   */
  public addMembers(members: readonly ApiEndpointMember[]): readonly pulumi.Resource[] {
    return this.loadBalancer === undefined ? [] : this.loadBalancer.addMembers(members);
  }

  /** A port that no machine owns: it reserves the address; keepalived on the control plane answers for it. */
  private virtualIpPort(
    endpoint: Kind<"virtualIp">,
    network: Network,
    securityGroups: SecurityGroups,
  ): openstack.networking.Port {
    const name = virtualIpPortName(this.config.clusterName);
    const args = { network, securityGroups, groups: ["node", "control-plane"] as const, address: endpoint.address };
    return createPort(this.config, name, args, { parent: this, protect: this.config.protect });
  }

  private floatingIp(
    wanted: boolean,
    portId: pulumi.Input<string>,
    network: Network,
  ): pulumi.Output<string> | undefined {
    if (!wanted) return undefined;
    const pool = this.config.network.externalNetwork;
    if (pool === undefined)
      throw new Error("a floating IP needs network.externalNetwork; the configuration check lets no other through");
    const args = { pool, portId, tags: openstackTags(this.config) };
    return new openstack.networking.FloatingIp(apiEndpointName(this.config.clusterName), args, {
      parent: this,
      protect: this.config.protect,
      // Neutron associates it only when a router already links the subnet to the external network.
      dependsOn: [...network.ready],
    }).address;
  }
}
