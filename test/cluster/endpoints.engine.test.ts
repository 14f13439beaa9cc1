/**
 * Endpoints without Octavia, and networks that were there before: a virtual IP on an existing router, and an external
 * endpoint in an existing subnet with an MTU of its own. Asked of OpenStack itself. Not proven: that keepalived moves
 * the virtual IP (test/lab/machines/machines does), and that packets pass.
 */
import { describeOnLab, EngineStack, type Setting } from "../realEngine/engineStack";
import { type Item, Openstack } from "../realEngine/openstack";

jest.setTimeout(20 * 60_000);

const small: Setting[] = [
  { path: ["controlPlane"], value: { replicas: 1, flavor: "m1.medium" } },
  { path: ["nodePools"], value: [{ name: "general", count: 1, flavor: "m1.medium" }] },
];

describeOnLab("a cluster that finds its network there", () => {
  const onRouter = new EngineStack("onrouter", [
    ...small,
    { path: ["clusterName"], value: "onrouter" },
    { path: ["controlPlane", "replicas"], value: 3 },
    {
      path: ["apiEndpoint"],
      value: { kind: "virtualIp", address: "10.20.0.10", floatingIp: true, allowedCidrs: ["198.51.100.0/24"] },
    },
  ]);
  const inSubnet = new EngineStack("insubnet", [
    ...small,
    { path: ["clusterName"], value: "insubnet" },
    { path: ["apiEndpoint"], value: { kind: "external", host: "api.example.org" } },
  ]);
  let openstack: Openstack;
  /** What was in the project when the clusters came. */
  let before: string[];
  /** What the test made before the clusters. */
  const given = { router: "", network: "", subnet: "" };

  const of = (cluster: string, items: Item[]) =>
    items.filter(({ name }) => String(name).startsWith(`${cluster}-`) || name === cluster);
  const everything = async () => (await openstack.everything()).map(({ name, id }) => `${name} ${id}`).sort();
  const givenNow = async () => {
    const { networks, subnets, routers } = await openstack.inventory();
    // A router counts the interfaces that come and go.
    const passing = ["revision_number", "updated_at"];
    const router = Object.fromEntries(
      Object.entries(routers.find(({ id }) => id === given.router) ?? {}).filter(([key]) => !passing.includes(key)),
    );
    return {
      network: networks.find(({ id }) => id === given.network),
      subnet: subnets.find(({ id }) => id === given.subnet),
      router,
    };
  };
  const linksOf = async (router: string) =>
    (await openstack.inventory()).ports
      .filter((port) => port.device_id === router && port.device_owner === "network:router_interface")
      .flatMap(({ fixed_ips: addresses }) =>
        (addresses as { subnet_id: string }[]).map(({ subnet_id: subnet }) => subnet),
      );
  let asGiven: Awaited<ReturnType<typeof givenNow>>;

  beforeAll(async () => {
    openstack = await Openstack.connect();
    await Promise.all([onRouter.removeLeftovers(), inSubnet.removeLeftovers()]);
    await removeGiven();
    const made = async (collection: string, kind: string, body: object) =>
      (
        await openstack.call<Record<string, Item>>("network", `/v2.0/${collection}`, "POST", {
          [kind]: { name: "given", ...body },
        })
      )[kind]!.id;
    const outside = await openstack.call<{ networks: Item[] }>("network", "/v2.0/networks?router:external=true");
    given.router = await made("routers", "router", { external_gateway_info: { network_id: outside.networks[0]!.id } });
    given.network = await made("networks", "network", { mtu: 1400 });
    given.subnet = await made("subnets", "subnet", { network_id: given.network, cidr: "10.40.0.0/24", ip_version: 4 });
    await openstack.call("network", `/v2.0/routers/${given.router}/add_router_interface`, "PUT", {
      subnet_id: given.subnet,
    });
    asGiven = await givenNow();
    before = await everything();
    await Promise.all([
      onRouter.up([
        { path: ["network"], value: { cidr: "10.20.0.0/22", routerId: given.router, externalNetwork: "public" } },
      ]),
      inSubnet.up([
        {
          path: ["network"],
          value: { cidr: "10.40.0.0/24", networkId: given.network, subnetId: given.subnet, mtu: 1400 },
        },
      ]),
    ]);
  });
  afterAll(async () => {
    await Promise.all([onRouter.removeLeftovers(), inSubnet.removeLeftovers()]);
    await removeGiven();
  });

  /** What the test made, of this run or of one that was killed. */
  async function removeGiven(): Promise<void> {
    const { routers, networks, subnets } = await openstack.inventory();
    const named = (items: Item[]) => items.filter(({ name }) => name === "given").map(({ id }) => id);
    for (const router of named(routers)) {
      for (const subnet of await linksOf(router))
        await openstack.call("network", `/v2.0/routers/${router}/remove_router_interface`, "PUT", {
          subnet_id: subnet,
        });
      await openstack.call("network", `/v2.0/routers/${router}`, "DELETE");
    }
    for (const subnet of named(subnets)) await openstack.call("network", `/v2.0/subnets/${subnet}`, "DELETE");
    for (const network of named(networks)) await openstack.call("network", `/v2.0/networks/${network}`, "DELETE");
  }

  describe("with a virtual IP", () => {
    it("reserves the address on a port that no machine has, and makes no load balancer", async () => {
      const { ports, loadBalancers } = await openstack.inventory();
      const [port] = of("onrouter", ports).filter(({ name }) => name === "onrouter-api-virtual-ip");
      expect([
        port!.device_id,
        (port!.fixed_ips as { ip_address: string }[]).map(({ ip_address: address }) => address),
      ]).toEqual(["", ["10.20.0.10"]]);
      expect(of("onrouter", loadBalancers)).toEqual([]);
    });

    it("lets every control-plane port answer for that address besides its own, and no worker's port", async () => {
      const { ports, servers } = await openstack.inventory();
      const pairs = servers
        .filter(({ name }) => String(name).startsWith("onrouter-"))
        .map(({ id, name }) => [
          name,
          ports
            .filter((port) => port.device_id === id)
            .flatMap(({ allowed_address_pairs: allowed }) =>
              (allowed as { ip_address: string }[]).map(({ ip_address: address }) => address),
            ),
        ]);
      expect(pairs).toEqual([
        ["onrouter-control-plane-0", ["10.20.0.10"]],
        ["onrouter-control-plane-1", ["10.20.0.10"]],
        ["onrouter-control-plane-2", ["10.20.0.10"]],
        ["onrouter-general-0", []],
      ]);
    });

    it("lets keepalived talk between control-plane machines only, and the allowed network reach the API", async () => {
      const { securityGroups } = await openstack.inventory();
      const group = securityGroups.find(({ name }) => name === "onrouter-control-plane")!;
      const rules = (group.security_group_rules as Record<string, unknown>[]).filter(
        ({ direction }) => direction === "ingress",
      );
      const vrrp = rules.filter(({ protocol }) => protocol === "vrrp" || protocol === "112");
      expect(vrrp.map(({ remote_group_id: from, remote_ip_prefix: prefix }) => [from, prefix])).toEqual([
        [group.id, null],
      ]);
      const fromOutside = rules.filter(({ remote_ip_prefix: prefix }) => prefix !== null);
      expect(
        fromOutside.map(({ protocol, port_range_min: port, remote_ip_prefix: prefix }) => [protocol, port, prefix]),
      ).toEqual([["tcp", 6443, "198.51.100.0/24"]]);
    });

    it("leads its floating IP to the reserved port, and tells operators that address", async () => {
      const { ports, floatingIps } = await openstack.inventory();
      const port = ports.find(({ name }) => name === "onrouter-api-virtual-ip")!;
      const leading = floatingIps.filter(({ port_id: to }) => to === port.id);
      const { apiEndpoint } = await onRouter.outputs();
      expect(leading.map(({ floating_ip_address: address }) => `https://${String(address)}:6443`)).toEqual([
        apiEndpoint,
      ]);
    });

    it("hangs its own subnet on the existing router and makes none", async () => {
      const { subnets, routers } = await openstack.inventory();
      const [subnet] = of("onrouter", subnets);
      expect((await linksOf(given.router)).sort()).toEqual([given.subnet, subnet!.id].sort());
      expect(of("onrouter", routers)).toEqual([]);
    });
  });

  describe("with an external endpoint in an existing subnet", () => {
    it("makes machines and security groups, and no network, router, load balancer, floating IP or reserved port", async () => {
      const { servers, networks, subnets, routers, floatingIps, loadBalancers, securityGroups, ports } =
        await openstack.inventory();
      const made = [servers, networks, subnets, routers, loadBalancers, securityGroups].map((items) =>
        of("insubnet", items).map(({ name }) => name),
      );
      expect(made.map((names) => names.sort())).toEqual([
        ["insubnet-control-plane-0", "insubnet-general-0"],
        [],
        [],
        [],
        [],
        ["insubnet-control-plane", "insubnet-node"],
      ]);
      const within = ports.filter(({ network_id: network }) => network === given.network);
      const machines = new Set(of("insubnet", servers).map(({ id }) => id));
      expect(
        within
          .filter(({ device_owner: owner }) => String(owner).startsWith("compute:"))
          .every(({ device_id: id }) => machines.has(String(id))),
      ).toBe(true);
      expect(within.filter(({ device_id: id }) => id === "")).toEqual([]);
      const owned = new Set(within.map(({ id }) => id));
      expect(floatingIps.filter(({ port_id: to }) => owned.has(String(to)))).toEqual([]);
      expect((await inSubnet.outputs()).apiEndpoint).toBe("https://api.example.org:6443");
    });

    it("gives every machine an address of that subnet", async () => {
      const { servers } = await openstack.inventory();
      const addresses = of("insubnet", servers).map(({ addresses: all }) =>
        Object.entries(all as Record<string, { addr: string }[]>),
      );
      expect(
        addresses.map((networks) =>
          networks.map(([network, list]) => [network, list.map(({ addr }) => addr.replace(/\d+$/, "x"))]),
        ),
      ).toEqual([[["given", ["10.40.0.x"]]], [["given", ["10.40.0.x"]]]]);
    });

    it("is left alone by a second up", async () => {
      expect(
        await inSubnet.preview([
          {
            path: ["network"],
            value: { cidr: "10.40.0.0/24", networkId: given.network, subnetId: given.subnet, mtu: 1400 },
          },
        ]),
      ).toEqual([]);
    });
  });

  it("leaves what it found, unchanged, and nothing else when both are destroyed", async () => {
    await Promise.all([onRouter.destroy(), inSubnet.destroy()]);
    expect(await givenNow()).toEqual(asGiven);
    expect(await everything()).toEqual(before);
    expect(await linksOf(given.router)).toEqual([given.subnet]);
  });
});
