/**
 * What the cloud has, as far as it could be read. A fact is undefined where nobody had to ask for it or where it could
 * not be read (see `unread`).
 */
import type { OpenstackService } from "../openstack/client";

/** A question that got no answer. */
export interface Unread {
  readonly service: OpenstackService;
  /** What was asked for, in words. */
  readonly question: string;
  /** The sentence of the failure. */
  readonly message: string;
  /** HTTP status; undefined when the service could not be reached. */
  readonly status?: number;
}

/** Asks one question; undefined when it cannot be answered, which is then noted. */
export type Ask = <T>(service: OpenstackService, question: string, answer: () => Promise<T>) => Promise<T | undefined>;

/** How much of something the project may have and has. A limit of -1 is none. */
export interface Allowance {
  readonly limit: number;
  readonly used: number;
}

export interface Flavor {
  readonly name: string;
  readonly vcpus: number;
  /** MiB. */
  readonly ram: number;
  /** GiB; 0 when the root disk is as large as the image. */
  readonly disk: number;
}

export interface Image {
  readonly id: string;
  readonly name: string | null;
  readonly status: string;
  /** Bytes; null until the image is uploaded. */
  readonly size: number | null;
  /** GiB. */
  readonly min_disk: number;
  /** MiB. */
  readonly min_ram: number;
  readonly os_distro?: string;
}

export interface Zone {
  readonly name: string;
  readonly available: boolean;
}

/** A machine of this cluster that exists; its flavor is known where a change of flavor would reach it. */
export interface ExistingMachine {
  readonly flavor?: Pick<Flavor, "name" | "vcpus" | "ram">;
}

export interface ComputeFacts {
  readonly flavors?: readonly Flavor[];
  readonly zones?: readonly Zone[];
  readonly cores?: Allowance;
  /** MiB. */
  readonly ram?: Allowance;
  readonly instances?: Allowance;
  readonly serverGroups?: Allowance;
  /** Largest number of machines in one server group; -1 is no limit. */
  readonly serverGroupMembers?: number;
  /** Names of the project's server groups. */
  readonly existingServerGroups?: readonly string[];
  /** Machines whose name begins with the cluster's. */
  readonly machines?: ReadonlyMap<string, ExistingMachine>;
  /**
   * Those of them that do not run and will not by themselves, with Nova's status. A machine that never started is not
   * among them: `up` replaces it.
   */
  readonly standing?: readonly { readonly name: string; readonly status: string }[];
}

export interface CloudNetwork {
  readonly id: string;
  readonly name: string;
  readonly mtu?: number;
  readonly subnets: readonly string[];
  readonly port_security_enabled?: boolean;
}

export interface CloudSubnet {
  readonly id: string;
  readonly name: string;
  readonly network_id: string;
  readonly cidr: string;
  readonly ip_version: number;
  /** Null: machines get no default route from this subnet. */
  readonly gateway_ip?: string | null;
  readonly tags?: readonly string[];
}

export interface CloudRouter {
  readonly id: string;
  readonly name: string;
  readonly external_gateway_info: { readonly network_id: string } | null;
}

/** What this cluster has in Neutron already, found by its tag. */
interface OwnNetworking {
  readonly networks: number;
  readonly subnets: number;
  readonly routers: number;
  readonly floatingIps: number;
  readonly securityGroups: number;
  readonly securityGroupRules: number;
  readonly portNames: ReadonlySet<string>;
}

export interface NetworkFacts {
  /** Aliases. */
  readonly extensions?: ReadonlySet<string>;
  readonly externalNetworks?: readonly CloudNetwork[];
  /** Those that the configuration names by id, as far as they exist. */
  readonly networks?: readonly CloudNetwork[];
  /** Subnets of those networks, and the one of `network.subnetId`, as far as they exist. */
  readonly subnets?: readonly CloudSubnet[];
  readonly routers?: readonly CloudRouter[];
  readonly own?: OwnNetworking;
  /** By Neutron's name of the resource, for instance floatingip. */
  readonly quota?: Readonly<Record<string, Allowance>>;
}

export interface VolumeFacts {
  /** Names of the volume types. */
  readonly types?: readonly string[];
  readonly zones?: readonly Zone[];
  /** By Cinder's name, for instance gigabytes or gigabytes_ssd. */
  readonly quota?: Readonly<Record<string, Allowance>>;
}

export interface LoadBalancerFacts {
  readonly providers?: readonly string[];
  readonly flavors?: readonly { readonly id: string; readonly name: string; readonly enabled: boolean }[];
  /** By Octavia's name, for instance load_balancer. */
  readonly quota?: Readonly<Record<string, Allowance>>;
  /**
   * The cluster's own load balancer and how much of each it has, by the names of the quota; undefined when there is
   * none.
   */
  readonly own?: { readonly provider: string; readonly counts: Readonly<Record<string, number>> };
}

export interface CloudFacts {
  /** Services that the catalog lacks, of those that are needed. */
  readonly missingServices: readonly OpenstackService[];
  readonly unread: readonly Unread[];
  /** Images by what the configuration calls them: each with that id or name. No entry: not read. */
  readonly images: ReadonlyMap<string, readonly Image[]>;
  /** Names of all visible images; asked for only when one is not found. */
  readonly imageNames?: readonly string[];
  readonly compute: ComputeFacts;
  readonly network: NetworkFacts;
  readonly volume: VolumeFacts;
  readonly loadBalancer: LoadBalancerFacts;
}
