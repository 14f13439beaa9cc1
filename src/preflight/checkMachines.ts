/** Images, flavors, zones, volume types and extra networks of the machines that have yet to be made. */
import { counted } from "../config/counted";
import type { ExistingMachine, CloudFacts, Flavor, Image } from "./cloudFacts";
import { suggestion, describeSetting, joined, listed, availableNames, note, problem, type Findings } from "./findings";
import { isOpenstackId } from "../config/openstackId";
import { roles } from "../machines/roles";
import type { MachineNeed, Needs, Setting } from "./needs";

/**
 * Numbers below which `kubeadm init` and `kubeadm join --control-plane` refuse a machine (ControlPlaneNumCPU and
 * ControlPlaneMem in kubeadm's constants.go).
 */
const kubeadmMinimum = { vcpus: 2, ram: 1700 };

/** A group of machines in the light of those that exist. */
export interface GroupState {
  readonly group: MachineNeed;
  /** Machines that do not exist. */
  readonly missing: readonly string[];
  /**
   * Existing machines that this configuration would replace, and that stay as they are when nothing about them changed.
   */
  readonly rolled: readonly string[];
  /** Existing machines whose flavor would be changed in place. */
  readonly resized: readonly string[];
}

/**
 * Machines that exist keep their image, zone and disks, so only what is missing, rolled or resized can fail. Where they
 * could not be read, all count as missing.
 */
export function groupStates(needs: Needs, machines: ReadonlyMap<string, ExistingMachine> | undefined): GroupState[] {
  return needs.groups.map((group) => {
    const existing = group.names.filter((name) => machines?.has(name));
    const rolled = existing.filter((name) => group.rolled.has(name));
    const otherFlavor = (name: string) => {
      const flavor = machines?.get(name)?.flavor;
      return flavor !== undefined && flavor.name !== group.flavor.value;
    };
    return {
      group,
      missing: group.names.filter((name) => !machines?.has(name)),
      rolled,
      resized:
        roles[group.role].flavorChange === "resized in place"
          ? existing.filter((name) => !group.rolled.has(name) && otherFlavor(name))
          : [],
    };
  });
}

export function checkMachines(needs: Needs, facts: CloudFacts): Findings {
  return joined(
    groupStates(needs, facts.compute.machines)
      .filter(({ group }) => group.names.length > 0)
      .flatMap((state) => [
        checkImage(state, facts),
        checkFlavor(state, facts),
        checkFit(state, facts),
        ...checkZones(state, facts),
        ...checkVolumes(state, facts),
        checkServerGroup(state, facts),
      ]),
  );
}

const isMade = ({ missing, rolled }: GroupState): boolean => missing.length + rolled.length > 0;

/**
 * A finding that stops `up` only where a machine is about to be made; else it tells what would happen to a lost
 * machine.
 */
function finding(state: GroupState, made: boolean, sentence: string): Findings {
  if (made) return problem(sentence);
  const [first] = state.group.names;
  return note(
    `${sentence} The machines that exist go on without it, but ${state.group.names.length === 1 ? String(first) : "a lost one"} could not be replaced.`,
  );
}

function checkImage(state: GroupState, { images, imageNames }: CloudFacts): Findings {
  const { image, volumes } = state.group;
  const found = images.get(image.value);
  if (found === undefined) return joined([]);
  // Beside volumes, the image of existing machines too is looked up by its name in every run (src/compute/machine.ts).
  const lookedUp = volumes.length > 0 && !isOpenstackId(image.value);
  const made = isMade(state) || lookedUp;
  const [only] = found;
  if (only === undefined)
    return finding(
      state,
      made,
      `${describeSetting(image)} but Glance shows this project no such image; ${suggestion(image.value, imageNames ?? [])}`,
    );
  if (found.length > 1) {
    const ids = found.map(({ id }) => id).sort();
    return finding(
      state,
      made,
      `${describeSetting(image)} but ${found.length} images have that name; set the id of the one that you mean: ${ids.join(", ")}.`,
    );
  }
  if (only.status !== "active")
    return finding(
      state,
      made,
      `${describeSetting(image)} but that image is ${only.status}, not active; upload or restore it, or name another.`,
    );
  return joined([]);
}

function checkFlavor(state: GroupState, { compute: { flavors } }: CloudFacts): Findings {
  const { group, resized } = state;
  const made = isMade(state) || resized.length > 0;
  const flavor = flavors?.find(({ name }) => name === group.flavor.value);
  if (flavors === undefined) return joined([]);
  if (flavor === undefined) {
    const known = flavors.map(({ name }) => name);
    return finding(
      state,
      made,
      `${describeSetting(group.flavor)} but Nova shows this project no such flavor; ${suggestion(group.flavor.value, known)}`,
    );
  }
  const tooSmall = flavor.vcpus < kubeadmMinimum.vcpus || flavor.ram < kubeadmMinimum.ram;
  if (group.role !== "control-plane" || !made || !tooSmall) return joined([]);
  const enough = flavors
    .filter(({ vcpus, ram }) => vcpus >= kubeadmMinimum.vcpus && ram >= kubeadmMinimum.ram)
    .map(({ name }) => name);
  return problem(
    `${describeSetting(group.flavor)} but kubeadm refuses a control-plane machine of ${flavor.vcpus} vCPU and ${flavor.ram} MiB: it wants ${kubeadmMinimum.vcpus} vCPU and ${kubeadmMinimum.ram} MiB; large enough: ${listed(enough)}.`,
  );
}

