import { preflightMessage } from "../../src/preflight/checkPreflight";
import { projectId, type FakeRequest } from "../openstack/fakeOpenstack";
import { healthyCloud, image, zone, type Cloud } from "./fakeCloud";
import { controlPlane, fullCloud, pool, preflight, problems, type Values } from "./run";

const [small, medium] = healthyCloud.flavors as [Cloud["flavors"][number], Cloud["flavors"][number]];

describe("pre-flight", () => {
  it("finds nothing wrong with a cloud that has room for the cluster", async () => {
    expect(await preflight()).toEqual({ problems: [], notes: [] });
  });

  it("reads only, and as often for 200 workers as for 2", async () => {
    const few: FakeRequest[] = [];
    const many: FakeRequest[] = [];
    await preflight({}, {}, few);
    await preflight(pool({ count: 200 }), {}, many);
    expect([...new Set(few.map(({ method }) => method))]).toEqual(["GET"]);
    expect([few.length, many.length]).toEqual([20, 20]);
  });

  it("finds nothing wrong with a cluster that exists, in a project that has nothing left", async () => {
    expect(await preflight({}, fullCloud)).toEqual({ problems: [], notes: [] });
  });

  it("asks for no more than the machines that a larger count adds", async () => {
    expect(await problems(pool({ count: 3 }), { ...fullCloud, networkQuota: {} })).toEqual([
      "nodePools[0].count (3) needs 1 more machine but the project has 0 left (5 of 5 in use); lower the number, or ask for a quota of 6.",
      "nodePools[0].count (3) needs 8 more vCPU but the project has 0 left (28 of 28 in use); lower the number or choose a smaller flavor, or ask for a quota of 36.",
      "nodePools[0].count (3) needs 16384 more MiB of memory but the project has 0 left (57344 of 57344 in use); lower the number or choose a smaller flavor, or ask for a quota of 73728.",
    ]);
  });

  it("asks for what a larger flavor of the control plane adds to its machines, and for nothing when a pool keeps its old one", async () => {
    expect(await problems({ ...controlPlane({ flavor: "large" }), ...pool({ flavor: "medium" }) }, fullCloud)).toEqual([
      "controlPlane.replicas (3) needs 12 more vCPU but the project has 0 left (28 of 28 in use); lower the number or choose a smaller flavor, or ask for a quota of 40.",
      "controlPlane.replicas (3) needs 24576 more MiB of memory but the project has 0 left (57344 of 57344 in use); lower the number or choose a smaller flavor, or ask for a quota of 81920.",
    ]);
  });

  it("takes what is gone from the cloud for a note where all machines that wanted it exist", async () => {
    expect(
      await preflight(controlPlane({ availabilityZones: ["az1"] }), {
        ...fullCloud,
        images: [],
        flavors: [medium],
        zones: [],
      }),
    ).toEqual({
      problems: [],
      notes: [
        'image is "ubuntu-24.04" but Glance shows this project no such image; there is none. The machines that exist go on without it, but a lost one could not be replaced.',
        'nodePools[0].flavor is "large" but Nova shows this project no such flavor; there is: medium. The machines that exist go on without it, but a lost one could not be replaced.',
      ],
    });
  });

  it("needs the image of a machine that is rolled", async () => {
    expect(await problems({ roll: ["dev-default-1"] }, { ...fullCloud, images: [] })).toEqual([
      'image is "ubuntu-24.04" but Glance shows this project no such image; there is none.',
    ]);
  });

  it("needs the image by name of existing machines that have volumes, which is looked up in every run", async () => {
    expect(await problems(controlPlane({ etcdVolume: { sizeGb: 10 } }), { ...fullCloud, images: [] })).toEqual([
      'image is "ubuntu-24.04" but Glance shows this project no such image; there is none.',
    ]);
  });

  it("puts all problems in one message", () => {
    expect(preflightMessage(["One.", "Two."])).toBe(
      "Pre-flight found 2 problems; nothing was changed in OpenStack:\nOne.\nTwo.",
    );
  });
});

describe("pre-flight of a cloud without a service", () => {
  it.each<[string, Values, Partial<Cloud>, string[]]>([
    [
      "no Octavia",
      {},
      { catalog: { compute: "/nova", image: "/glance", network: "/neutron" } },
      [
        'The cloud has no Octavia (no public load-balancer endpoint in its catalog), but apiEndpoint.kind is "loadBalancer"; set it to "virtualIp" or "external".',
      ],
    ],
    [
      "no Cinder",
      controlPlane({ bootVolume: { sizeGb: 50 } }),
      { catalog: { compute: "/nova", image: "/glance", network: "/neutron", "load-balancer": "/octavia" } },
      [
        "The cloud has no Cinder (no public block-storage endpoint in its catalog), but the configuration asks for volumes (bootVolume, etcdVolume, nodePools[].volumes); remove them.",
      ],
    ],
  ])("tells of %s", async (_, values, change, expected) => {
    expect(await problems(values, change)).toEqual(expected);
  });
});

describe("pre-flight of a cloud that does not tell everything", () => {
  it("notes what a member may not read, and checks the rest", async () => {
    const refused = {
      "/nova/servers": 403,
      "/nova/limits": 403,
      [`/neutron/v2.0/quotas/${projectId}/details.json`]: 404,
      "/octavia/v2/lbaas/loadbalancers": 403,
    };
    const found = await preflight({ image: "ubuntu" }, { refused });
    expect({ problems: found.problems, notes: [...found.notes].sort() }).toEqual({
      problems: ['image is "ubuntu" but Glance shows this project no such image; there are: debian-13, ubuntu-24.04.'],
      notes: [
        "Pre-flight could not check the load balancers that exist: Octavia answered 403 to GET /lbaas/loadbalancers.",
        "Pre-flight could not check the machines that exist: Nova answered 403 to GET /servers.",
        "Pre-flight could not check the quota of machines: Nova answered 403 to GET /limits.",
        `Pre-flight could not check the quota of the network: Neutron answered 404 to GET /quotas/${projectId}/details.json.`,
      ],
    });
  });

  it("says in one sentence that a service fails", async () => {
    const [only, ...others] = await problems({}, { refused: { neutron: 503 } });
    expect(only).toMatch(/^Neutron answered 503 to GET \/\S+; try again when Neutron serves\.$/);
    expect(others).toEqual([]);
  });

  it("notes a zone that a Cinder of several zones does not have", async () => {
    const values = controlPlane({ availabilityZones: ["az1", "az2"], etcdVolume: { sizeGb: 10 } });
    expect(await preflight(values, { volumeZones: [zone("az1"), zone("az7")] })).toEqual({
      problems: [],
      notes: [
        'controlPlane.availabilityZones[1] is "az2" but Cinder has no such zone available; its volumes come to the machines only where Nova\'s cross_az_attach is on, as it is by default.',
      ],
    });
  });

  it("notes an image of another distribution", async () => {
    const found = await preflight({}, { images: [image("a", "ubuntu-24.04", { os_distro: "debian" })] });
    expect(found).toEqual({
      problems: [],
      notes: ['os.family is "ubuntu" but image ubuntu-24.04 says that it is debian (os_distro).'],
    });
  });

  it("uses the flavors' numbers only where they are known", async () => {
    expect(
      await problems({}, { flavors: [small, medium], limits: { ...healthyCloud.limits, maxTotalCores: 12 } }),
    ).toEqual(['nodePools[0].flavor is "large" but Nova shows this project no such flavor; there are: medium, small.']);
  });
});
