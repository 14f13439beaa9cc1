/**
 * What the simulated OpenStack makes of Neutron's resource types, and what it refuses as a real one does. That a real
 * one agrees is shown by test/engine.
 */
import * as openstack from "@pulumi/openstack";
import { simulate } from "../../../simulation";
import { lan, mac, project, refusal, router, uuid } from "./parts";

describe("a network, subnet and router", () => {
  it("have the outputs that Neutron computes", async () => {
    const run = await simulate(() => {
      router(lan().subnet);
    });
    expect(run.resource("Network", "lan").outputs).toEqual({
      ...project,
      name: "lan",
      mtu: 1400,
      tags: ["a=b"],
      external: false,
      adminStateUp: true,
      shared: false,
      portSecurityEnabled: true,
      allTags: ["a=b"],
    });
    expect(run.resource("Subnet", "lan").outputs).toEqual({
      ...project,
      name: "lan",
      networkId: run.resource("Network", "lan").id,
      cidr: "10.0.0.0/24",
      gatewayIp: "10.0.0.1",
      ipVersion: 4,
      enableDhcp: true,
      dnsNameservers: [],
      allTags: [],
    });
    expect(run.resource("Router", "lan").outputs).toEqual({
      ...project,
      name: "lan",
      externalNetworkId: uuid,
      adminStateUp: true,
      distributed: false,
      enableSnat: true,
      allTags: [],
    });
    expect(run.resource("RouterInterface", "lan")).toMatchObject({
      id: uuid,
      outputs: { region: "RegionOne", subnetId: run.resource("Subnet", "lan").id, portId: uuid },
    });
    expect(run.subnets).toEqual([{ cidr: "10.0.0.0/24", used: 1, capacity: 253 }]);
  });

  it.each([
    ["host bits in a CIDR", () => lan("10.0.0.1/24"), "cidr 10.0.0.1/24 has host bits set; did you mean 10.0.0.0/24?"],
    [
      "overlapping subnets in a network",
      () => new openstack.networking.Subnet("second", { networkId: lan().network.id, cidr: "10.0.0.128/25" }),
      /cidr 10\.0\.0\.\d+\/2[45] overlaps 10\.0\.0\.\d+\/2[45] of subnet/,
    ],
    [
      "a router gateway on a network that is not external",
      () => new openstack.networking.Router("r", { externalNetworkId: lan().network.id }),
      "is not external: a router's gateway must be",
    ],
  ])("refuse %s", async (_, program, message) => {
    await refusal(program).toThrow(message);
  });
});

describe("a port", () => {
  it("gets the lowest free address, or the one asked for", async () => {
    const run = await simulate(() => {
      const { network, subnet } = lan();
      const wanted = new openstack.networking.Port("wanted", {
        networkId: network.id,
        fixedIps: [{ subnetId: subnet.id, ipAddress: "10.0.0.2" }],
      });
      new openstack.networking.Port(
        "free",
        { networkId: network.id, fixedIps: [{ subnetId: subnet.id }] },
        { dependsOn: wanted },
      );
    });
    expect(run.resource("Port", "wanted").outputs.allFixedIps).toEqual(["10.0.0.2"]);
    expect(run.resource("Port", "free").outputs).toMatchObject({
      ...project,
      allFixedIps: ["10.0.0.3"],
      macAddress: mac,
      allSecurityGroupIds: [uuid],
    });
  });

  it("keeps the address of the previous run, though others are free or new ones come first", async () => {
    const program = (names: string[]) => () => {
      const { network, subnet } = lan();
      for (const name of names)
        new openstack.networking.Port(name, { networkId: network.id, fixedIps: [{ subnetId: subnet.id }] });
    };
    const first = await simulate(program(["a", "b"]));
    const second = await simulate(program(["new", "b"]), { previous: first.toPrevious() });
    expect(second.resource("Port", "b").outputs.allFixedIps).toEqual(["10.0.0.3"]);
    expect(second.resource("Port", "new").outputs.allFixedIps).toEqual(["10.0.0.4"]);
  });

  const port = (ipAddress: string, name = "p") => {
    const { network, subnet } = lan();
    return () =>
      new openstack.networking.Port(name, { networkId: network.id, fixedIps: [{ subnetId: subnet.id, ipAddress }] });
  };
  it.each([
    ["an address outside the subnet", () => port("10.0.1.5")(), "fixed IP 10.0.1.5 is outside the subnet 10.0.0.0/24"],
    [
      "the broadcast address",
      () => port("10.0.0.255")(),
      "fixed IP 10.0.0.255 is the network or broadcast address of 10.0.0.0/24",
    ],
    ["what is no address", () => port("ten")(), 'Port::p: "ten" is not an IPv4 address'],
    [
      "an address twice",
      () => {
        const { network, subnet } = lan();
        for (const name of ["a", "b"])
          new openstack.networking.Port(name, {
            networkId: network.id,
            fixedIps: [{ subnetId: subnet.id, ipAddress: "10.0.0.9" }],
          });
      },
      "fixed IP 10.0.0.9 is already in use by urn:pulumi:test::openstack-kubernetes::openstack:networking/port:Port::a",
    ],
    [
      "a port more than there are addresses",
      () => {
        const { network, subnet } = lan("10.0.0.0/29");
        for (let i = 0; i < 6; i++)
          new openstack.networking.Port(`p${i}`, { networkId: network.id, fixedIps: [{ subnetId: subnet.id }] });
      },
      "subnet 10.0.0.0/29 has no free address left (5 of 5 in use)",
    ],
    [
      "a network without a subnet",
      () => new openstack.networking.Port("p", { networkId: new openstack.networking.Network("n").id }),
      "has no subnet yet: make the resource depend on the subnet",
    ],
  ])("is refused for %s", async (_, program, message) => {
    await refusal(program).toThrow(message);
  });
});

