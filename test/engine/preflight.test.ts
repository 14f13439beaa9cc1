/**
 * What the program asks OpenStack before it creates anything, with each answer made wrong in turn: in the configuration, or in the lab's OpenStack itself.
 * The engine previews each time, so that nothing is created.
 */
import { describeOnLab, EngineStack, type Setting } from "./engineStack";
import { Openstack } from "./openstack";

jest.setTimeout(10 * 60_000);

const pool = (change: Record<string, unknown>): Setting => ({
  path: ["nodePools"],
  value: [{ name: "general", count: 2, flavor: "m1.large", availabilityZones: ["az1"], ...change }],
});

describeOnLab("the pre-flight", () => {
  const stack = new EngineStack("preflight", [{ path: ["clusterName"], value: "preflight" }, pool({})]);
  let administrator: Openstack;

  /** The problems that a preview with these settings reports; nothing when it goes through. */
  const problemsWith = async (...settings: Setting[]) => {
    try {
      await stack.preview(settings);
      return [];
    } catch (error) {
      const { message } = error as Error;
      expect(message).toContain("nothing was changed");
      return message
        .split("\n")
        .filter((line) => /^\s+\S/.test(line))
        .map((line) => line.trim().replace(/^- /, ""));
    }
  };

  beforeAll(async () => {
    await stack.removeLeftovers();
    administrator = await Openstack.connect("lab-admin");
  });
  afterAll(() => stack.removeLeftovers());

  it("lets a configuration pass that OpenStack can give", async () => {
    expect(await problemsWith()).toEqual([]);
  });

  it.each<[string, Setting[], string[]]>([
    ["an image", [{ path: ["image"], value: "rhel-9.6" }], ['image is "rhel-9.6" but Glance shows this project no such image; did you mean']],
    ["a flavor", [pool({ flavor: "m1.largo" })], ['nodePools[0].flavor is "m1.largo" but Nova shows this project no such flavor; did you mean']],
    ["a zone", [pool({ availabilityZones: ["az4"] })], ['nodePools[0].availabilityZones[0] is "az4" but Nova has no such zone; there are:']],
    [
      "the external network",
      [{ path: ["network", "externalNetwork"], value: "publik" }],
      ['network.externalNetwork is "publik" but Neutron shows this project no external network of that name; did you mean'],
    ],
    [
      "a volume type",
      [pool({ bootVolume: { sizeGb: 80, type: "fast" } })],
      ['nodePools[0].bootVolume.type is "fast" but Cinder shows this project no such volume type; there is'],
    ],
    [
      "Octavia's provider",
      [{ path: ["apiEndpoint", "provider"], value: "ovn" }],
      ['apiEndpoint.provider is "ovn" but Octavia has no such provider; there are:'],
    ],
    ["an existing network", [{ path: ["network", "networkId"], value: "00000000-0000-4000-8000-000000000000" }], ["network.networkId is"]],
    [
      "more than the quota",
      [pool({ count: 70 })],
      [
        "controlPlane.replicas (3) and nodePools[0].count (70) need 73 more machines but the project has",
        "controlPlane.replicas (3) and nodePools[0].count (70) need 292 more vCPU but the project has",
      ],
    ],
  ])("names %s that cannot be had, and the remedy", async (_, settings, sentences) => {
    const found = await problemsWith(...settings);
    expect(found.map((text, index) => text.startsWith(sentences[index] ?? "nothing more") || text)).toEqual(sentences.map(() => true));
  });

  it("reports all that is wrong in one message", async () => {
    const found = await problemsWith(
      { path: ["image"], value: "none" },
      { path: ["network", "externalNetwork"], value: "none" },
      pool({ flavor: "none", availabilityZones: ["none"] }),
    );
    expect(found.length).toBe(4);
  });

  it("says that the cloud has no Octavia where its endpoint is gone, and what to use instead", async () => {
    const { endpoints } = await administrator.call<{ endpoints: { id: string; url: string; interface: string }[] }>("identity", "/endpoints");
    const octavia = endpoints.filter(({ url }) => url.includes(":9876"));
    expect(octavia).toHaveLength(3);
    const enable = (enabled: boolean) =>
      Promise.all(octavia.map(({ id }) => administrator.call("identity", `/endpoints/${id}`, "PATCH", { endpoint: { enabled } })));
    await enable(false);
    try {
      const found = await problemsWith();
      expect(found).toHaveLength(1);
      expect(found[0]).toContain("The cloud has no Octavia");
      expect(found[0]).toContain("virtualIp");
    } finally {
      await enable(true);
    }
  });
});
