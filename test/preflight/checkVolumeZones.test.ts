import { zone, type Cloud } from "./fakeCloud";
import { pool, preflight, type Values } from "./run";

const withCinderCsi = (cloudProvider: Values = {}): Values => ({
  cloudProvider: { authUrl: "https://keystone.example.org:5000/v3", region: "one", ...cloudProvider },
  credentials: { openstack: { id: "one", secret: "two" } },
});
const inZones = pool({ availabilityZones: ["az1", "az2"] });
const volumeZones = (...names: string[]): Partial<Cloud> => ({ volumeZones: names.map((name) => zone(name)) });
const none = { problems: [], notes: [] };

describe("pre-flight of volumes' zones", () => {
  it.each<[string, Values, Partial<Cloud>, string[]]>([
    [
      "that Cinder does not have, though the workers' pools name them",
      inZones,
      volumeZones("nova"),
      [0, 1].map(
        (index) =>
          `nodePools[0].availabilityZones[${index}] is "az${index + 1}" but Cinder has no such zone, so it may refuse volumes of pods there; there is: nova; set cloudProvider.ignoreVolumeZones to true.`,
      ),
    ],
    [
      "that Cinder has but does not serve now",
      inZones,
      { volumeZones: [zone("az1"), zone("az2", false)] },
      [
        'nodePools[0].availabilityZones[1] is "az2" but Cinder has no such zone, so it may refuse volumes of pods there; there is: az1; set cloudProvider.ignoreVolumeZones to true.',
      ],
    ],
    [
      "that Nova may choose and Cinder does not have",
      {},
      volumeZones("az1", "az3"),
      [
        "Nova may put workers into its zone az2, but Cinder has no such zone, so it may refuse volumes of pods there; there are: az1, az3; set cloudProvider.ignoreVolumeZones to true.",
      ],
    ],
  ])("warns of zones %s", async (_what, values, cloud, notes) => {
    expect(await preflight({ ...values, ...withCinderCsi() }, cloud)).toEqual({ problems: [], notes });
  });

  it("says nothing where both have the same zones", async () => {
    expect(await preflight({ ...inZones, ...withCinderCsi() }, volumeZones("az1", "az2"))).toEqual(none);
    expect(await preflight(withCinderCsi(), volumeZones("az1", "az2"))).toEqual(none);
  });

  it("says nothing where volumes follow no zone, or Kubernetes makes none", async () => {
    expect(await preflight({ ...inZones, ...withCinderCsi({ ignoreVolumeZones: true }) }, volumeZones("nova"))).toEqual(
      none,
    );
    expect(await preflight(inZones, volumeZones("nova"))).toEqual(none);
  });
});
