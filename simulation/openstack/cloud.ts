/** What one simulated OpenStack project holds, as far as one resource's creation depends on another. */
import { idOf } from "../identity";
import type { Properties } from "../values";
import { AddressPool, type AddressRange } from "./addresses";

/** A subnet that exists before the program runs; the program finds it by lookup. */
interface ExistingSubnet {
  readonly id: string;
  readonly networkId: string;
  readonly cidr: string;
}

export interface ExistingThings {
  readonly subnets?: readonly ExistingSubnet[];
  /**
   * Ids of networks of which nothing more is known: their addresses come from 198.18.0.0/15, the block for tests (RFC
   * 2544).
   */
  readonly networks?: readonly string[];
}

interface Network {
  readonly id: string;
  readonly name: string;
  readonly mtu: number;
  readonly external: boolean;
}

interface Subnet {
  readonly id: string;
  readonly networkId: string;
  readonly addresses: AddressPool;
  /** Whether a router leads from here to an external network. Taken for granted where the subnet existed before. */
  reachable: boolean;
}

export interface Port {
  readonly id: string;
  readonly networkId: string;
  readonly addresses: readonly { readonly subnetId: string; readonly ipAddress: string }[];
  readonly macAddress: string;
  owner: string | undefined;
}

/** Keyed by id throughout. Reads throw a sentence, as the OpenStack API answers 404. */
export class Cloud {
  public readonly networks = new Map<string, Network>();
  public readonly subnets = new Map<string, Subnet>();
  public readonly ports = new Map<string, Port>();
  /** Value: id of the external network, when the router has a gateway. */
  public readonly routers = new Map<string, string | undefined>();
  /** Value: fingerprints of the rules. */
  public readonly securityGroups = new Map<string, { readonly name: string; readonly rules: Map<string, string> }>();
  public readonly serverGroups = new Set<string>();
  public readonly servers = new Set<string>();
  public readonly loadBalancers = new Map<string, { readonly listenerPorts: Set<string> }>();
  public readonly listeners = new Map<
    string,
    { readonly loadBalancerId: string; readonly protocol: string; pool: string | undefined }
  >();
  public readonly pools = new Map<string, { readonly members: Set<string>; monitored: boolean }>();
  /** Value: id of the port it leads to. */
  public readonly floatingIps = new Map<string, { readonly id: string; portId: string | undefined }>();
  private readonly existing = new Set<string>();
  private readonly names = new Map<string, string>();
  private readonly floatingPools = new Map<string, AddressPool>();
  /** Addresses of the previous run and the URNs that hold them. */
  private readonly reserved = new Map<string, string>();

  constructor(existing: ExistingThings, previous: Iterable<readonly [string, Properties | undefined]>) {
    for (const [urn, computed] of previous) {
      const address = addressBefore(computed);
      if (address !== undefined) this.reserved.set(address, urn);
    }
    for (const id of existing.networks ?? []) this.addExistingNetwork(id);
    for (const subnet of existing.subnets ?? []) {
      this.addExistingNetwork(subnet.networkId);
      this.addSubnet(subnet.id, subnet.networkId, subnet.cidr, undefined, [], true);
    }
  }

  private addExistingNetwork(id: string): void {
    // 9000: nobody knows offline, so no MTU that the configuration claims is contradicted.
    this.existing.add(id);
    this.addNetwork({ id, name: `existing-${id.slice(0, 8)}`, mtu: 9000, external: false });
  }

  public addNetwork(network: Network): void {
    this.networks.set(network.id, network);
  }

  public addSubnet(
    id: string,
    networkId: string,
    cidr: string,
    gateway: string | undefined,
    ranges: readonly AddressRange[],
    reachable: boolean,
  ): Subnet {
    const subnet = { id, networkId, addresses: new AddressPool(cidr, gateway, ranges, this.reserved), reachable };
    this.subnets.set(id, subnet);
    return subnet;
  }

  public network(id: unknown): Network {
    return found(this.networks.get(id as string), "network", id);
  }

  public subnet(id: unknown): Subnet {
    return found(this.subnets.get(id as string), "subnet", id);
  }

  public port(id: unknown): Port {
    return found(this.ports.get(id as string), "port", id);
  }

  /** The subnet that Neutron would take an address from when only the network is named. */
  public subnetOf(networkId: unknown): Subnet {
    const subnet = [...this.subnets.values()].find((candidate) => candidate.networkId === networkId);
    if (subnet === undefined && this.existing.has(networkId as string)) {
      return this.addSubnet(
        idOf(`subnet of ${String(networkId)}`),
        networkId as string,
        "198.18.0.0/15",
        undefined,
        [],
        false,
      );
    }
    if (subnet === undefined)
      throw new Error(`network ${String(networkId)} has no subnet yet: make the resource depend on the subnet`);
    return subnet;
  }

  /** An external network that a name leads to. Names of what exists outside the program are taken on trust. */
  public externalNetwork(name: string): Network {
    const known = [...this.networks.values()].find((network) => network.name === name);
    if (known !== undefined) return known;
    const network = { id: idOf(`external network ${name}`), name, mtu: 1500, external: true };
    this.addNetwork(network);
    return network;
  }

  /** The next address of a floating-IP pool: 203.0.113.0/24, the block reserved for documentation (RFC 5737). */
  public floatingAddress(pool: string, owner: string, before: string | undefined): string {
    const network = this.externalNetwork(pool);
    let addresses = this.floatingPools.get(network.id);
    if (addresses === undefined) {
      addresses = new AddressPool("203.0.113.0/24", "203.0.113.1", [], this.reserved);
      this.floatingPools.set(network.id, addresses);
    }
    return addresses.allocate(owner, before);
  }

  /**
   * Refuses a second resource of one kind with the same name, where OpenStack does or where the name could not be told
   * apart later.
   */
  public claimName(kind: string, name: string, urn: string): void {
    const key = `${kind} ${name}`;
    const other = this.names.get(key);
    if (other !== undefined) throw new Error(`there is already a ${kind} named ${name}: ${other}`);
    this.names.set(key, urn);
  }

  public securityGroupNamed(name: string): string | undefined {
    return [...this.securityGroups].find(([, group]) => group.name === name)?.[0];
  }
}

/** Throws when `value` is absent, naming what was looked for. */
export function found<T>(value: T | undefined, kind: string, id: unknown): T {
  if (value === undefined)
    throw new Error(
      `there is no ${kind} ${JSON.stringify(id)}: it neither exists before the program runs nor has been created by it yet`,
    );
  return value;
}

/** The address that a resource of the previous run held, whatever its type calls it. */
export function addressBefore(computed: Properties | undefined): string | undefined {
  const first = (computed?.allFixedIps as string[] | undefined)?.[0];
  const value = first ?? computed?.accessIpV4 ?? computed?.vipAddress ?? computed?.address;
  return typeof value === "string" && value !== "" ? value : undefined;
}
