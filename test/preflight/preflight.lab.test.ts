/**
 * Pre-flight against real OpenStack services, in a project of its own, with each thing wrong that a lab can have wrong.
 * Not proven here, but on a fake cloud in test/preflight/preflight: a zone that is down, a missing extension, an
 * Octavia flavor, a service that fails.
 */
import { parseClusterConfig } from "../../src/config/parse";
import { OpenstackApi } from "../../src/openstack/client";
import type { OpenstackCloud } from "../../src/openstack/cloud";
import { checkPreflight } from "../../src/preflight/checkPreflight";
import type { Findings } from "../../src/preflight/findings";
import { gatherCloudFacts } from "../../src/preflight/gatherCloudFacts";
import { describeOnLab, EngineStack } from "../realEngine/engineStack";
import { Openstack } from "../realEngine/openstack";
import { Tenant, type QuotaService } from "../lab/machines/tenant";

jest.setTimeout(10 * 60_000);

type Values = Record<string, unknown>;

/** What the lab can give. */
const stack = {
  os: { family: "debian", version: "12" },
  image: "debian-12",
  network: { mtu: 1442, externalNetwork: "public" },
  apiEndpoint: { kind: "loadBalancer", floatingIp: true, allowedCidrs: ["203.0.113.0/24"] },
  controlPlane: {
    flavor: "m1.medium",
    availabilityZones: ["az1", "az2", "az3"],
    etcdVolume: { sizeGb: 10, type: "standard" },
  },
  nodePools: [{ name: "general", count: 2, flavor: "m1.medium" }],
};
const network = (change: Values): Values => ({ network: { ...stack.network, ...change } });
const endpoint = (change: Values): Values => ({ apiEndpoint: { ...stack.apiEndpoint, ...change } });
const controlPlane = (change: Values): Values => ({ controlPlane: { ...stack.controlPlane, ...change } });
const pool = (change: Values): Values => ({ nodePools: [{ ...stack.nodePools[0], ...change }] });
const nowhere = "00000000-0000-4000-8000-000000000000";

