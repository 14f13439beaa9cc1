/**
 * The OpenStack server of a machine: what it is created with, and what a change of that means for one that exists. A
 * machine keeps what is fixed until it is rolled by name (docs/decisions/0015): Nova would otherwise replace the
 * machine (user data) or wipe its root disk in place (image).
 */
import { isOpenstackId } from "../config/openstackId";
import { digestKeys } from "./metadataKeys";
import { availabilityZoneOf, type MachineSpec } from "./planMachines";
import { roles, type MachineRole } from "./roles";

type Change = "in place" | "fixed";

/**
 * How a change of each input reaches a server that exists. `fixed`: not at all until the machine is rolled, which
 * replaces it. An input that has no row here cannot be set.
 */
function changes(role: MachineRole) {
  return {
    name: "in place",
    flavorName: roles[role].flavorChange === "resized in place" ? "in place" : "fixed",
    imageId: "fixed",
    imageName: "fixed",
    blockDevices: "fixed",
    availabilityZone: "fixed",
    schedulerHints: "fixed",
    networks: "fixed",
    securityGroups: "in place",
    configDrive: "fixed",
    userData: "fixed",
    metadata: "in place",
  } as const satisfies Readonly<Record<string, Change>>;
}

/** Name of an input that the program sets. */
export type ServerInput = keyof ReturnType<typeof changes>;

/** Inputs that a machine of this role keeps until it is rolled. */
export function fixedInputs(role: MachineRole): ServerInput[] {
  const ofRole = Object.entries(changes(role)) as [ServerInput, Change][];
  return ofRole.filter(([, change]) => change === "fixed").map(([input]) => input);
}

/** Image changes that must reach Nova as a new machine, never as a rebuild in place, which wipes the root disk. */
export const replaceOnChange = ["imageId", "imageName"] as const satisfies readonly ServerInput[];

/** Property paths whose change the engine is to ignore. A rolled machine ignores none. */
export function ignoredChanges({ role, rolled }: Pick<MachineSpec, "role" | "rolled">): string[] {
  return rolled ? [] : [...fixedInputs(role), ...digestKeys.map((key) => `metadata["${key}"]`)];
}

/**
 * The inputs that follow from the plan alone. A boot volume can be made from an image's id only: `findImage` looks a
 * name up, and is not called where nothing needs it.
 */
export function plannedInputs<ImageId>(spec: MachineSpec, findImage: (name: string) => ImageId) {
  return {
    name: spec.name,
    flavorName: spec.flavor,
    ...disks(spec, findImage),
    availabilityZone: availabilityZoneOf(spec),
    configDrive: spec.configDrive,
  } satisfies Partial<Record<ServerInput, unknown>>;
}

/** Where the machine boots from, and its further volumes: all made and deleted with the server. */
function disks<ImageId>({ image, bootVolume, volumes }: MachineSpec, findImage: (name: string) => ImageId) {
  const blank = volumes.map((volume) => ({
    sourceType: "blank",
    destinationType: "volume",
    volumeSize: volume.sizeGb,
    volumeType: volume.type,
    bootIndex: -1,
    deleteOnTermination: true,
  }));
  const named = isOpenstackId(image) ? { imageId: image } : { imageName: image };
  if (bootVolume === undefined && volumes.length === 0) return named;
  const root = {
    uuid: isOpenstackId(image) ? image : findImage(image),
    sourceType: "image",
    ...(bootVolume === undefined
      ? { destinationType: "local" }
      : { destinationType: "volume", volumeSize: bootVolume.sizeGb, volumeType: bootVolume.type }),
    bootIndex: 0,
    deleteOnTermination: true,
  };
  // Beside other block devices, Nova wants the local root disk named as one too.
  return { ...(bootVolume === undefined ? named : {}), blockDevices: [root, ...blank] };
}
