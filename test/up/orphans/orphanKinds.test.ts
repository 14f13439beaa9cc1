import { kinds, type Inputs, type Item } from "../../../src/up/orphans/orphanKinds";

const kind = (name: string) => {
  const found = Object.entries(kinds).find(([type]) => type.endsWith(`:${name}`));
  if (found === undefined) throw new Error(`no kind ${name}`);
  return found[1];
};

const rule = {
  securityGroupId: "g",
  direction: "ingress",
  ethertype: "IPv4",
  protocol: "tcp",
  portRangeMin: 22,
  portRangeMax: 22,
  remoteIpPrefix: "10.0.0.0/8",
};
const shownRule = {
  id: "r",
  direction: "ingress",
  ethertype: "IPv4",
  protocol: "tcp",
  port_range_min: 22,
  port_range_max: 22,
  remote_group_id: null,
  remote_ip_prefix: "10.0.0.0/8",
};

/** Kind, inputs, where to look, an item that is an orphan, how it goes, and items that are none. */
const table: [string, Inputs, string, Item, unknown, Item[]][] = [
  [
    "Instance",
    { name: "dev-general-1", metadata: { "kubernetes-cluster": "dev" } },
    "/servers?name=%5Edev-",
    { id: "s", name: "dev-general-1" },
    { path: "/servers/s", slow: true },
    [{ id: "s", name: "dev-general-10" }],
  ],
  [
    "ServerGroup",
    { name: "dev" },
    "/os-server-groups",
    { id: "g", name: "dev", members: [] },
    { path: "/os-server-groups/g" },
    [
      { id: "g", name: "dev", members: ["s"] },
      { id: "g", name: "prod", members: [] },
    ],
  ],
  [
    "Network",
    { name: "dev" },
    "/networks?name=dev",
    { id: "n", name: "dev", subnets: [] },
    { path: "/networks/n" },
    [{ id: "n", name: "dev", subnets: ["x"] }],
  ],
  [
    "Subnet",
    { name: "dev", networkId: "n" },
    "/subnets?name=dev",
    { id: "x", name: "dev", network_id: "n" },
    { path: "/subnets/x" },
    [{ id: "x", name: "dev", network_id: "other" }],
  ],
  ["Router", { name: "dev" }, "/routers?name=dev", { id: "r", name: "dev" }, { path: "/routers/r" }, []],
  [
    "RouterInterface",
    { routerId: "r", subnetId: "x" },
    "/ports?device_id=r",
    { id: "p", device_owner: "network:router_interface", fixed_ips: [{ subnet_id: "x" }] },
    { path: "/routers/r/remove_router_interface", put: { subnet_id: "x" } },
    [
      { id: "p", device_owner: "network:router_gateway", fixed_ips: [{ subnet_id: "x" }] },
      { id: "p", device_owner: "network:router_interface", fixed_ips: [{ subnet_id: "y" }] },
    ],
  ],
  [
    "SecGroup",
    { name: "dev-node" },
    "/security-groups?name=dev-node",
    { id: "g", name: "dev-node" },
    { path: "/security-groups/g" },
    [],
  ],
  [
    "SecGroupRule",
    rule,
    "/security-group-rules?security_group_id=g",
    shownRule,
    { path: "/security-group-rules/r" },
    [
      { ...shownRule, port_range_max: 23 },
      { ...shownRule, remote_group_id: "g", remote_ip_prefix: null },
    ],
  ],
  [
    "Port",
    { name: "dev-0", networkId: "n" },
    "/ports?network_id=n&fields=id&fields=name&fields=network_id&fields=device_id&fields=created_at&fields=project_id",
    { id: "p", name: "dev-0", network_id: "n", device_id: "" },
    { path: "/ports/p" },
    [
      { id: "p", name: "dev-0", network_id: "n", device_id: "server" },
      { id: "p", name: "dev-0", network_id: "other", device_id: "" },
    ],
  ],
  [
    "FloatingIp",
    { portId: "p" },
    "/floatingips?port_id=p",
    { id: "f", port_id: "p" },
    { path: "/floatingips/f" },
    [{ id: "f", port_id: null }],
  ],
  [
    "LoadBalancer",
    { name: "dev-api" },
    "/lbaas/loadbalancers?name=dev-api",
    { id: "l", name: "dev-api", listeners: [] },
    { path: "/lbaas/loadbalancers/l" },
    [{ id: "l", name: "dev-api", listeners: [{ id: "x" }] }],
  ],
  [
    "Listener",
    { name: "dev-api", loadbalancerId: "l" },
    "/lbaas/listeners?name=dev-api",
    { id: "x", name: "dev-api", loadbalancers: [{ id: "l" }], default_pool_id: null },
    { path: "/lbaas/listeners/x" },
    [
      { id: "x", name: "dev-api", loadbalancers: [{ id: "l" }], default_pool_id: "p" },
      { id: "x", name: "dev-api", loadbalancers: [{ id: "other" }], default_pool_id: null },
    ],
  ],
  [
    "Pool",
    { name: "dev-api", listenerId: "x" },
    "/lbaas/pools?name=dev-api",
    { id: "p", name: "dev-api", listeners: [{ id: "x" }], members: [] },
    { path: "/lbaas/pools/p" },
    [{ id: "p", name: "dev-api", listeners: [{ id: "x" }], members: [{ id: "m" }] }],
  ],
  [
    "Monitor",
    { name: "dev-api", poolId: "p" },
    "/lbaas/healthmonitors?name=dev-api",
    { id: "h", name: "dev-api", pools: [{ id: "p" }] },
    { path: "/lbaas/healthmonitors/h" },
    [{ id: "h", name: "dev-api", pools: [{ id: "other" }] }],
  ],
  [
    "Member",
    { name: "dev-0", poolId: "p", address: "10.0.0.5", protocolPort: 6443 },
    "/lbaas/pools/p/members",
    { id: "m", address: "10.0.0.5", protocol_port: 6443 },
    { path: "/lbaas/pools/p/members/m" },
    [{ id: "m", address: "10.0.0.6", protocol_port: 6443 }],
  ],
];

describe("a resource that is about to be created", () => {
  it.each(table)(
    "%s is looked for where it would be, and told from what is used or another's",
    (name, inputs, path, orphan, removal, others) => {
      const found = kind(name);
      expect(found.look(inputs).path).toBe(path);
      expect(found.matches(orphan, inputs)).toBe(true);
      expect(found.removal(orphan, inputs)).toEqual(removal);
      expect(others.map((other) => found.matches(other, inputs))).toEqual(others.map(() => false));
    },
  );

  it("is known whatever its type", () => {
    expect(Object.keys(kinds).length).toBe(table.length);
  });

  it("never takes a floating IP that leads nowhere, when its own port is not known", () => {
    expect(kind("FloatingIp").matches({ id: "f", port_id: null }, {})).toBe(false);
  });
});
