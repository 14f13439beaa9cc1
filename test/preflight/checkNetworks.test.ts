import { healthyCloud, ids, type Cloud } from "./fakeCloud";
import { loadBalancer, ownTag, pool, preflight, problems, uuid, withExternal, type Values } from "./run";

describe("pre-flight of networks", () => {
  it.each<[string, Values, Partial<Cloud>, string[]]>([
    [
      "an external network that is not there",
      { network: { externalNetwork: "publik" } },
      {},
      [
        'network.externalNetwork is "publik" but Neutron shows this project no external network of that name; did you mean public?',
      ],
    ],
    [
      "two external networks of one name",
      withExternal,
      { networks: [...healthyCloud.networks, { ...healthyCloud.networks[0]!, id: uuid(1) }] },
      [
        `network.externalNetwork is "public" but 2 external networks have that name (${uuid(1)}, ${ids.external}); ask the operators of the cloud for distinct names.`,
      ],
    ],
    [
      "an extra network that is not there",
      pool({ networks: [uuid(4)] }),
      {},
      [
        `nodePools[0].networks[0] is "${uuid(4)}" but Neutron shows this project no such network; name one that \`openstack network list\` shows.`,
      ],
    ],
    [
      "an extra network without a subnet",
      pool({ networks: [uuid(4)] }),
      { networks: [{ ...healthyCloud.networks[0]!, id: uuid(4), name: "storage", subnets: [] }] },
      [
        `nodePools[0].networks[0] is "${uuid(4)}" but that network storage has no subnet, so that machines would get no address there; add one, or name another.`,
      ],
    ],
    [
      "an Octavia provider that is not there",
      loadBalancer({ provider: "ovn" }),
      {},
      ['apiEndpoint.provider is "ovn" but Octavia has no such provider; there are: amphora, octavia.'],
    ],
    [
      "an Octavia flavor that is not there",
      loadBalancer({ flavorId: uuid(5) }),
      { octaviaFlavors: [{ id: uuid(6), name: "large", enabled: true }] },
      [`apiEndpoint.flavorId is "${uuid(5)}" but Octavia has no such flavor; there is: ${uuid(6)} (large).`],
    ],
    [
      "an Octavia flavor that is turned off",
      loadBalancer({ flavorId: uuid(5) }),
      { octaviaFlavors: [{ id: uuid(5), name: "large", enabled: false }] },
      [`apiEndpoint.flavorId is "${uuid(5)}" but Octavia has turned that flavor large off; there is none.`],
    ],
    [
      "Neutron's extensions missing",
      { apiEndpoint: { kind: "virtualIp" }, ...withExternal },
      { extensions: [] },
      [
        "Neutron has no extension security-group, but every machine is protected by security groups; ask the operators of the cloud to turn it on.",
        "Neutron has no extension standard-attr-tag, but all network resources are tagged with the cluster's name; ask the operators of the cloud to turn it on.",
        "Neutron has no extension standard-attr-description, but every security-group rule tells its reason; ask the operators of the cloud to turn it on.",
        "Neutron has no extension net-mtu-writable, but network.mtu is set on the created network; ask the operators of the cloud to turn it on.",
        "Neutron has no extension external-net, but network.externalNetwork is set; ask the operators of the cloud to turn it on.",
        "Neutron has no extension router, but network.externalNetwork is set; ask the operators of the cloud to turn it on.",
        'Neutron has no extension allowed-address-pairs, but apiEndpoint.kind is "virtualIp", so control-plane machines answer for an address besides their own; ask the operators of the cloud to turn it on.',
      ],
    ],
  ])("tells of %s", async (_, values, change, expected) => {
    expect(await problems(values, change)).toEqual(expected);
  });
});

describe("pre-flight of an extra network's subnets", () => {
  const storage = { ...healthyCloud.networks[0]!, id: uuid(4), name: "storage", "router:external": false };
  const subnet = (id: string, gateway: string | null) => ({
    id,
    name: "",
    network_id: storage.id,
    cidr: "10.10.0.0/24",
    ip_version: 4,
    gateway_ip: gateway,
    tags: [],
  });
  const networks = [...healthyCloud.networks, storage];
  const values = pool({ networks: [storage.id] });

  it("warns of each that gives machines a second default route, and says how to take the gateway away", async () => {
    const subnets = [subnet(uuid(5), null), subnet(uuid(6), "10.10.0.1")];
    expect(await preflight(values, { networks, subnets })).toEqual({
      problems: [],
      notes: [
        `nodePools[0].networks[0] is "${storage.id}" but that network storage has a subnet with gateway 10.10.0.1, which gives machines a second default route; take it away: \`openstack subnet set --gateway none ${uuid(6)}\`.`,
      ],
    });
  });

  it("finds nothing in one without a gateway, though it overlaps the subnet that the program creates", async () => {
    const site = { ...storage, id: ids.network, name: "site", mtu: 1500 };
    const found = await preflight(
      { ...values, network: { networkId: ids.network } },
      { networks: [...networks, site], subnets: [subnet(uuid(5), null)] },
    );
    expect(found).toEqual({ problems: [], notes: [] });
  });
});

