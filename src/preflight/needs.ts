/** What a configuration asks of OpenStack, before anything is known of the cloud. */
import {
  bastionMachineName,
  controlPlaneMachineNames,
  poolMachineNames,
  type ApiEndpointConfig,
  type ClusterConfig,
  type ControlPlaneConfig,
} from "../config/clusterConfig";
import { virtualIpPortName } from "../network/apiEndpointNames";
import { securityGroupNames, securityGroupRules } from "../network/securityGroupRules";

/** A value and the key that it was set with. */
export interface Setting {
  readonly key: string;
  readonly value: string;
}

export interface VolumeNeed {
  /** Key of the section that asks for the volume, for instance controlPlane.etcdVolume. */
  readonly key: string;
  readonly sizeGb: number;
  readonly type?: string;
}

/** Machines that differ in nothing but their name and zone. */
export interface MachineGroup {
  readonly role: "control-plane" | "worker" | "bastion";
  /** Key that decides how many there are, and its value in words. */
  readonly countKey: string;
  /** Names, by index. */
  readonly names: readonly string[];
  readonly rolled: ReadonlySet<string>;
  readonly flavor: Setting;
  readonly image: Setting;
  /** Taken in turn by machine index. */
  readonly zones: readonly Setting[];
  /** Size of the volume that they boot from; undefined where they boot from the flavor's disk. */
  readonly bootVolume?: VolumeNeed;
  /** All volumes of one machine, the boot volume included. */
  readonly volumes: readonly VolumeNeed[];
  /** Extra networks, by id. */
  readonly networks: readonly Setting[];
  readonly serverGroup?: { readonly name: string; readonly policy: Setting };
}

/** A Neutron extension and what needs it. */
export interface ExtensionNeed {
  readonly alias: string;
  readonly purpose: string;
}

export interface Needs {
  readonly clusterName: string;
  readonly groups: readonly MachineGroup[];
  readonly securityGroups: number;
  readonly securityGroupRules: number;
  /** Whether each of these is made, or an existing one used. */
  readonly creates: {
    readonly network: boolean;
    readonly subnet: boolean;
    readonly router: boolean;
    readonly routerInterface: boolean;
  };
  /** Keys that ask for a floating IP each. */
  readonly floatingIpKeys: readonly string[];
  readonly loadBalancer?: Extract<ApiEndpointConfig, { kind: "loadBalancer" }>;
  /** Name of the port that reserves the virtual IP, where there is one. */
  readonly virtualIpPort?: string;
  readonly extensions: readonly ExtensionNeed[];
}

export function planNeeds(config: ClusterConfig): Needs {
  const { network, apiEndpoint, ssh, clusterName } = config;
  const createsSubnet = network.subnetId === undefined;
  const createsRouter = createsSubnet && network.routerId === undefined && network.externalNetwork !== undefined;
  return {
    clusterName,
    groups: [controlPlane(config), ...nodePools(config), ...bastion(config)],
    securityGroups: securityGroupNames(config).length,
    securityGroupRules: securityGroupRules(config).length,
    creates: {
      network: network.networkId === undefined,
      subnet: createsSubnet,
      router: createsRouter,
      routerInterface: createsRouter || (createsSubnet && network.routerId !== undefined),
    },
    floatingIpKeys: [
      ...(apiEndpoint.kind !== "external" && apiEndpoint.floatingIp ? ["apiEndpoint.floatingIp"] : []),
      ...(ssh.bastion?.floatingIp === true && network.externalNetwork !== undefined ? ["ssh.bastion.floatingIp"] : []),
    ],
    loadBalancer: apiEndpoint.kind === "loadBalancer" ? apiEndpoint : undefined,
    virtualIpPort: apiEndpoint.kind === "virtualIp" ? virtualIpPortName(clusterName) : undefined,
    extensions: extensions(config),
  };
}

type MachineSettings = Pick<ControlPlaneConfig, "flavor" | "image" | "availabilityZones" | "bootVolume">;

