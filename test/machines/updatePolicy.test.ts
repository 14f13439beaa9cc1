import { parseClusterConfig } from "../../src/config/parse";
import { ignoredChanges, isRolled, replaceOnChange } from "../../src/machines/updatePolicy";
import { minimalStack } from "../fixtures/minimalStack";

describe("update policy", () => {
  const born = [
    "userData",
    "imageId",
    "imageName",
    "availabilityZone",
    "blockDevices",
    "networks",
    "schedulerHints",
    "configDrive",
    'metadata["template-digest"]',
  ];

  it("keeps an existing worker as it was born, flavor included", () => {
    expect(ignoredChanges("worker", false)).toEqual([...born, "flavorName"]);
  });

  it("lets a control-plane machine's flavor be resized in place", () => {
    expect(ignoredChanges("control-plane", false)).toEqual(born);
  });

  it("lets a rolled machine take on everything", () => {
    expect([
      ignoredChanges("worker", true),
      ignoredChanges("control-plane", true),
      ignoredChanges("bastion", true),
    ]).toEqual([[], [], []]);
  });

  it("never lets an image reach an existing machine in place: Nova would wipe its root disk", () => {
    expect(replaceOnChange).toEqual(["imageId", "imageName"]);
  });

  it("rolls a machine by its own name or its pool's", () => {
    const config = parseClusterConfig({ ...minimalStack, roll: ["test-default-1", "control-plane"] }, "test");
    expect([
      isRolled(config, "test-default-0", "default"),
      isRolled(config, "test-default-1", "default"),
      isRolled(config, "test-control-plane-2", "control-plane"),
    ]).toEqual([false, true, true]);
  });
});
