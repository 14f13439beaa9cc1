import { healthyCloud, type Cloud } from "./fakeCloud";
import { controlPlane, loadBalancer, pool, preflight, problems, withExternal, type Values } from "./run";

describe("pre-flight of the quota", () => {
  const limits = (change: Partial<Cloud["limits"]>): Partial<Cloud> => ({
    limits: { ...healthyCloud.limits, ...change },
  });
  const network = (change: Record<string, number>): Partial<Cloud> => ({
    networkQuota: { ...healthyCloud.networkQuota, ...change },
  });
  const machines = "controlPlane.replicas (3) and nodePools[0].count (2)";

  it.each<[string, Values, Partial<Cloud>, string]>([
    [
      "machines",
      {},
      limits({ maxTotalInstances: 6, totalInstancesUsed: 2 }),
      `${machines} need 5 more machines but the project has 4 left (2 of 6 in use); lower the number, or ask for a quota of 7.`,
    ],
    [
      "vCPU",
      {},
      limits({ maxTotalCores: 27 }),
      `${machines} need 28 more vCPU but the project has 27 left (0 of 27 in use); lower the number or choose a smaller flavor, or ask for a quota of 28.`,
    ],
    [
      "memory",
      {},
      limits({ maxTotalRAMSize: 57343 }),
      `${machines} need 57344 more MiB of memory but the project has 57343 left (0 of 57343 in use); lower the number or choose a smaller flavor, or ask for a quota of 57344.`,
    ],
    [
      "server groups",
      {},
      limits({ maxServerGroups: 0 }),
      'controlPlane.replicas (3) needs 1 more server group but the project has 0 left (0 of 0 in use); set a serverGroupPolicy to "none", or ask for a quota of 1.',
    ],
    [
      "members of a server group",
      {},
      limits({ maxServerGroupMembers: 2 }),
      'controlPlane.replicas (3) is more than the 2 members that the quota gives one server group; lower it, set controlPlane.serverGroupPolicy to "none", or ask for a quota of 3.',
    ],
    [
      "networks",
      {},
      network({ network: 0 }),
      "network needs 1 more network but the project has 0 left (0 of 0 in use); use an existing one (network.networkId), or ask for a quota of 1.",
    ],
    [
      "subnets",
      {},
      network({ subnet: 0 }),
      "network needs 1 more subnet but the project has 0 left (0 of 0 in use); use an existing one (network.subnetId), or ask for a quota of 1.",
    ],
    [
      "routers",
      withExternal,
      network({ router: 0 }),
      "network.externalNetwork needs 1 more router but the project has 0 left (0 of 0 in use); use an existing one (network.routerId), or ask for a quota of 1.",
    ],
    [
      "ports",
      {},
      network({ port: 6 }),
      `${machines.replace(" and", ",")} and the network need 7 more ports but the project has 6 left (0 of 6 in use); lower the number, or ask for a quota of 7.`,
    ],
    [
      "floating IPs",
      { ...withExternal, ...loadBalancer({ floatingIp: true }) },
      network({ floatingip: 0 }),
      "apiEndpoint.floatingIp needs 1 more floating IP but the project has 0 left (0 of 0 in use); release one that is not used or set it to false, or ask for a quota of 1.",
    ],
    [
      "security groups",
      {},
      network({ security_group: 1 }),
      "the cluster needs 2 more security groups but the project has 1 left (0 of 1 in use); delete what is not used, or ask for a quota of 2.",
    ],
    [
      "security-group rules",
      {},
      network({ security_group_rule: 10 }),
      "the cluster needs 14 more security-group rules but the project has 10 left (0 of 10 in use); delete what is not used, or ask for a quota of 14.",
    ],
    [
      "volumes",
      pool({
        volumes: [
          { name: "a", sizeGb: 1 },
          { name: "b", sizeGb: 2 },
        ],
      }),
      { volumeQuota: { volumes: 3, gigabytes: 1000 } },
      "nodePools[0].count (2) needs 4 more volumes but the project has 3 left (0 of 3 in use); lower the number, or ask for a quota of 4.",
    ],
    [
      "volume space",
      controlPlane({ etcdVolume: { sizeGb: 10 } }),
      { volumeQuota: { volumes: 10, gigabytes: 29 } },
      "controlPlane.replicas (3) needs 30 more GiB of volumes but the project has 29 left (0 of 29 in use); lower the number or the sizes, or ask for a quota of 30.",
    ],
    [
      "space of one volume type",
      controlPlane({ etcdVolume: { sizeGb: 10, type: "standard" } }),
      { volumeQuota: { volumes: 10, gigabytes: 1000, gigabytes_standard: 29 } },
      "controlPlane.replicas (3) needs 30 more GiB of volumes of type standard but the project has 29 left (0 of 29 in use); lower the number or the sizes, or ask for a quota of 30.",
    ],
    [
      "load balancers",
      {},
      { loadBalancers: [{ id: "x", name: "other", provider: "amphora", listeners: [], pools: [] }] },
      "apiEndpoint needs 1 more load balancer but the project has 0 left (1 of 1 in use); delete one that is not used, or ask for a quota of 2.",
    ],
    [
      "load-balancer members",
      {},
      { octaviaQuota: { member: 2 } },
      "apiEndpoint needs 3 more load-balancer members but the project has 2 left (0 of 2 in use); delete one that is not used, or ask for a quota of 3.",
    ],
  ])("tells when there are too few %s", async (_, values, change, expected) => {
    expect(await problems(values, change)).toEqual([expected]);
  });

  it("knows that -1, and null in Octavia, is no limit that can be told", async () => {
    const unlimited: Partial<Cloud> = {
      limits: Object.fromEntries(
        Object.entries(healthyCloud.limits).map(([name, value]) => [name, name.startsWith("max") ? -1 : value]),
      ) as Cloud["limits"],
      networkQuota: Object.fromEntries(Object.keys(healthyCloud.networkQuota).map((name) => [name, -1])),
      octaviaQuota: { load_balancer: null, listener: -1, pool: -1, health_monitor: -1, member: -1 },
    };
    expect(await preflight(pool({ count: 200 }), unlimited)).toEqual({ problems: [], notes: [] });
  });
});
