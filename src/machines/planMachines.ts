/** Every machine of a cluster, from its configuration alone. Whoever needs to know a machine reads it here. */
import { machineName, type ClusterConfig, type NodePoolConfig } from "../config/clusterConfig";
import type { MachineRole } from "./roles";

interface Volume {
  /** GiB. */
  readonly sizeGb: number;
  /** Cinder volume type. Absent: the cloud's default. */
  readonly type?: string;
}

export interface DataVolume extends Volume {
  readonly name: string;
  /** Absent: left raw. */
  readonly mountPath?: string;
}

/** Keys of the configuration that decide about a machine, for messages. */
interface ConfigKeys {
  /** The section that describes the machine, for instance nodePools[2]. */
  readonly section: string;
  /** How many there are of its kind. */
  readonly count: string;
  readonly image: string;
  /** One key per volume, in the order of `volumes`. */
  readonly volumes: readonly string[];
}

/** What all machines of one section of the configuration have in common. */
export interface MachineTemplate {
  readonly role: MachineRole;
  /** Name of the node pool, or of the role where there is no pool; kept in the server's metadata. */
  readonly pool: string;
  readonly configKeys: ConfigKeys;
  readonly flavor: string;
  /** Id or name. */
  readonly image: string;
  /** Taken in turn by `index` (availabilityZoneOf). Empty: Nova chooses. */
  readonly availabilityZones: readonly string[];
  /** Name of the server group. Absent for the policy "none", and so is the policy. */
  readonly serverGroup?: string;
  readonly serverGroupPolicy?: string;
  /** Absent: boots from the flavor's disk. */
  readonly bootVolume?: Volume;
  /** Volumes besides the boot volume, in the order that the bootstrap mounts them. */
  readonly volumes: readonly DataVolume[];
  /** The existing network and subnet that the machine is in. Both absent: those that the program creates. */
  readonly mainNetwork: { readonly networkId?: string; readonly subnetId?: string };
  /** Ids of further networks. */
  readonly networks: readonly string[];
  readonly configDrive: boolean;
  /** Labels of the node. */
  readonly labels: NodePoolConfig["labels"];
  /** Taints of the node. */
  readonly taints: NodePoolConfig["taints"];
}

export interface MachineSpec extends MachineTemplate {
  /**
   * Name of the server, the machine's host name and the node's name: stable, so replacing one never renames another.
   */
  readonly name: string;
  readonly index: number;
  /** Whether `roll` names the machine or its pool. */
  readonly rolled: boolean;
}

/** What one section of the configuration describes; its machines may be none. */
export interface MachineGroup {
  readonly template: MachineTemplate;
  readonly machines: readonly MachineSpec[];
}

/** Control plane first, then the pools in the order of the configuration, then the bastion. */
export function planMachines(config: ClusterConfig): readonly MachineSpec[] {
  return machineGroups(config).flatMap(({ machines }) => machines);
}

export function machineGroups(config: ClusterConfig): readonly MachineGroup[] {
  const bastion = bastionGroup(config);
  return [...nodeGroups(config), ...(bastion === undefined ? [] : [bastion])];
}

/** Those whose machines become nodes. */
export function nodeGroups(config: ClusterConfig): readonly MachineGroup[] {
  return [controlPlaneGroup(config), ...poolGroups(config)];
}

export function controlPlaneGroup(config: ClusterConfig): MachineGroup {
  const { controlPlane } = config;
  const etcd = controlPlane.etcdVolume;
  return group(config, controlPlane, {
    role: "control-plane",
    pool: "control-plane",
    configKeys: keys("controlPlane", "replicas", controlPlane.image, etcd === undefined ? [] : ["etcdVolume"]),
    volumes: etcd === undefined ? [] : [{ name: "etcd", ...etcd, mountPath: "/var/lib/etcd" }],
    indexes: controlPlane.replicas,
  });
}

export function poolGroups(config: ClusterConfig): readonly MachineGroup[] {
  return config.nodePools.map((pool, position) =>
    group(config, pool, {
      role: "worker",
      pool: pool.name,
      configKeys: keys(
        `nodePools[${position}]`,
        "count",
        pool.image,
        pool.volumes.map((_, volume) => `volumes[${volume}]`),
      ),
      volumes: pool.volumes,
      networks: pool.networks,
      labels: pool.labels,
      taints: pool.taints,
      indexes: pool.count,
    }),
  );
}

/** Undefined where the configuration has no bastion. */
export function bastionGroup(config: ClusterConfig): MachineGroup | undefined {
  const { bastion } = config.ssh;
  if (bastion === undefined) return undefined;
  return group(
    config,
    { ...bastion, availabilityZones: [], serverGroupPolicy: "none" },
    {
      role: "bastion",
      pool: "bastion",
      configKeys: { ...keys("ssh.bastion", "", bastion.image, []), count: "ssh.bastion" },
      volumes: [],
      indexes: undefined,
    },
  );
}

/** Zone of a machine; undefined where Nova chooses. */
export function availabilityZoneOf({
  availabilityZones: zones,
  index,
}: Pick<MachineSpec, "availabilityZones" | "index">): string | undefined {
  return zones.length === 0 ? undefined : zones[index % zones.length];
}

type Common = Pick<NodePoolConfig, "flavor" | "image" | "availabilityZones" | "bootVolume" | "serverGroupPolicy">;
type Own = Pick<MachineTemplate, "role" | "pool" | "configKeys" | "volumes"> &
  Partial<Pick<MachineTemplate, "networks" | "labels" | "taints">> & {
    /** How many machines; undefined for one without a number in its name. */
    readonly indexes: number | undefined;
  };

/** `section` is what the sections of the configuration say alike, `own` what they do not. */
function group(config: ClusterConfig, section: Common, { indexes, ...own }: Own): MachineGroup {
  const { clusterName, network } = config;
  const template: MachineTemplate = {
    networks: [],
    labels: {},
    taints: [],
    ...own,
    flavor: section.flavor,
    image: section.image ?? config.image,
    availabilityZones: section.availabilityZones,
    ...(section.serverGroupPolicy === "none"
      ? {}
      : { serverGroup: `${clusterName}-${own.pool}`, serverGroupPolicy: section.serverGroupPolicy }),
    bootVolume: section.bootVolume,
    mainNetwork: { networkId: network.networkId, subnetId: network.subnetId },
    configDrive: config.configDrive,
  };
  const roll = new Set(config.roll);
  const machines = Array.from({ length: indexes ?? 1 }, (_, index): MachineSpec => {
    const name = machineName(clusterName, own.pool, indexes === undefined ? undefined : index);
    return { ...template, name, index, rolled: roll.has(name) || roll.has(own.pool) };
  });
  return { template, machines };
}

function keys(section: string, count: string, image: string | undefined, volumes: readonly string[]): ConfigKeys {
  return {
    section,
    count: `${section}.${count}`,
    image: image === undefined ? "image" : `${section}.image`,
    volumes: volumes.map((volume) => `${section}.${volume}`),
  };
}
