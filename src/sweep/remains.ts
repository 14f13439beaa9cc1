/** What is found in the project, as OpenStack's lists tell it; only the fields that the sweep looks at. */

export interface RemainingServer {
  readonly id: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface RemainingLoadBalancer {
  readonly id: string;
  readonly name: string;
  readonly tags?: readonly string[];
  readonly vip_subnet_id: string;
  readonly vip_port_id: string;
}

export interface RemainingFloatingIp {
  readonly id: string;
  readonly floating_ip_address: string;
  readonly description: string;
  /** Absent where it leads nowhere. */
  readonly port_id?: string | null;
}

export interface RemainingSecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

export interface RemainingPort {
  readonly id: string;
  readonly name: string;
  readonly network_id: string;
  readonly device_id: string;
  readonly device_owner: string;
  readonly security_groups: readonly string[];
  readonly fixed_ips: readonly { readonly subnet_id: string; readonly ip_address: string }[];
  readonly tags?: readonly string[];
}

/** A volume or a snapshot of one. */
export interface RemainingDisk {
  readonly id: string;
  readonly name: string | null;
  /** GiB. */
  readonly size: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface RemainingVolume extends RemainingDisk {
  readonly attachments: readonly { readonly server_id: string }[];
}

export interface Remains {
  /**
   * Networks and subnets that this cluster's stack made: what else is in them goes with them. An existing network that
   * it uses is not among them.
   */
  readonly ownNetworkIds: ReadonlySet<string>;
  readonly ownSubnetIds: ReadonlySet<string>;
  readonly servers: readonly RemainingServer[];
  readonly loadBalancers: readonly RemainingLoadBalancer[];
  readonly floatingIps: readonly RemainingFloatingIp[];
  readonly securityGroups: readonly RemainingSecurityGroup[];
  readonly ports: readonly RemainingPort[];
  readonly volumes: readonly RemainingVolume[];
  readonly snapshots: readonly RemainingDisk[];
}