describe("pre-flight of an existing network", () => {
  const network = { ...healthyCloud.networks[0]!, id: ids.network, name: "site", "router:external": false, mtu: 1400 };
  const subnet = {
    id: uuid(2),
    name: "machines",
    network_id: ids.network,
    cidr: "10.10.0.0/23",
    ip_version: 4,
    tags: [],
  };
  const router = { id: uuid(3), name: "edge", external_gateway_info: null, tags: [] };
  const networks = [...healthyCloud.networks, network];

  it.each<[string, Values, Partial<Cloud>, string[]]>([
    [
      "a network that is not there",
      { networkId: uuid(9) },
      {},
      [
        `network.networkId is "${uuid(9)}" but Neutron shows this project no such network; name one that \`openstack network list\` shows.`,
      ],
    ],
    [
      "a network of a smaller MTU",
      { networkId: ids.network },
      {},
      ["network.mtu is 1442 but the existing network site carries only 1400 bytes; set network.mtu to 1400."],
    ],
    [
      "a network without port security",
      { networkId: ids.network, mtu: 1400 },
      { networks: [...healthyCloud.networks, { ...network, port_security_enabled: false }] },
      [
        `network.networkId is "${ids.network}" but port security is off on that network site, so that no security group could protect the machines; turn it on, or name another.`,
      ],
    ],
    [
      "a subnet that is not there",
      { networkId: ids.network, subnetId: uuid(9), mtu: 1400 },
      { subnets: [subnet] },
      [
        `network.subnetId is "${uuid(9)}" but Neutron shows this project no such subnet; network.networkId has: ${uuid(2)} (machines).`,
      ],
    ],
    [
      "a subnet of another network and another range",
      { networkId: ids.network, subnetId: uuid(2), mtu: 1400 },
      { subnets: [{ ...subnet, network_id: ids.external }] },
      [
        `network.subnetId is "${uuid(2)}" but that subnet machines belongs to another network, ${ids.external}; set network.networkId to it, or name another subnet.`,
        'network.cidr is "10.10.0.0/22" but the existing subnet machines is 10.10.0.0/23; set network.cidr to "10.10.0.0/23".',
      ],
    ],
    [
      "a subnet that the created one would overlap",
      { networkId: ids.network, mtu: 1400 },
      { subnets: [subnet] },
      [
        `network.cidr is "10.10.0.0/22" but network.networkId has subnet machines (10.10.0.0/23) there already; choose another range, or set network.subnetId to "${uuid(2)}" to use it.`,
      ],
    ],
    [
      "a router that is not there",
      { routerId: uuid(9) },
      {},
      [
        `network.routerId is "${uuid(9)}" but Neutron shows this project no such router; name one that \`openstack router list\` shows.`,
      ],
    ],
  ])("tells of %s", async (_, values, change, expected) => {
    expect(await problems({ network: values }, { networks, routers: [router], ...change })).toEqual(expected);
  });

  it("is fine with one that belongs together", async () => {
    const values = { network: { networkId: ids.network, subnetId: uuid(2), cidr: "10.10.0.0/23", mtu: 1400 } };
    expect(await preflight(values, { networks, subnets: [subnet] })).toEqual({ problems: [], notes: [] });
  });

  it("is fine with a subnet in it that an earlier run made", async () => {
    const values = { network: { networkId: ids.network, mtu: 1400 } };
    expect(await preflight(values, { networks, subnets: [{ ...subnet, cidr: "10.10.0.0/22", ...ownTag }] })).toEqual({
      problems: [],
      notes: [],
    });
  });

  it("wants a router with a way out where there is to be a floating IP, and notes its lack elsewhere", async () => {
    const values = { network: { routerId: uuid(3), externalNetwork: "public" } };
    const sentence = `network.routerId is "${uuid(3)}" but that router edge has no gateway, not to network.externalNetwork "public"`;
    expect(await preflight(values, { routers: [router] })).toEqual({
      problems: [],
      notes: [`${sentence}; network.externalNetwork has no effect then.`],
    });
    expect(await problems({ ...values, ...loadBalancer({ floatingIp: true }) }, { routers: [router] })).toEqual([
      `${sentence}, and apiEndpoint.floatingIp needs it to; set its gateway, or set apiEndpoint.floatingIp to false.`,
    ]);
    const leading = { ...router, external_gateway_info: { network_id: ids.external } };
    expect(await preflight(values, { routers: [leading] })).toEqual({ problems: [], notes: [] });
  });
});
