import { healthyCloud, image, zone, type Cloud } from "./fakeCloud";
import { controlPlane, pool, problems, uuid, type Values } from "./run";

describe("pre-flight of machines", () => {
  it.each<[string, Values, Partial<Cloud>, string[]]>([
    [
      "an image that is not there",
      { image: "ubuntu-24.40" },
      {},
      ['image is "ubuntu-24.40" but Glance shows this project no such image; did you mean ubuntu-24.04?'],
    ],
    [
      "an image that is like no other",
      pool({ image: "flatcar" }),
      {},
      [
        'nodePools[0].image is "flatcar" but Glance shows this project no such image; there are: debian-13, ubuntu-24.04.',
      ],
    ],
    [
      "an image id that is not there",
      { image: uuid(3) },
      {},
      [`image is "${uuid(3)}" but Glance shows this project no such image; there are: debian-13, ubuntu-24.04.`],
    ],
    [
      "two images of one name",
      {},
      { images: [image("b", "ubuntu-24.04"), image("a", "ubuntu-24.04")] },
      ['image is "ubuntu-24.04" but 2 images have that name; set the id of the one that you mean: a, b.'],
    ],
    [
      "an image that is not active",
      {},
      { images: [image("a", "ubuntu-24.04", { status: "queued" })] },
      ['image is "ubuntu-24.04" but that image is queued, not active; upload or restore it, or name another.'],
    ],
    [
      "an image that wants more memory than a flavor has",
      {},
      { images: [image("a", "ubuntu-24.04", { min_ram: 10000 })] },
      [
        'controlPlane.flavor is "medium" with 8192 MiB of memory but image ubuntu-24.04 asks for 10000 MiB; choose a larger flavor.',
      ],
    ],
    [
      "an image that is larger than a flavor's disk",
      {},
      { images: [image("a", "ubuntu-24.04", { size: 40 * 2 ** 30 + 1 })] },
      [
        'controlPlane.flavor is "medium" with a disk of 40 GiB but image ubuntu-24.04 needs 41 GiB; choose a larger flavor, or set controlPlane.bootVolume.sizeGb to 41.',
      ],
    ],
    [
      "a boot volume smaller than the image's minimum",
      pool({ bootVolume: { sizeGb: 20 } }),
      { images: [image("a", "ubuntu-24.04", { min_disk: 30 })] },
      ["nodePools[0].bootVolume.sizeGb is 20 but image ubuntu-24.04 needs 30 GiB; set it to 30 or more."],
    ],
    [
      "a flavor that is not there",
      pool({ flavor: "larg" }),
      {},
      ['nodePools[0].flavor is "larg" but Nova shows this project no such flavor; did you mean large?'],
    ],
    [
      "a control plane too small for kubeadm",
      controlPlane({ flavor: "small" }),
      {},
      [
        'controlPlane.flavor is "small" but kubeadm refuses a control-plane machine of 1 vCPU and 1024 MiB: it wants 2 vCPU and 1700 MiB; large enough: large, medium.',
      ],
    ],
    [
      "a zone that is not there",
      controlPlane({ availabilityZones: ["az1", "az3"] }),
      {},
      ['controlPlane.availabilityZones[1] is "az3" but Nova has no such zone; there are: az1, az2.'],
    ],
    [
      "a zone that is not available",
      controlPlane({ availabilityZones: ["az1", "az2"] }),
      { zones: [zone("az1"), zone("az2", false)] },
      [
        'controlPlane.availabilityZones[1] is "az2" but Nova says that this zone is not available now; wait for it, or use another of: az1.',
      ],
    ],
    [
      "a volume type that is not there",
      controlPlane({ etcdVolume: { sizeGb: 10, type: "standart" } }),
      {},
      [
        'controlPlane.etcdVolume.type is "standart" but Cinder shows this project no such volume type; did you mean standard?',
      ],
    ],
    [
      "a volume larger than any may be",
      pool({ volumes: [{ name: "data", sizeGb: 60 }] }),
      { volumeQuota: { ...healthyCloud.volumeQuota, per_volume_gigabytes: 50 } },
      [
        "nodePools[0].volumes[0].sizeGb is 60 but this project's volumes have at most 50 GiB each; lower it, or ask for more.",
      ],
    ],
  ])("tells of %s", async (_, values, change, expected) => {
    expect(await problems(values, change)).toEqual(expected);
  });
});
