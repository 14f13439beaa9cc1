import { collectionPath } from "../../src/openstack/resources";
import {
  createdType,
  createdTypes,
  type CreatedTypeName,
  type ResourceInputs,
  type ResourceItem,
} from "../../src/openstack/resourceTypes";
import { simulatedTypes } from "../../simulation/catalogue";
import { createdTokens } from "../everyStack";

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

/** Type, inputs, where to look, an item that they created, and items that they did not, or that are in use. */
const table: [CreatedTypeName, ResourceInputs, string, ResourceItem, ResourceItem[]][] = [
  [
    "server",
    { name: "dev-general-1", metadata: { "kubernetes-cluster": "dev" } },
    "/servers?name=%5Edev-",
    { id: "s", name: "dev-general-1" },
    [{ id: "s", name: "dev-general-10" }],
  ],
  [
    "serverGroup",
    { name: "dev" },
    "/os-server-groups",
    { id: "g", name: "dev", members: [] },
    [
      { id: "g", name: "dev", members: ["s"] },
      { id: "g", name: "prod", members: [] },
    ],
  ],
  [
    "network",
    { name: "dev" },
    "/networks?name=dev",
    { id: "n", name: "dev", subnets: [] },
    [{ id: "n", name: "dev", subnets: ["x"] }],
  ],
  [
    "subnet",
    { name: "dev", networkId: "n" },
    "/subnets?name=dev",
    { id: "x", name: "dev", network_id: "n" },
    [{ id: "x", name: "dev", network_id: "other" }],
  ],
  ["router", { name: "dev" }, "/routers?name=dev", { id: "r", name: "dev" }, []],
  [
    "routerInterface",
    { routerId: "r", subnetId: "x" },
    "/ports?device_id=r",
    { id: "p", device_owner: "network:router_interface", fixed_ips: [{ subnet_id: "x" }] },
    [
      { id: "p", device_owner: "network:router_gateway", fixed_ips: [{ subnet_id: "x" }] },
      { id: "p", device_owner: "network:router_interface", fixed_ips: [{ subnet_id: "y" }] },
    ],
  ],
  ["securityGroup", { name: "dev-node" }, "/security-groups?name=dev-node", { id: "g", name: "dev-node" }, []],
  [
    "securityGroupRule",
    rule,
    "/security-group-rules?security_group_id=g",
    shownRule,
    [
      { ...shownRule, port_range_max: 23 },
      { ...shownRule, remote_group_id: "g", remote_ip_prefix: null },
    ],
  ],
  [
    "port",
    { name: "dev-0", networkId: "n" },
    "/ports?network_id=n&fields=id&fields=name&fields=network_id&fields=device_id&fields=created_at&fields=project_id",
    { id: "p", name: "dev-0", network_id: "n", device_id: "" },
    [
      { id: "p", name: "dev-0", network_id: "n", device_id: "server" },
      { id: "p", name: "dev-0", network_id: "other", device_id: "" },
    ],
  ],
  ["floatingIp", { portId: "p" }, "/floatingips?port_id=p", { id: "f", port_id: "p" }, [{ id: "f", port_id: null }]],
  [
    "loadBalancer",
    { name: "dev-api" },
    "/lbaas/loadbalancers?name=dev-api",
    { id: "l", name: "dev-api", listeners: [] },
    [{ id: "l", name: "dev-api", listeners: [{ id: "x" }] }],
  ],
  [
    "listener",
    { name: "dev-api", loadbalancerId: "l" },
    "/lbaas/listeners?name=dev-api",
    { id: "x", name: "dev-api", loadbalancers: [{ id: "l" }], default_pool_id: null },
    [
      { id: "x", name: "dev-api", loadbalancers: [{ id: "l" }], default_pool_id: "p" },
      { id: "x", name: "dev-api", loadbalancers: [{ id: "other" }], default_pool_id: null },
    ],
  ],
  [
    "pool",
    { name: "dev-api", listenerId: "x" },
    "/lbaas/pools?name=dev-api",
    { id: "p", name: "dev-api", listeners: [{ id: "x" }], members: [] },
    [{ id: "p", name: "dev-api", listeners: [{ id: "x" }], members: [{ id: "m" }] }],
  ],
  [
    "healthMonitor",
    { name: "dev-api", poolId: "p" },
    "/lbaas/healthmonitors?name=dev-api",
    { id: "h", name: "dev-api", pools: [{ id: "p" }] },
    [{ id: "h", name: "dev-api", pools: [{ id: "other" }] }],
  ],
  [
    "member",
    { name: "dev-0", poolId: "p", address: "10.0.0.5", protocolPort: 6443 },
    "/lbaas/pools/p/members",
    { id: "m", address: "10.0.0.5", protocol_port: 6443 },
    [{ id: "m", address: "10.0.0.6", protocol_port: 6443 }],
  ],
];

describe("the types of OpenStack's resources", () => {
  it("have a row for everything that the program creates, and no row besides; so have the simulated types", async () => {
    const created = (await createdTokens()).filter((token) => !token.startsWith("kubernetes:"));
    expect(Object.keys(simulatedTypes).sort()).toEqual(created);
    expect(
      Object.values(createdTypes)
        .map(({ token }) => token)
        .sort(),
    ).toEqual(created.filter((token) => token.startsWith("openstack:")));
  }, 600_000);

  it("have a case in this file each", () => {
    expect(table.map(([name]) => name).sort()).toEqual(Object.keys(createdTypes).sort());
  });

  it.each(table)("find a %s where it would be, and tell it from what is in use or another's", (...row) => {
    const [name, inputs, path, mine, others] = row;
    const type = createdTypes[name];
    expect([collectionPath(type, inputs), type.query(inputs)].filter((part) => part !== "").join("?")).toBe(path);
    expect(type.matches(mine, inputs)).toBe(true);
    expect(others.map((other) => type.matches(other, inputs))).toEqual(others.map(() => false));
  });

  it("take no floating IP that leads nowhere, when its own port is not known", () => {
    expect(createdTypes.floatingIp.matches({ id: "f", port_id: null }, {})).toBe(false);
  });

  it("are found by their token, and nothing else is", () => {
    expect(createdType("openstack:networking/port:Port")).toBe(createdTypes.port);
    expect(createdType("tls:index/privateKey:PrivateKey")).toBeUndefined();
  });
});
