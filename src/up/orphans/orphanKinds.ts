/**
 * Where in OpenStack to look for what is about to be created, and how to tell that it is there already. An `up` whose
 * connection broke, or that was killed, may have been obeyed without learning of it: what it asked for exists then, and
 * no state knows it.
 */
import { machineClusterKey } from "../../machines/updatePolicy";
import type { OpenstackService } from "../../openstack/client";

/** Inputs of a resource as the provider gets them. */
export type Inputs = Readonly<Record<string, unknown>>;

/** One item of a list of an API. */
export type Item = Readonly<Record<string, unknown>> & { readonly id: string };

/** A list of an API that would show it. */
export interface Place {
  readonly service: OpenstackService;
  readonly path: string;
  /** Name of the list in the answer. */
  readonly key: string;
}

/** How one is deleted: the path, or for a router's interface the body that takes it off. */
export interface Removal {
  readonly path: string;
  readonly put?: unknown;
  /** It takes time and keeps what the new one needs until it is gone. */
  readonly slow?: true;
}

export interface Kind {
  /** For people. */
  readonly noun: string;
  /** As the openstack command calls it: `openstack NOUN delete ID`. Absent where its id is not all that is needed. */
  readonly command?: string;
  look(inputs: Inputs): Place;
  /** Where one of the list is shown whole; absent where the list does. */
  whole?(item: Item): { readonly path: string; readonly key: string };
  /** Whether the item is what these inputs would make, and nothing uses it yet. */
  matches(item: Item, inputs: Inputs): boolean;
  removal(item: Item, inputs: Inputs): Removal;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const query = (value: unknown): string => encodeURIComponent(text(value));
const isEmpty = (value: unknown): boolean => !Array.isArray(value) || value.length === 0;
/** Absent, null and the empty text say the same in Neutron. */
const same = (left: unknown, right: unknown): boolean => (left ?? "") === (right ?? "");

/** A kind that Neutron shows by its name, and of which it refuses to delete what is in use. */
function neutron(noun: string, collection: string, key: string, unused: Kind["matches"] = () => true): Kind {
  return {
    noun,
    command: noun,
    look: (inputs) => ({ service: "network", path: `/${collection}?name=${query(inputs.name)}`, key }),
    matches: (item, inputs) => item.name === inputs.name && unused(item, inputs),
    removal: ({ id }) => ({ path: `/${collection}/${id}` }),
  };
}

/** A part of a load balancer, known by its name below its parent. */
function octavia(noun: string, command: string, collection: string, matches: Kind["matches"]): Kind {
  return {
    noun,
    command,
    look: (inputs) => ({
      service: "load-balancer",
      path: `/lbaas/${collection}?name=${query(inputs.name)}`,
      key: collection,
    }),
    matches: (item, inputs) => item.name === inputs.name && matches(item, inputs),
    removal: ({ id }) => ({ path: `/lbaas/${collection}/${id}` }),
  };
}

const holds = (list: unknown, id: unknown): boolean =>
  Array.isArray(list) && list.some((item: unknown) => (item as { id?: unknown }).id === id);

const member: Kind = {
  noun: "load-balancer member",
  look: ({ poolId }) => ({ service: "load-balancer", path: `/lbaas/pools/${text(poolId)}/members`, key: "members" }),
  matches: (item, { address, protocolPort }) => item.address === address && item.protocol_port === protocolPort,
  removal: ({ id }, { poolId }) => ({ path: `/lbaas/pools/${text(poolId)}/members/${id}` }),
};

const server: Kind = {
  noun: "server",
  command: "server",
  // One list of names for all machines of the cluster: each machine's own question would cost a large cluster hundreds.
  look: ({ metadata }) => ({
    service: "compute",
    path: `/servers?name=${encodeURIComponent(`^${text((metadata as Inputs | undefined)?.[machineClusterKey])}-`)}`,
    key: "servers",
  }),
  whole: ({ id }) => ({ path: `/servers/${id}`, key: "server" }),
  matches: (item, { name }) => item.name === name,
  removal: ({ id }) => ({ path: `/servers/${id}`, slow: true }),
};

const port: Kind = {
  noun: "port",
  command: "port",
  // One list for all machines of the network, as with servers.
  look: ({ networkId }) => ({
    service: "network",
    path: `/ports?network_id=${query(networkId)}&${["id", "name", "network_id", "device_id", "created_at", "project_id"].map((field) => `fields=${field}`).join("&")}`,
    key: "ports",
  }),
  // Neutron would take the port of a machine away from it.
  matches: (item, { name, networkId }) =>
    item.name === name && same(item.device_id, "") && item.network_id === networkId,
  removal: ({ id }) => ({ path: `/ports/${id}` }),
};

const serverGroup: Kind = {
  noun: "server group",
  command: "server group",
  look: () => ({ service: "compute", path: "/os-server-groups", key: "server_groups" }),
  matches: (item, { name }) => item.name === name && isEmpty(item.members),
  removal: ({ id }) => ({ path: `/os-server-groups/${id}` }),
};

const floatingIp: Kind = {
  noun: "floating IP",
  command: "floating ip",
  // It has no name; but a port of ours that is still to get its floating IP has none from anybody else.
  look: ({ portId }) => ({ service: "network", path: `/floatingips?port_id=${query(portId)}`, key: "floatingips" }),
  matches: (item, { portId }) => item.port_id === portId,
  removal: ({ id }) => ({ path: `/floatingips/${id}` }),
};

const rule: Kind = {
  noun: "security-group rule",
  command: "security group rule",
  look: ({ securityGroupId }) => ({
    service: "network",
    path: `/security-group-rules?security_group_id=${query(securityGroupId)}`,
    key: "security_group_rules",
  }),
  matches: (item, inputs) =>
    [
      ["direction", "direction"],
      ["ethertype", "ethertype"],
      ["protocol", "protocol"],
      ["port_range_min", "portRangeMin"],
      ["port_range_max", "portRangeMax"],
      ["remote_group_id", "remoteGroupId"],
      ["remote_ip_prefix", "remoteIpPrefix"],
    ].every(([shown, asked]) => same(item[shown as string], inputs[asked as string])),
  removal: ({ id }) => ({ path: `/security-group-rules/${id}` }),
};

const routerInterface: Kind = {
  noun: "router interface",
  look: ({ routerId }) => ({ service: "network", path: `/ports?device_id=${query(routerId)}`, key: "ports" }),
  matches: ({ device_owner: owner, fixed_ips: addresses }, { subnetId }) =>
    text(owner).startsWith("network:router_interface") &&
    Array.isArray(addresses) &&
    addresses.some((address: unknown) => (address as { subnet_id?: unknown }).subnet_id === subnetId),
  removal: (_, { routerId, subnetId }) => ({
    path: `/routers/${text(routerId)}/remove_router_interface`,
    put: { subnet_id: subnetId },
  }),
};

/**
 * By the type of the resource. What is not here is either no thing of its own in OpenStack or never made by this
 * program.
 */
export const kinds: Readonly<Record<string, Kind>> = {
  "openstack:compute/instance:Instance": server,
  "openstack:compute/serverGroup:ServerGroup": serverGroup,
  // Neutron would delete the subnets with the network.
  "openstack:networking/network:Network": neutron("network", "networks", "networks", ({ subnets }) => isEmpty(subnets)),
  "openstack:networking/subnet:Subnet": neutron(
    "subnet",
    "subnets",
    "subnets",
    (item, { networkId }) => item.network_id === networkId,
  ),
  "openstack:networking/router:Router": neutron("router", "routers", "routers"),
  "openstack:networking/routerInterface:RouterInterface": routerInterface,
  "openstack:networking/secGroup:SecGroup": neutron("security group", "security-groups", "security_groups"),
  "openstack:networking/secGroupRule:SecGroupRule": rule,
  "openstack:networking/port:Port": port,
  "openstack:networking/floatingIp:FloatingIp": floatingIp,
  "openstack:loadbalancer/loadBalancer:LoadBalancer": octavia(
    "load balancer",
    "loadbalancer",
    "loadbalancers",
    ({ listeners }) => isEmpty(listeners),
  ),
  "openstack:loadbalancer/listener:Listener": octavia(
    "listener",
    "loadbalancer listener",
    "listeners",
    (item, { loadbalancerId }) => holds(item.loadbalancers, loadbalancerId) && same(item.default_pool_id, ""),
  ),
  "openstack:loadbalancer/pool:Pool": octavia(
    "pool",
    "loadbalancer pool",
    "pools",
    (item, { listenerId }) => holds(item.listeners, listenerId) && isEmpty(item.members),
  ),
  "openstack:loadbalancer/monitor:Monitor": octavia(
    "health monitor",
    "loadbalancer healthmonitor",
    "healthmonitors",
    (item, { poolId }) => holds(item.pools, poolId),
  ),
  "openstack:loadbalancer/member:Member": member,
};