describeOnLab("pre-flight on the lab", () => {
  let tenant: Tenant;
  /** Ids of what was put in the way. */
  const made = { open: "", small: "", subnet: "", elsewhere: "", empty: "", router: "", twins: [] as string[] };

  const preflight = async (values: Values = {}, cloud: OpenstackCloud = tenant.cloud()): Promise<Findings> => {
    const config = parseClusterConfig({ ...stack, ...values }, "flight");
    return checkPreflight(config, await gatherCloudFacts(await OpenstackApi.login(cloud), config));
  };
  const problems = async (values?: Values) => (await preflight(values)).problems;

  beforeAll(async () => {
    tenant = await Tenant.create(`preflight-${process.pid}`);
    made.small = await tenant.makeInNeutron("networks", { name: "small", mtu: 1400 });
    made.subnet = await tenant.makeInNeutron("subnets", {
      name: "machines",
      network_id: made.small,
      cidr: "10.10.0.0/24",
      ip_version: 4,
    });
    made.open = await tenant.makeInNeutron("networks", { name: "open", port_security_enabled: false });
    made.elsewhere = await tenant.makeInNeutron("subnets", {
      name: "elsewhere",
      network_id: made.open,
      cidr: "10.10.0.0/22",
      ip_version: 4,
    });
    made.empty = await tenant.makeInNeutron("networks", { name: "empty" });
    made.router = await tenant.makeInNeutron("routers", { name: "edge" });
    made.twins = [await tenant.announceImage("twins"), await tenant.announceImage("twins")].sort();
    await tenant.announceImage("late", { min_ram: 5000, min_disk: 50 });
  });

  afterAll(() => tenant.remove());

  it("finds nothing wrong with what the lab can give", async () => {
    expect(await preflight()).toEqual({ problems: [], notes: [] });
  });

  it.each<[string, Values, () => string[]]>([
    [
      "an image",
      { image: "debian-21" },
      () => ['image is "debian-21" but Glance shows this project no such image; did you mean debian-12?'],
    ],
    [
      "an image id",
      { image: nowhere },
      () => [
        expect.stringMatching(
          `^image is "${nowhere}" but Glance shows this project no such image; there are: `,
        ) as string,
      ],
    ],
    [
      "one image of two",
      { image: "twins" },
      () => [
        `image is "twins" but 2 images have that name; set the id of the one that you mean: ${made.twins.join(", ")}.`,
      ],
    ],
    [
      "an image that is not there yet, and too large",
      pool({ image: "late" }),
      () => [
        'nodePools[0].image is "late" but that image is queued, not active; upload or restore it, or name another.',
        'nodePools[0].flavor is "m1.medium" with 4096 MiB of memory but image late asks for 5000 MiB; choose a larger flavor.',
        'nodePools[0].flavor is "m1.medium" with a disk of 40 GiB but image late needs 50 GiB; choose a larger flavor, or set nodePools[0].bootVolume.sizeGb to 50.',
      ],
    ],
    [
      "a flavor",
      pool({ flavor: "m1.mediun" }),
      () => ['nodePools[0].flavor is "m1.mediun" but Nova shows this project no such flavor; did you mean m1.medium?'],
    ],
    [
      "a control-plane machine large enough for kubeadm",
      controlPlane({ flavor: "m1.small" }),
      () => [
        'controlPlane.flavor is "m1.small" but kubeadm refuses a control-plane machine of 1 vCPU and 2048 MiB: it wants 2 vCPU and 1700 MiB; large enough: m1.2xlarge, m1.large, m1.medium, m1.xlarge.',
      ],
    ],
    [
      "a zone",
      controlPlane({ availabilityZones: ["az1", "az4"] }),
      () => ['controlPlane.availabilityZones[1] is "az4" but Nova has no such zone; there are: az1, az2, az3.'],
    ],
    [
      "a volume type",
      controlPlane({ etcdVolume: { sizeGb: 10, type: "fast" } }),
      () => [
        'controlPlane.etcdVolume.type is "fast" but Cinder shows this project no such volume type; there are: __DEFAULT__, standard.',
      ],
    ],
    [
      "an external network",
      network({ externalNetwork: "pubic" }),
      () => [
        'network.externalNetwork is "pubic" but Neutron shows this project no external network of that name; did you mean public?',
      ],
    ],
    [
      "an existing network",
      network({ networkId: nowhere }),
      () => [
        `network.networkId is "${nowhere}" but Neutron shows this project no such network; name one that \`openstack network list\` shows.`,
      ],
    ],
    [
      "an Octavia provider",
      endpoint({ provider: "ovn" }),
      () => ['apiEndpoint.provider is "ovn" but Octavia has no such provider; there are: amphora, octavia.'],
    ],
    [
      "an Octavia flavor",
      endpoint({ flavorId: nowhere }),
      () => [`apiEndpoint.flavorId is "${nowhere}" but Octavia has no such flavor; there is none.`],
    ],
  ])("misses %s", async (_, values, expected) => {
    expect(await problems(values)).toEqual(expected());
  });

  it("tells what is wrong with an existing network and its subnets", async () => {
    expect(await problems(network({ networkId: made.small }))).toEqual([
      "network.mtu is 1442 but the existing network small carries only 1400 bytes; set network.mtu to 1400.",
      `network.cidr is "10.10.0.0/22" but network.networkId has subnet machines (10.10.0.0/24) there already; choose another range, or set network.subnetId to "${made.subnet}" to use it.`,
    ]);
    expect(await problems(network({ networkId: made.small, mtu: 1400, subnetId: made.elsewhere }))).toEqual([
      `network.subnetId is "${made.elsewhere}" but that subnet elsewhere belongs to another network, ${made.open}; set network.networkId to it, or name another subnet.`,
    ]);
    expect(await problems(network({ networkId: made.small, mtu: 1400, subnetId: made.subnet }))).toEqual([
      'network.cidr is "10.10.0.0/22" but the existing subnet machines is 10.10.0.0/24; set network.cidr to "10.10.0.0/24".',
    ]);
    expect(await problems(network({ networkId: made.open, subnetId: made.elsewhere }))).toEqual([
      `network.networkId is "${made.open}" but port security is off on that network open, so that no security group could protect the machines; turn it on, or name another.`,
    ]);
  });

  it("tells what is wrong with extra networks and an existing router", async () => {
    expect(await problems({ ...pool({ networks: [made.empty] }), ...network({ routerId: made.router }) })).toEqual([
      `network.routerId is "${made.router}" but that router edge has no gateway, not to network.externalNetwork "public", and apiEndpoint.floatingIp needs it to; set its gateway, or set apiEndpoint.floatingIp to false.`,
      `nodePools[0].networks[0] is "${made.empty}" but that network empty has no subnet, so that machines would get no address there; add one, or name another.`,
    ]);
  });

  it("says which services a region does not have", async () => {
    const found = await preflight({}, tenant.cloud("member", "Nowhere"));
    expect(found.notes).toEqual([]);
    expect(found.problems.map((sentence) => sentence.replace(/,.*/, ""))).toEqual(
      [
        "Nova (no public compute",
        "Glance (no public image",
        "Neutron (no public network",
        "Cinder (no public block-storage",
        "Octavia (no public load-balancer",
      ].map((service) => `The cloud has no ${service} endpoint in its catalog)`),
    );
  });

  it("takes what a user may not read for a note", async () => {
    const { problems: found, notes } = await preflight({}, tenant.cloud("reader"));
    expect(found).toEqual([]);
    expect([...notes].sort()).toEqual([
      "Pre-flight could not check Octavia's providers: Octavia answered 403 to GET /lbaas/providers.",
      // Two lists are asked for at once; which of them is refused first is chance.
      expect.stringMatching(
        /^Pre-flight could not check the load balancers that exist: Octavia answered 403 to GET \/lbaas\/(loadbalancers|pools)\.$/,
      ),
      `Pre-flight could not check the quota of load balancers: Octavia answered 403 to GET /lbaas/quotas/${tenant.projectId}.`,
    ]);
  });

  const machines = "controlPlane.replicas (3) and nodePools[0].count (2)";
  it.each<[QuotaService, string, number, string]>([
    ["compute", "instances", 4, `${machines} need 5 more machines but the project has 4 left`],
    ["compute", "cores", 9, `${machines} need 10 more vCPU but the project has 9 left`],
    ["compute", "ram", 20_000, `${machines} need 20480 more MiB of memory but the project has 20000 left`],
    ["compute", "server_groups", 0, "controlPlane.replicas (3) needs 1 more server group but the project has 0 left"],
    [
      "compute",
      "server_group_members",
      2,
      "controlPlane.replicas (3) is more than the 2 members that the quota gives one server group",
    ],
    ["network", "network", 3, "network needs 1 more network but the project has 0 left"],
    ["network", "subnet", 2, "network needs 1 more subnet but the project has 0 left"],
    ["network", "router", 1, "network.externalNetwork needs 1 more router but the project has 0 left"],
    [
      "network",
      "port",
      7,
      "controlPlane.replicas (3), nodePools[0].count (2) and the network need 8 more ports but the project has ",
    ],
    ["network", "floatingip", 0, "apiEndpoint.floatingIp needs 1 more floating IP but the project has 0 left"],
    ["network", "security_group", 2, "the cluster needs 2 more security groups but the project has 1 left"],
    ["network", "security_group_rule", 10, "the cluster needs 15 more security-group rules but the project has "],
    ["volumev3", "volumes", 2, "controlPlane.replicas (3) needs 3 more volumes but the project has 2 left"],
    ["volumev3", "gigabytes", 29, "controlPlane.replicas (3) needs 30 more GiB of volumes but the project has 29 left"],
    [
      "volumev3",
      "gigabytes_standard",
      29,
      "controlPlane.replicas (3) needs 30 more GiB of volumes of type standard but the project has 29 left",
    ],
    [
      "volumev3",
      "per_volume_gigabytes",
      9,
      "controlPlane.etcdVolume.sizeGb is 10 but this project's volumes have at most 9 GiB each",
    ],
    ["load-balancer", "load_balancer", 0, "apiEndpoint needs 1 more load balancer but the project has 0 left"],
    ["load-balancer", "member", 2, "apiEndpoint needs 3 more load-balancer members but the project has 2 left"],
  ])("tells that %s's quota %s is %i", async (service, name, limit, expected) => {
    await tenant.limit(service, { [name]: limit });
    const found = await problems();
    // -1: without limit, so that the next case meets its own only.
    await tenant.limit(service, { [name]: -1 });
    expect(found).toEqual([expect.stringMatching(new RegExp(`^${expected.replace(/[.()[\]]/g, "\\$&")}`))]);
  });

  it("counts machines that exist as paid for", async () => {
    const home = await tenant.makeInNeutron("networks", { name: "home" });
    await tenant.makeInNeutron("subnets", { name: "home", network_id: home, cidr: "10.30.0.0/24", ip_version: 4 });
    await tenant.makeServer("flight-control-plane-0", "m1.medium", "debian-12", home);
    await tenant.makeServer("flight-general-1", "m1.medium", "debian-12", home);
    await tenant.limit("compute", { instances: 5, cores: 10, ram: 20_480 });
    expect(await problems()).toEqual([]);
    expect(await problems(controlPlane({ flavor: "m1.large" }))).toEqual([
      "controlPlane.replicas (3) and nodePools[0].count (2) need 12 more vCPU but the project has 6 left (4 of 10 in use); lower the number or choose a smaller flavor, or ask for a quota of 16.",
      "controlPlane.replicas (3) and nodePools[0].count (2) need 24576 more MiB of memory but the project has 12288 left (8192 of 20480 in use); lower the number or choose a smaller flavor, or ask for a quota of 32768.",
    ]);
    await tenant.limit("compute", { instances: -1, cores: -1, ram: -1 });
  });
});

describeOnLab("the program before its first resource", () => {
  const wrong = [
    { path: ["image"], value: "rhel-9.7-x86_64-kvm" },
    { path: ["network", "externalNetwork"], value: "pubic" },
    { path: ["clusterName"], value: "preflight" },
  ];
  const message = [
    "Pre-flight found 2 problems; nothing was changed in OpenStack:",
    'image is "rhel-9.7-x86_64-kvm" but Glance shows this project no such image; did you mean rhel-9.6-x86_64-kvm?',
    'network.externalNetwork is "pubic" but Neutron shows this project no external network of that name; did you mean public?',
  ].join("\n");

  it("stops a preview and an up with all problems at once, and nothing is made", async () => {
    const stackOnLab = new EngineStack("preflight", wrong);
    await expect(stackOnLab.preview()).rejects.toThrow(message);
    await expect(stackOnLab.up()).rejects.toThrow(message);
    const { networks, securityGroups, servers } = await (await Openstack.connect()).inventory();
    const ours = [...networks, ...securityGroups, ...servers].filter(({ name }) => name?.startsWith("preflight"));
    expect(ours).toEqual([]);
  });
});