/** What all machines that a section of the configuration describes have in common. */
function machines(
  config: ClusterConfig,
  path: string,
  section: MachineSettings,
  names: readonly string[],
  pool: string,
) {
  return {
    names,
    rolled: new Set(config.roll.includes(pool) ? names : names.filter((name) => config.roll.includes(name))),
    flavor: { key: `${path}.flavor`, value: section.flavor },
    image: image(config, path, section.image),
    zones: section.availabilityZones.map((value, index) => ({ key: `${path}.availabilityZones[${index}]`, value })),
    bootVolume: section.bootVolume && { key: `${path}.bootVolume`, ...section.bootVolume },
  };
}

function image(config: ClusterConfig, path: string, own: string | undefined): Setting {
  return own === undefined ? { key: "image", value: config.image } : { key: `${path}.image`, value: own };
}

function serverGroup(name: string, path: string, policy: string): MachineGroup["serverGroup"] {
  return policy === "none" ? undefined : { name, policy: { key: `${path}.serverGroupPolicy`, value: policy } };
}

function controlPlane(config: ClusterConfig): MachineGroup {
  const { controlPlane: section, clusterName } = config;
  const common = machines(config, "controlPlane", section, controlPlaneMachineNames(config), "control-plane");
  return {
    ...common,
    role: "control-plane",
    countKey: `controlPlane.replicas (${section.replicas})`,
    volumes: [
      common.bootVolume,
      section.etcdVolume && { key: "controlPlane.etcdVolume", ...section.etcdVolume },
    ].filter((volume) => volume !== undefined),
    networks: [],
    serverGroup: serverGroup(`${clusterName}-control-plane`, "controlPlane", section.serverGroupPolicy),
  };
}

function nodePools(config: ClusterConfig): MachineGroup[] {
  return config.nodePools.map((pool, index) => {
    const path = `nodePools[${index}]`;
    const common = machines(config, path, pool, poolMachineNames(config, pool), pool.name);
    const extra = pool.volumes.map(({ sizeGb, type }, position) => ({
      key: `${path}.volumes[${position}]`,
      sizeGb,
      type,
    }));
    return {
      ...common,
      role: "worker",
      countKey: `${path}.count (${pool.count})`,
      volumes: common.bootVolume === undefined ? extra : [common.bootVolume, ...extra],
      networks: pool.networks.map((value, position) => ({ key: `${path}.networks[${position}]`, value })),
      serverGroup: serverGroup(`${config.clusterName}-${pool.name}`, path, pool.serverGroupPolicy),
    };
  });
}

function bastion(config: ClusterConfig): MachineGroup[] {
  const section = config.ssh.bastion;
  if (section === undefined) return [];
  const names = [bastionMachineName(config.clusterName)];
  return [
    {
      ...machines(config, "ssh.bastion", { ...section, availabilityZones: [] }, names, "bastion"),
      role: "bastion",
      countKey: "ssh.bastion",
      volumes: [],
      networks: [],
    },
  ];
}

/** The extensions that the calls of the OpenStack provider for our resources go to. */
function extensions({ network, apiEndpoint }: ClusterConfig): ExtensionNeed[] {
  const routed = network.externalNetwork !== undefined || network.routerId !== undefined;
  return [
    { alias: "security-group", purpose: "every machine is protected by security groups" },
    { alias: "standard-attr-tag", purpose: "all network resources are tagged with the cluster's name" },
    { alias: "standard-attr-description", purpose: "every security-group rule tells its reason" },
    ...(network.networkId === undefined
      ? [{ alias: "net-mtu-writable", purpose: "network.mtu is set on the created network" }]
      : []),
    ...(network.externalNetwork === undefined
      ? []
      : [{ alias: "external-net", purpose: "network.externalNetwork is set" }]),
    ...(routed
      ? [
          {
            alias: "router",
            purpose: `network.${network.routerId === undefined ? "externalNetwork" : "routerId"} is set`,
          },
        ]
      : []),
    ...(apiEndpoint.kind === "virtualIp"
      ? [
          {
            alias: "allowed-address-pairs",
            purpose:
              'apiEndpoint.kind is "virtualIp", so control-plane machines answer for an address besides their own',
          },
        ]
      : []),
  ];
}
