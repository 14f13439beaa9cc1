/**
 * What the simulated OpenStack makes of servers and load balancers, and what it refuses as a real one does.
 * That a real one agrees is shown by test/cluster.
 */
import * as openstack from "@pulumi/openstack";
import type * as pulumi from "@pulumi/pulumi";
import { existingThings, simulate } from "../../../simulation";
import { parseClusterConfig } from "../../../src/config/parse";
import { minimalStack } from "../../fixtures/minimalStack";
import { lan, mac, project, refusal, server, uuid } from "./parts";

describe("a server", () => {
  it("has the address of its port, or one of the network's", async () => {
    const run = await simulate(() => {
      const { network, subnet } = lan();
      const group = new openstack.networking.SecGroup("g", { name: "nodes" });
      const port = new openstack.networking.Port("p", {
        networkId: network.id,
        fixedIps: [{ subnetId: subnet.id, ipAddress: "10.0.0.50" }],
      });
      server("first", { networks: [{ port: port.id }] });
      server(
        "second",
        { networks: [{ uuid: network.id }], securityGroups: [group.name], metadata: { a: "b" } },
        { dependsOn: subnet },
      );
    });
    expect(run.resource("Instance", "first").outputs).toMatchObject({
      accessIpV4: "10.0.0.50",
      securityGroups: ["default"],
    });
    expect(run.resource("Instance", "second")).toMatchObject({
      id: uuid,
      outputs: {
        region: "RegionOne",
        accessIpV4: "10.0.0.2",
        availabilityZone: "nova",
        networks: [{ uuid: run.resource("Network", "lan").id, name: "lan", fixedIpV4: "10.0.0.2", mac, port: "" }],
        securityGroups: ["nodes"],
        powerState: "active",
        allMetadata: { a: "b" },
      },
    });
  });

  it("has a new id after a replacement, and the old one until then", async () => {
    const program = (userData: string) => () => void server("vm", { userData });
    const first = await simulate(program("a"));
    const replaced = await simulate(program("b"), { previous: first.toPrevious() });
    const again = await simulate(program("b"), { previous: replaced.toPrevious() });
    const id = (run: typeof first) => run.resource("Instance", "vm").id;
    expect(replaced.resource("Instance", "vm").change).toEqual({
      operation: "replace",
      changed: ["userData"],
      replacing: ["userData"],
      ignored: [],
    });
    expect(id(replaced)).not.toBe(id(first));
    expect(id(again)).toBe(id(replaced));
  });

  it.each([
    ["no flavor", () => server("vm", { flavorName: undefined }), "a server needs flavorName or flavorId"],
    [
      "nothing to boot from",
      () => server("vm", { imageId: undefined }),
      "a server needs imageName, imageId or blockDevices to boot from",
    ],
    [
      "a security group that is not there",
      () => server("vm", { securityGroups: ["nodes"] }),
      'there is no security group named "nodes"',
    ],
    [
      "a server group that is not there",
      () => server("vm", { schedulerHints: [{ group: "x" }] }),
      'there is no server group "x"',
    ],
    [
      "the name of another",
      () => [server("a", { name: "vm" }), server("b", { name: "vm" })],
      "there is already a server named vm",
    ],
    [
      "a port in use",
      () => {
        const { network, subnet } = lan();
        const port = new openstack.networking.Port("p", { networkId: network.id, fixedIps: [{ subnetId: subnet.id }] });
        for (const name of ["a", "b"]) server(name, { networks: [{ port: port.id }] });
      },
      "is already in use by",
    ],
    [
      "a placement policy that Nova does not have",
      () => new openstack.compute.ServerGroup("g", { policies: ["near"] }),
      'Nova has no server group policy "near"',
    ],
  ])("is refused for %s", async (_, program, message) => {
    await refusal(program).toThrow(message);
  });
});

