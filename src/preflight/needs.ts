/** What a configuration asks of OpenStack, before anything is known of the cloud. */
import type { ApiEndpointConfig, ClusterConfig } from "../config/clusterConfig";
import { machineGroups, type MachineGroup } from "../machines/planMachines";
import type { MachineRole } from "../machines/roles";
import { virtualIpPortName } from "../network/apiEndpointNames";
import { securityGroupNames, securityGroupRules } from "../network/securityGroupRules";

/** A value and the key that it was set with. */
export interface Setting {
  readonly key: string;
  readonly value: string;
}

interface VolumeNeed {
  /** Key of the section that asks for the volume, for instance controlPlane.etcdVolume. */
  readonly key: string;
  readonly sizeGb: number;
  readonly type?: string;
}

/** Machines that differ in nothing but their name and zone, as messages tell of them. */
export interface MachineNeed {
  readonly role: MachineRole;
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
  readonly serverGroup?: { readonly name: string; readonly policyKey: string };
}

/** A Neutron extension and what needs it. */
interface ExtensionNeed {
  readonly alias: string;
  readonly purpose: string;
}

export interface Needs {
  readonly clusterName: string;
  readonly groups: readonly MachineNeed[];
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
  /** Whether Cinder CSI makes volumes of claims in the zone that Nova names for the pod's node. */
  readonly claimsFollowZones: boolean;
}

export function planNeeds(config: ClusterConfig): Needs {
  const { network, apiEndpoint, ssh, clusterName } = config;
  const createsSubnet = network.subnetId === undefined;
  const createsRouter = createsSubnet && network.routerId === undefined && network.externalNetwork !== undefined;
  return {
    clusterName,
    groups: machineGroups(config).map(machineNeed),
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
    claimsFollowZones: config.cloudProvider?.ignoreVolumeZones === false,
  };
}

/** The plan of some machines, with the key of each of its values. */
function machineNeed({ template, machines }: MachineGroup): MachineNeed {
  const { role, configKeys, serverGroup } = template;
  const { section } = configKeys;
  const settings = (list: string, values: readonly string[]): Setting[] =>
    values.map((value, index) => ({ key: `${section}.${list}[${index}]`, value }));
  const bootVolume = template.bootVolume && { key: `${section}.bootVolume`, ...template.bootVolume };
  return {
    role,
    countKey: role === "bastion" ? configKeys.count : `${configKeys.count} (${machines.length})`,
    names: machines.map(({ name }) => name),
    rolled: new Set(machines.filter(({ rolled }) => rolled).map(({ name }) => name)),
    flavor: { key: `${section}.flavor`, value: template.flavor },
    image: { key: configKeys.image, value: template.image },
    zones: settings("availabilityZones", template.availabilityZones),
    bootVolume,
    volumes: [
      ...(bootVolume === undefined ? [] : [bootVolume]),
      ...template.volumes.map(({ sizeGb, type }, index) => ({
        key: configKeys.volumes[index] as string,
        sizeGb,
        type,
      })),
    ],
    networks: settings("networks", template.networks),
    serverGroup:
      serverGroup === undefined ? undefined : { name: serverGroup, policyKey: `${section}.serverGroupPolicy` },
  };
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
