import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";
import { isOpenstackId } from "../config/openstackId";
import {
  ignoredChanges,
  machineClusterKey,
  machinePoolKey,
  machineRoleKey,
  replaceOnChange,
  templateDigestKey,
  type MachineRole,
} from "../machines/updatePolicy";

type Volume = { readonly sizeGb: number; readonly type?: string };

export interface MachineArgs {
  readonly role: MachineRole;
  /** Name of the pool, or of the role where there is no pool; kept in the server's metadata. */
  readonly pool: string;
  readonly index: number;
  readonly flavor: string;
  readonly image: string;
  readonly availabilityZones?: readonly string[];
  readonly bootVolume?: Volume;
  /** Further volumes, in the order that the bootstrap mounts them. */
  readonly volumes?: readonly Volume[];
  readonly serverGroupId?: pulumi.Input<string>;
  readonly networks: pulumi.Input<openstack.types.input.compute.InstanceNetwork>[];
  /** Names of security groups, for networks without a port of their own. */
  readonly securityGroups?: pulumi.Input<string>[];
  /** Secret: as rendered by bootstrap, base64. */
  readonly userData: pulumi.Input<string>;
  readonly templateDigest: string;
  readonly rolled: boolean;
}

/** Options that a caller adds; what decides about update and replacement is this file's alone. */
type MachineOptions = Pick<pulumi.CustomResourceOptions, "parent" | "dependsOn" | "protect" | "hooks">;

/** The OpenStack server of one machine. Its name is the node's name. */
export function createMachine(
  config: ClusterConfig,
  name: string,
  args: MachineArgs,
  opts: MachineOptions,
): openstack.compute.Instance {
  const zones = args.availabilityZones ?? [];
  const boot = bootDisk(args, opts);
  return new openstack.compute.Instance(
    name,
    {
      name,
      flavorName: args.flavor,
      ...boot,
      availabilityZone: zones.length === 0 ? undefined : zones[args.index % zones.length],
      schedulerHints: args.serverGroupId === undefined ? undefined : [{ group: args.serverGroupId }],
      networks: args.networks,
      securityGroups: args.securityGroups,
      configDrive: config.configDrive,
      userData: pulumi.secret(args.userData),
      metadata: {
        ...config.tags,
        [machineClusterKey]: config.clusterName,
        [machineRoleKey]: args.role,
        [machinePoolKey]: args.pool,
        [templateDigestKey]: args.templateDigest,
      },
    },
    {
      ...opts,
      ignoreChanges: ignoredChanges(args.role, args.rolled),
      replaceOnChanges: [...replaceOnChange],
      // A machine's name, address and node are one: the old one must be gone before the new one comes.
      deleteBeforeReplace: true,
      additionalSecretOutputs: ["userData"],
    },
  );
}

type Disks = Pick<openstack.compute.InstanceArgs, "imageId" | "imageName" | "blockDevices">;

/** Where the machine boots from, and its further volumes: all made and deleted with the server. */
function bootDisk(args: MachineArgs, opts: MachineOptions): Disks {
  const volumes = (args.volumes ?? []).map((volume) => ({
    sourceType: "blank",
    destinationType: "volume",
    volumeSize: volume.sizeGb,
    volumeType: volume.type,
    bootIndex: -1,
    deleteOnTermination: true,
  }));
  if (args.bootVolume !== undefined) {
    const root = {
      uuid: imageId(args.image, opts),
      sourceType: "image",
      destinationType: "volume",
      volumeSize: args.bootVolume.sizeGb,
      volumeType: args.bootVolume.type,
      bootIndex: 0,
      deleteOnTermination: true,
    };
    return { blockDevices: [root, ...volumes] };
  }
  const image = isOpenstackId(args.image) ? { imageId: args.image } : { imageName: args.image };
  if (volumes.length === 0) return image;
  // Beside other block devices, Nova wants the local root disk named as one too.
  const root = {
    uuid: imageId(args.image, opts),
    sourceType: "image",
    destinationType: "local",
    bootIndex: 0,
    deleteOnTermination: true,
  };
  return { ...image, blockDevices: [root, ...volumes] };
}

/** A boot volume can be made from an id only; a name is looked up. */
function imageId(image: string, opts: MachineOptions): pulumi.Input<string> {
  return isOpenstackId(image)
    ? image
    : openstack.images.getImageOutput({ name: image, mostRecent: false }, { parent: opts.parent }).id;
}