/** Whether the image fits the flavor and the disk; Nova refuses it otherwise. */
function checkFit(state: GroupState, { images, compute: { flavors } }: CloudFacts): Findings {
  const { group } = state;
  const found = images.get(group.image.value);
  const image = found?.length === 1 ? found[0] : undefined;
  const flavor = flavors?.find(({ name }) => name === group.flavor.value);
  if (!isMade(state) || image === undefined) return joined([]);
  return joined([
    ...(flavor === undefined
      ? []
      : [
          checkMemory(group, image, flavor),
          ...(group.bootVolume === undefined ? [checkRootDisk(group, image, flavor)] : []),
        ]),
    ...(group.bootVolume === undefined ? [] : [checkBootVolume(group.bootVolume, group.image, image)]),
  ]);
}

function checkMemory(group: MachineNeed, image: Image, flavor: Flavor): Findings {
  if (flavor.ram >= image.min_ram) return joined([]);
  return problem(
    `${describeSetting(group.flavor)} with ${flavor.ram} MiB of memory but image ${group.image.value} asks for ${image.min_ram} MiB; choose a larger flavor.`,
  );
}

function checkRootDisk(group: MachineNeed, image: Image, flavor: Flavor): Findings {
  const wanted = diskOf(image);
  // A flavor whose disk is 0 gets one as large as the image.
  if (flavor.disk === 0 || flavor.disk >= wanted) return joined([]);
  const bootVolume =
    group.role === "bastion" ? "" : `, or set ${group.flavor.key.replace(/flavor$/, "bootVolume")}.sizeGb to ${wanted}`;
  return problem(
    `${describeSetting(group.flavor)} with a disk of ${flavor.disk} GiB but image ${group.image.value} needs ${wanted} GiB; choose a larger flavor${bootVolume}.`,
  );
}

function checkBootVolume(volume: { key: string; sizeGb: number }, setting: Setting, image: Image): Findings {
  const wanted = diskOf(image);
  if (volume.sizeGb >= wanted) return joined([]);
  return problem(
    `${volume.key}.sizeGb is ${volume.sizeGb} but image ${setting.value} needs ${wanted} GiB; set it to ${wanted} or more.`,
  );
}

/** GiB that an image needs: its own minimum, or its size where that is larger. */
const diskOf = ({ min_disk: minimum, size }: Image): number => Math.max(minimum, Math.ceil((size ?? 0) / 2 ** 30));

/** The zones that machines to be made will be put in. */
function checkZones({ group, missing, rolled }: GroupState, { compute: { zones }, volume }: CloudFacts): Findings[] {
  const made = new Set([...missing, ...rolled]);
  const used = group.zones.filter((_, position) =>
    group.names.some((name, index) => index % group.zones.length === position && made.has(name)),
  );
  return used.flatMap((setting) => {
    const zone = zones?.find(({ name }) => name === setting.value);
    if (zones !== undefined && zone === undefined)
      return [
        problem(
          `${describeSetting(setting)} but Nova has no such zone; ${availableNames(zones.map(({ name }) => name))}`,
        ),
      ];
    if (zone?.available === false) {
      const others = zones?.filter(({ available }) => available).map(({ name }) => name) ?? [];
      return [
        problem(
          `${describeSetting(setting)} but Nova says that this zone is not available now; wait for it, or use another of: ${listed(others)}.`,
        ),
      ];
    }
    // A Cinder with one zone serves all of Nova's. One with several may be tied to them, by a setting of Nova that no
    // member can see.
    const volumeZones = group.volumes.length > 0 ? (volume.zones ?? []) : [];
    const volumeZone = volumeZones.find(({ name }) => name === setting.value);
    if (volumeZones.length < 2 || volumeZone?.available === true) return [];
    return [
      note(
        `${describeSetting(setting)} but Cinder has no such zone available; its volumes come to the machines only where Nova's cross_az_attach is on, as it is by default.`,
      ),
    ];
  });
}

function checkVolumes(state: GroupState, { volume: { types, quota } }: CloudFacts): Findings[] {
  if (!isMade(state)) return [];
  const largest = quota?.per_volume_gigabytes?.limit ?? -1;
  return state.group.volumes.flatMap(({ key, sizeGb, type }) => [
    ...(type !== undefined && types !== undefined && !types.includes(type)
      ? [
          problem(
            `${describeSetting({ key: `${key}.type`, value: type })} but Cinder shows this project no such volume type; ${suggestion(type, types)}`,
          ),
        ]
      : []),
    ...(largest >= 0 && sizeGb > largest
      ? [
          problem(
            `${key}.sizeGb is ${sizeGb} but this project's volumes have at most ${largest} GiB each; lower it, or ask for more.`,
          ),
        ]
      : []),
  ]);
}

function checkServerGroup(
  { group, missing }: GroupState,
  { compute: { serverGroupMembers: limit = -1 } }: CloudFacts,
): Findings {
  if (group.serverGroup === undefined || limit < 0 || missing.length === 0 || group.names.length <= limit)
    return joined([]);
  return problem(
    `${group.countKey} is more than the ${counted(limit, "member")} that the quota gives one server group; lower it, set ${group.serverGroup.policyKey} to "none", or ask for a quota of ${group.names.length}.`,
  );
}
