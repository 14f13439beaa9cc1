/** What is found in the project, as OpenStack's lists tell it; only the fields that the sweep looks at. */

export interface Server {
  readonly id: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface LoadBalancer {
  readonly id: string;
  readonly name: string;
  readonly tags?: readonly string[];
  readonly vip_subnet_id: string;
  readonly vip_port_id: string;
}

export interface FloatingIp {
  readonly id: string;
  readonly floating_ip_address: string;
  readonly description: string;
  /** Absent where it leads nowhere. */
  readonly port_id?: string | null;
}

export interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

export interface Port {
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
export interface Disk {
  readonly id: string;
  readonly name: string | null;
  /** GiB. */
  readonly size: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Volume extends Disk {
  readonly attachments: readonly { readonly server_id: string }[];
}

export interface Remains {
  /**
   * Networks and subnets that this cluster's stack made: what else is in them goes with them. An existing network that
   * it uses is not among them.
   */
  readonly ownNetworkIds: ReadonlySet<string>;
  readonly ownSubnetIds: ReadonlySet<string>;
  readonly servers: readonly Server[];
  readonly loadBalancers: readonly LoadBalancer[];
  readonly floatingIps: readonly FloatingIp[];
  readonly securityGroups: readonly SecurityGroup[];
  readonly ports: readonly Port[];
  readonly volumes: readonly Volume[];
  readonly snapshots: readonly Disk[];
}
