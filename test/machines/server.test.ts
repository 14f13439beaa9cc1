import { fixedInputs, ignoredChanges, plannedInputs, replaceOnChange } from "../../src/machines/server";
import { sampleMachine } from "./samples";

const image = { uuid: "id of debian-12", sourceType: "image", bootIndex: 0, deleteOnTermination: true };
const blank = { sourceType: "blank", destinationType: "volume", bootIndex: -1, deleteOnTermination: true };
/** The inputs of a machine that say where it boots from and which volumes it has. */
const disksOf = (change: Parameters<typeof sampleMachine>[0]) =>
  Object.fromEntries(
    Object.entries(plannedInputs(sampleMachine(change), (wanted) => `id of ${wanted}`)).filter(([input]) =>
      ["imageId", "imageName", "blockDevices"].includes(input),
    ),
  );

describe("what a server keeps until it is rolled", () => {
  const fixed = [
    "imageId",
    "imageName",
    "blockDevices",
    "availabilityZone",
    "schedulerHints",
    "networks",
    "configDrive",
    "userData",
  ];
  const digests = ['metadata["template-digest"]', 'metadata["creation-digest"]'];

  it("is everything that Nova cannot change in place, and a worker's flavor", () => {
    expect(ignoredChanges({ role: "worker", rolled: false })).toEqual(["flavorName", ...fixed, ...digests]);
    expect(ignoredChanges({ role: "bastion", rolled: false })).toEqual(["flavorName", ...fixed, ...digests]);
  });

  it("leaves out a control-plane machine's flavor, which is resized in place", () => {
    expect(ignoredChanges({ role: "control-plane", rolled: false })).toEqual([...fixed, ...digests]);
  });

  it("is nothing once the machine is rolled", () => {
    for (const role of ["control-plane", "worker", "bastion"] as const)
      expect(ignoredChanges({ role, rolled: true })).toEqual([]);
  });

  it("holds each image input, whose change Nova would take as an order to wipe the root disk", () => {
    expect(replaceOnChange).toEqual(["imageId", "imageName"]);
    expect(fixedInputs("worker")).toEqual(expect.arrayContaining([...replaceOnChange]));
  });
});

describe("planned inputs of a server", () => {
  it("are name, flavor, zone and config drive as the plan has them", () => {
    const machine = sampleMachine({ index: 3, availabilityZones: ["a", "b"], configDrive: false });
    expect(plannedInputs(machine, () => "unused")).toEqual({
      name: "test-default-0",
      flavorName: "large",
      imageName: "debian-12",
      availabilityZone: "b",
      configDrive: false,
    });
    expect(plannedInputs(sampleMachine(), () => "unused").availabilityZone).toBeUndefined();
  });

  it("name the image by its id where the configuration does", () => {
    const id = "5bb6f3ac-0000-4000-8000-000000000001";
    expect(disksOf({ image: id })).toEqual({ imageId: id });
    expect(disksOf({ image: id, bootVolume: { sizeGb: 50 } })).toMatchObject({ blockDevices: [{ uuid: id }] });
  });

  it("boot from a volume made from the image, and name no image besides", () => {
    expect(disksOf({ bootVolume: { sizeGb: 50, type: "ssd" } })).toEqual({
      blockDevices: [{ ...image, destinationType: "volume", volumeSize: 50, volumeType: "ssd" }],
    });
  });

  it("name the local root disk too where there are volumes beside it, in the order of the plan", () => {
    const volumes = [
      { name: "data", sizeGb: 10 },
      { name: "logs", sizeGb: 20, type: "hdd", mountPath: "/var/log/pods" },
    ];
    expect(disksOf({ volumes })).toEqual({
      imageName: "debian-12",
      blockDevices: [
        { ...image, destinationType: "local" },
        { ...blank, volumeSize: 10, volumeType: undefined },
        { ...blank, volumeSize: 20, volumeType: "hdd" },
      ],
    });
  });
});
