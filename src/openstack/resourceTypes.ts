/**
 * What the program knows of each type of resource in OpenStack. A row is all that another type needs: pre-flight, the
 * search for orphans, the consequences and the sweep read it from here.
 */
import { machineClusterKey } from "../machines/metadataKeys";
import type { OpenstackService } from "./client";

/** Inputs of a resource as the provider gets them. */
export type ResourceInputs = Readonly<Record<string, unknown>>;

/** One item of a list of an API. */
export type ResourceItem = Readonly<Record<string, unknown>> & { readonly id: string };

export interface OpenstackType {
  /** For people. */
  readonly noun: string;
  readonly service: OpenstackService;
  /** Path of its list, without the leading slash. `{name}` stands for the input of that name. */
  readonly collection: string;
  /** Name of the list in the answer. */
  readonly key: string;
  /** Query of its deletion. */
  readonly removalQuery?: string;
  /** Its deletion takes time, and is done when the API does not show it any more. */
  readonly slow?: true;
}

/** A type that the program creates. */
export interface CreatedType extends OpenstackType {
  /** Pulumi's type token. */
  readonly token: string;
  /**
   * As the openstack command calls it: `openstack COMMAND delete ID`. Absent where its id is not all that is needed.
   */
  readonly command?: string;
  /** Name of its quota in Neutron or Octavia; absent where it has none there. */
  readonly quota?: string;
  /** Whether the provider creates it first and tags it in a second call. */
  readonly tagged?: true;
  /** Query of the list that would show what these inputs create. */
  readonly query: (inputs: ResourceInputs) => string;
  /** Name under which the API shows a single one; absent where the list shows all that matters. */
  readonly detailKey?: string;
  /** Whether the item is what these inputs would create, and nothing uses it. */
  readonly matches: (item: ResourceItem, inputs: ResourceInputs) => boolean;
  /** The PUT that removes it, where that is no DELETE. */
  readonly removal?: (inputs: ResourceInputs) => { readonly path: string; readonly body: unknown };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
/** Finds all servers whose name begins with the cluster's; those of a cluster called NAME-else are among them. */
export const serverQuery = (clusterName: string): string => `name=${encodeURIComponent(`^${clusterName}-`)}`;
const isEmpty = (value: unknown): boolean => !Array.isArray(value) || value.length === 0;
/** Absent, null and the empty text say the same in Neutron. */
const isSame = (left: unknown, right: unknown): boolean => (left ?? "") === (right ?? "");
const holds = (list: unknown, id: unknown): boolean =>
  Array.isArray(list) && list.some((item: unknown) => (item as { id?: unknown }).id === id);
/** A query by one input. */
const by = (field: string, input: string) => (inputs: ResourceInputs) =>
  `${field}=${encodeURIComponent(text(inputs[input]))}`;

type Row = Pick<CreatedType, "noun" | "token" | "collection"> & Partial<CreatedType>;

/** A type of Neutron. Known by its name, unless the row says otherwise. */
const neutron = (row: Row): CreatedType => ({
  service: "network",
  command: row.noun,
  key: row.collection.replaceAll("-", "_"),
  query: by("name", "name"),
  matches: (item, { name }) => item.name === name,
  ...row,
});

/** A type of Octavia, known by its name below its parent. */
const octavia = (row: Omit<Row, "matches"> & Pick<CreatedType, "matches">): CreatedType => ({
  service: "load-balancer",
  key: row.collection.replace(/.*\//, ""),
  query: by("name", "name"),
  ...row,
  matches: (item, inputs) => item.name === inputs.name && row.matches(item, inputs),
});

const rows = {
  server: {
    noun: "server",
    token: "openstack:compute/instance:Instance",
    command: "server",
    service: "compute",
    collection: "servers",
    key: "servers",
    // One list of names for all machines of the cluster: one question per machine would cost a large cluster hundreds.
    query: ({ metadata }) => serverQuery(text((metadata as ResourceInputs | undefined)?.[machineClusterKey])),
    detailKey: "server",
    matches: (item, { name }) => item.name === name,
    slow: true,
  },
  serverGroup: {
    noun: "server group",
    token: "openstack:compute/serverGroup:ServerGroup",
    command: "server group",
    service: "compute",
    collection: "os-server-groups",
    key: "server_groups",
    query: () => "",
    matches: (item, { name }) => item.name === name && isEmpty(item.members),
  },
  network: neutron({
    noun: "network",
    token: "openstack:networking/network:Network",
    collection: "networks",
    quota: "network",
    tagged: true,
    // Neutron would delete the subnets with the network.
    matches: (item, { name }) => item.name === name && isEmpty(item.subnets),
  }),
  subnet: neutron({
    noun: "subnet",
    token: "openstack:networking/subnet:Subnet",
    collection: "subnets",
    quota: "subnet",
    tagged: true,
    matches: (item, { name, networkId }) => item.name === name && item.network_id === networkId,
  }),
  router: neutron({
    noun: "router",
    token: "openstack:networking/router:Router",
    collection: "routers",
    quota: "router",
    tagged: true,
  }),
  routerInterface: neutron({
    noun: "router interface",
    token: "openstack:networking/routerInterface:RouterInterface",
    command: undefined,
    collection: "ports",
    query: by("device_id", "routerId"),
    matches: ({ device_owner: owner, fixed_ips: addresses }, { subnetId }) =>
      text(owner).startsWith("network:router_interface") &&
      Array.isArray(addresses) &&
      addresses.some((address: unknown) => (address as { subnet_id?: unknown }).subnet_id === subnetId),
    removal: ({ routerId, subnetId }) => ({
      path: `/routers/${text(routerId)}/remove_router_interface`,
      body: { subnet_id: subnetId },
    }),
  }),
  port: neutron({
    noun: "port",
    token: "openstack:networking/port:Port",
    collection: "ports",
    quota: "port",
    tagged: true,
    // One list for all machines of the network, as with servers.
    query: (inputs) =>
      [
        by("network_id", "networkId")(inputs),
        ...["id", "name", "network_id", "device_id", "created_at", "project_id"].map((field) => `fields=${field}`),
      ].join("&"),
    // Neutron would take the port of a machine away from it.
    matches: (item, { name, networkId }) =>
      item.name === name && isSame(item.device_id, "") && item.network_id === networkId,
  }),
  floatingIp: neutron({
    noun: "floating IP",
    token: "openstack:networking/floatingIp:FloatingIp",
    command: "floating ip",
    collection: "floatingips",
    quota: "floatingip",
    tagged: true,
    // It has no name; but a port of ours that is still to get its floating IP has none from anybody else.
    query: by("port_id", "portId"),
    matches: (item, { portId }) => item.port_id === portId,
  }),
  securityGroup: neutron({
    noun: "security group",
    token: "openstack:networking/secGroup:SecGroup",
    collection: "security-groups",
    quota: "security_group",
    tagged: true,
  }),
  securityGroupRule: neutron({
    noun: "security-group rule",
    token: "openstack:networking/secGroupRule:SecGroupRule",
    command: "security group rule",
    collection: "security-group-rules",
    quota: "security_group_rule",
    query: by("security_group_id", "securityGroupId"),
    matches: (item, inputs) =>
      [
        ["direction", "direction"],
        ["ethertype", "ethertype"],
        ["protocol", "protocol"],
        ["port_range_min", "portRangeMin"],
        ["port_range_max", "portRangeMax"],
        ["remote_group_id", "remoteGroupId"],
        ["remote_ip_prefix", "remoteIpPrefix"],
      ].every(([shown, asked]) => isSame(item[shown as string], inputs[asked as string])),
  }),
  loadBalancer: octavia({
    noun: "load balancer",
    token: "openstack:loadbalancer/loadBalancer:LoadBalancer",
    command: "loadbalancer",
    collection: "lbaas/loadbalancers",
    quota: "load_balancer",
    removalQuery: "?cascade=true",
    slow: true,
    matches: ({ listeners }) => isEmpty(listeners),
  }),
  listener: octavia({
    noun: "listener",
    token: "openstack:loadbalancer/listener:Listener",
    command: "loadbalancer listener",
    collection: "lbaas/listeners",
    quota: "listener",
    matches: (item, { loadbalancerId }) =>
      holds(item.loadbalancers, loadbalancerId) && isSame(item.default_pool_id, ""),
  }),
  pool: octavia({
    noun: "pool",
    token: "openstack:loadbalancer/pool:Pool",
    command: "loadbalancer pool",
    collection: "lbaas/pools",
    quota: "pool",
    matches: (item, { listenerId }) => holds(item.listeners, listenerId) && isEmpty(item.members),
  }),
  healthMonitor: octavia({
    noun: "health monitor",
    token: "openstack:loadbalancer/monitor:Monitor",
    command: "loadbalancer healthmonitor",
    collection: "lbaas/healthmonitors",
    quota: "health_monitor",
    matches: (item, { poolId }) => holds(item.pools, poolId),
  }),
  member: {
    noun: "load-balancer member",
    token: "openstack:loadbalancer/member:Member",
    service: "load-balancer",
    collection: "lbaas/pools/{poolId}/members",
    key: "members",
    quota: "member",
    query: () => "",
    matches: (item, { address, protocolPort }) => item.address === address && item.protocol_port === protocolPort,
  },
} satisfies Readonly<Record<string, CreatedType>>;

export type CreatedTypeName = keyof typeof rows;

/** The types that the program creates. */
export const createdTypes: Readonly<Record<CreatedTypeName, CreatedType>> = rows;

const byToken: ReadonlyMap<string, CreatedType> = new Map(Object.values(createdTypes).map((row) => [row.token, row]));

/** The row of a Pulumi type token; undefined of what is no resource of OpenStack. */
export const createdType = (token: string): CreatedType | undefined => byToken.get(token);

/** The types that only Kubernetes creates (Cinder CSI). */
export const storageTypes = {
  volume: { noun: "volume", service: "block-storage", collection: "volumes", key: "volumes", slow: true },
  snapshot: { noun: "snapshot", service: "block-storage", collection: "snapshots", key: "snapshots", slow: true },
} satisfies Readonly<Record<string, OpenstackType>>;