describe("a load balancer", () => {
  function balancer(protocolPort = 6443) {
    const { subnet } = lan();
    const loadBalancer = new openstack.loadbalancer.LoadBalancer("lb", { vipSubnetId: subnet.id });
    const listener = new openstack.loadbalancer.Listener("lb", {
      loadbalancerId: loadBalancer.id,
      protocol: "TCP",
      protocolPort,
      timeoutClientData: 3_600_000,
    });
    const pool = new openstack.loadbalancer.Pool("lb", {
      listenerId: listener.id,
      protocol: "TCP",
      lbMethod: "ROUND_ROBIN",
    });
    return { loadBalancer, listener, pool };
  }
  const member = (name: string, poolId: pulumi.Input<string>) =>
    new openstack.loadbalancer.Member(name, { poolId, address: "10.0.0.9", protocolPort: 6443 });

  it("and its parts have the outputs that Octavia computes", async () => {
    const run = await simulate(() => {
      const { pool } = balancer();
      member("m", pool.id);
      new openstack.loadbalancer.Monitor("lb", { poolId: pool.id, type: "TCP", delay: 5, timeout: 3, maxRetries: 3 });
    });
    expect(run.resource("LoadBalancer", "lb").outputs).toMatchObject({
      vipAddress: "10.0.0.2",
      vipPortId: uuid,
      loadbalancerProvider: "amphora",
    });
    expect(run.resource("Listener", "lb").outputs).toMatchObject({
      timeoutClientData: 3_600_000,
      timeoutMemberData: 50_000,
      connectionLimit: -1,
    });
    expect(run.resource("Pool", "lb").outputs).toMatchObject({ ...project, name: "lb", adminStateUp: true });
    expect(run.resource("Member", "m").outputs).toMatchObject({ weight: 1 });
    expect(run.resource("Monitor", "lb").outputs).toMatchObject({ maxRetriesDown: 3 });
  });

  it.each([
    [
      "no place for its address",
      () => new openstack.loadbalancer.LoadBalancer("lb", {}),
      "a load balancer needs vipSubnetId, vipNetworkId or vipPortId",
    ],
    [
      "two listeners on a port",
      () =>
        new openstack.loadbalancer.Listener("second", {
          loadbalancerId: balancer().loadBalancer.id,
          protocol: "HTTP",
          protocolPort: 6443,
        }),
      "another listener of the load balancer has TCP 6443 already",
    ],
    [
      "an unknown protocol",
      () =>
        new openstack.loadbalancer.Listener("l", {
          loadbalancerId: balancer().loadBalancer.id,
          protocol: "TPC",
          protocolPort: 1,
        }),
      'protocol is "TPC"; Octavia knows TCP',
    ],
    [
      "two members of one address and port",
      () => {
        const { pool } = balancer();
        for (const name of ["a", "b"]) member(name, pool.id);
      },
      "the pool has a member 10.0.0.9:6443 already",
    ],
    [
      "a health monitor that times out after the next check",
      () =>
        new openstack.loadbalancer.Monitor("m", {
          poolId: balancer().pool.id,
          type: "TCP",
          delay: 3,
          timeout: 5,
          maxRetries: 3,
        }),
      "timeout 5 s is above delay 3 s",
    ],
  ])("is refused for %s", async (_, program, message) => {
    await refusal(program).toThrow(message);
  });
});

describe("what exists before the program runs", () => {
  const [networkId, subnetId, extra] = [1, 2, 3].map((n) => `0000000${n}-0000-4000-a000-000000000000`) as [
    string,
    string,
    string,
  ];
  const config = parseClusterConfig(
    {
      ...minimalStack,
      network: { cidr: "10.9.0.0/24", networkId, subnetId },
      nodePools: [{ name: "default", count: 1, flavor: "large", networks: [extra] }],
    },
    "test",
  );

  it("is what the configuration says of it", () => {
    expect(existingThings(config)).toEqual({
      networks: [networkId, extra],
      subnets: [{ id: subnetId, networkId, cidr: "10.9.0.0/24" }],
    });
  });

  it("can be looked up and used", async () => {
    const program = () => {
      const subnet = openstack.networking.getSubnetOutput({ subnetId });
      new openstack.networking.Port("p", { networkId: subnet.networkId, fixedIps: [{ subnetId: subnet.id }] });
      server("vm", { networks: [{ uuid: extra }] });
    };
    const run = await simulate(program, { existing: existingThings(config) });
    expect(run.resource("Port", "p").outputs.allFixedIps).toEqual(["10.9.0.1"]);
    expect(run.resource("Instance", "vm").outputs.accessIpV4).toBe("198.18.0.1");
  });

  it("is refused when nobody told of it", async () => {
    await expect(
      simulate(async () => {
        await openstack.networking.getSubnet({ subnetId });
      }),
    ).rejects.toThrow("there is no subnet");
  });
});