describe("a security group", () => {
  const rule = (name: string, args: Partial<openstack.networking.SecGroupRuleArgs>, deleteDefaultRules = true) => {
    const group = new openstack.networking.SecGroup(`group-${name}`, { deleteDefaultRules });
    return new openstack.networking.SecGroupRule(name, {
      direction: "ingress",
      ethertype: "IPv4",
      securityGroupId: group.id,
      ...args,
    });
  };

  it("and its rules have the outputs that Neutron computes", async () => {
    const run = await simulate(() => {
      rule("ssh", { protocol: "tcp", portRangeMin: 22, portRangeMax: 22, remoteIpPrefix: "10.0.0.0/8" });
    });
    expect(run.resource("SecGroup", "group-ssh").outputs).toEqual({
      ...project,
      name: "group-ssh",
      description: "",
      deleteDefaultRules: true,
      allTags: [],
    });
    expect(run.resource("SecGroupRule", "ssh").outputs).toMatchObject({
      portRangeMin: 22,
      protocol: "tcp",
      remoteGroupId: "",
      remoteIpPrefix: "10.0.0.0/8",
    });
  });

  it.each([
    [
      "an egress rule that Neutron made itself",
      () => rule("any", { direction: "egress" }, false),
      "409 SecurityGroupRuleExists",
    ],
    [
      "ports without a protocol",
      () => rule("x", { portRangeMin: 1, portRangeMax: 2 }),
      "a rule with ports needs a protocol",
    ],
    [
      "a range backwards",
      () => rule("x", { protocol: "tcp", portRangeMin: 3, portRangeMax: 2 }),
      "portRangeMin 3 is above portRangeMax 2",
    ],
    [
      "two remotes",
      () => rule("x", { remoteGroupId: "g", remoteIpPrefix: "10.0.0.0/8" }),
      "either remoteGroupId or remoteIpPrefix, not both",
    ],
    ["a direction of its own", () => rule("x", { direction: "in" }), 'direction is "in"; it must be ingress or egress'],
  ])("refuses %s", async (_, program, message) => {
    await refusal(program).toThrow(message);
  });

  it("refuses a second one of its name, which Nova could not tell apart", async () => {
    const two = () => ["a", "b"].map((name) => new openstack.networking.SecGroup(name, { name: "same" }));
    await refusal(two).toThrow("there is already a security group named same");
  });
});

describe("a floating IP", () => {
  it("leads to a port of a subnet that a router connects", async () => {
    const run = await simulate(() => {
      const { network, subnet } = lan();
      const connected = router(subnet);
      const port = new openstack.networking.Port(
        "p",
        { networkId: network.id, fixedIps: [{ subnetId: subnet.id }] },
        { dependsOn: connected },
      );
      new openstack.networking.FloatingIp("f", { pool: "public", portId: port.id });
    });
    expect(run.resource("FloatingIp", "f").outputs).toEqual({
      ...project,
      pool: "public",
      address: "203.0.113.2",
      fixedIp: "10.0.0.2",
      portId: run.resource("Port", "p").id,
      allTags: [],
    });
  });

  it("is refused where no router leads to the external network", async () => {
    const program = () => {
      const { network, subnet } = lan();
      const port = new openstack.networking.Port("p", { networkId: network.id, fixedIps: [{ subnetId: subnet.id }] });
      new openstack.networking.FloatingIp("f", { pool: "public", portId: port.id });
    };
    await refusal(program).toThrow("make the floating IP depend on the router interface");
  });
});
