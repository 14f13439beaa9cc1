/**
 * What the program registers for OpenStack, as a configuration of OpenTofu for the same provider: the resources of a
 * simulated run with their inputs, ids of resources as references to them, and `depends_on` where the program depends
 * on more. Written the way OpenTofu's users do it, with `count` for the workers. Keys and token are no part of it:
 * OpenTofu gets user data ready made.
 */
import type { Simulated } from "../../simulation";
import type { SimulatedResource } from "../../simulation/simulated";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { machinePoolKey, machineRoleKey } from "../../src/machines/metadataKeys";
import { poolGroups, type MachineGroup } from "../../src/machines/planMachines";

type Block = Record<string, unknown>;

/** OpenTofu's types by the program's. */
export const tofuTypes: Readonly<Record<string, string>> = {
  "openstack:compute/instance:Instance": "compute_instance_v2",
  "openstack:compute/serverGroup:ServerGroup": "compute_servergroup_v2",
  "openstack:loadbalancer/listener:Listener": "lb_listener_v2",
  "openstack:loadbalancer/loadBalancer:LoadBalancer": "lb_loadbalancer_v2",
  "openstack:loadbalancer/member:Member": "lb_member_v2",
  "openstack:loadbalancer/monitor:Monitor": "lb_monitor_v2",
  "openstack:loadbalancer/pool:Pool": "lb_pool_v2",
  "openstack:networking/floatingIp:FloatingIp": "networking_floatingip_v2",
  "openstack:networking/network:Network": "networking_network_v2",
  "openstack:networking/port:Port": "networking_port_v2",
  "openstack:networking/router:Router": "networking_router_v2",
  "openstack:networking/routerInterface:RouterInterface": "networking_router_interface_v2",
  "openstack:networking/secGroup:SecGroup": "networking_secgroup_v2",
  "openstack:networking/secGroupRule:SecGroupRule": "networking_secgroup_rule_v2",
  "openstack:networking/subnet:Subnet": "networking_subnet_v2",
};

/** Look-ups of the program: OpenTofu's type and the arguments. */
const lookups: Readonly<Record<string, (args: Block) => [string, Block]>> = {
  "openstack:images/getImage:getImage": ({ name }) => ["images_image_v2", { name, most_recent: false }],
  "openstack:networking/getNetwork:getNetwork": ({ name }) => ["networking_network_v2", { name, external: true }],
};

/** File with the user data of a pool or role, beside the configuration. */
export const userDataFile = (pool: string): string => `${pool}.user-data`;

/**
 * The content of main.tf.json. `run` has every pool of `config`, with at least one worker where `config` has some; how
 * many there are is for `config` to say. Throws for a look-up that the benchmark's stacks do not make.
 */
export function renderTofuConfiguration(run: Simulated, config: ClusterConfig): object {
  const pools = poolGroups(config).filter(({ machines }) => machines.length > 0);
  const poolOf = (resource: SimulatedResource) => {
    const metadata = (resource.inputs.metadata ?? {}) as Readonly<Record<string, string>>;
    if (metadata[machineRoleKey] !== "worker") return undefined;
    return pools.find(({ template }) => template.pool === metadata[machinePoolKey]);
  };
  const blocks = new Map<string, { type: string; name: string; resource: SimulatedResource; pool?: MachineGroup }>();
  for (const resource of run.resources) {
    const type = tofuTypes[resource.type];
    if (type === undefined) continue;
    const pool = poolOf(resource);
    const name = pool?.template.pool ?? resource.name;
    const isFurther = [...blocks.values()].some((other) => other.type === type && other.name === name);
    if (!isFurther) blocks.set(resource.urn, { type: `openstack_${type}`, name, resource, pool });
  }
  const data: Record<string, Record<string, Block>> = {};
  const references = new Map<unknown, string>();
  for (const { token, args, result } of run.invokes) {
    const render = lookups[token];
    if (render === undefined) throw new Error(`The benchmark compares no cluster that looks up ${token}.`);
    const [type, block] = render(args);
    data[`openstack_${type}`] = { ...data[`openstack_${type}`], found: block };
    references.set(result.id, `\${data.openstack_${type}.found.id}`);
  }
  for (const { type, name, resource } of blocks.values()) {
    const { id, outputs } = resource;
    references.set(id, `\${${type}.${name}.id}`);
    if (outputs.vipPortId !== undefined) references.set(outputs.vipPortId, `\${${type}.${name}.vip_port_id}`);
    const [address] = (outputs.allFixedIps ?? []) as string[];
    if (type.endsWith("_secgroup_v2")) references.set(groupNamed(outputs.name), `\${${type}.${name}.name}`);
    if (address !== undefined) references.set(address, `\${${type}.${name}.all_fixed_ips[0]}`);
  }
  const resource: Record<string, Record<string, Block>> = {};
  for (const { type, name, resource: one, pool } of blocks.values()) {
    const implied = new Set(Object.values(one.propertyDependencies).flat());
    const further = one.dependencies.filter((urn) => !implied.has(urn)).flatMap((urn) => blocks.get(urn) ?? []);
    (resource[type] ??= {})[name] = {
      ...(inTofu(one.inputs, references) as Block),
      ...(one.inputs.userData === undefined ? {} : machineArguments(one, name)),
      ...(pool === undefined ? {} : countOf(pool, config)),
      ...(further.length === 0 ? {} : { depends_on: further.map((other) => `${other.type}.${other.name}`) }),
    };
  }
  return {
    terraform: { required_providers: { openstack: { source: "terraform-provider-openstack/openstack" } } },
    data,
    resource,
  };
}

function machineArguments({ inputs, ignoreChanges }: SimulatedResource, name: string): Block {
  const pool = (inputs.metadata as Record<string, string>)[machinePoolKey] ?? name;
  return {
    user_data: `\${file("\${path.module}/${userDataFile(pool)}")}`,
    lifecycle: { ignore_changes: [...new Set(ignoreChanges.map(tofuArgument))] },
  };
}

/** What makes one block a pool. */
function countOf({ template, machines }: MachineGroup, { clusterName }: ClusterConfig): Block {
  const zones = template.availabilityZones;
  return {
    count: machines.length,
    name: `${clusterName}-${template.pool}-\${count.index}`,
    ...(zones.length === 0 ? {} : { availability_zone: `\${element(${JSON.stringify(zones)}, count.index)}` }),
  };
}

/** Key of a security group that a machine names; its name alone may be that of a machine too. */
const groupNamed = (name: unknown) => `security group ${String(name)}`;

/**
 * A value in OpenTofu's spelling; what is the id or address of a resource refers to it. Empty lists say nothing.
 */
function inTofu(value: unknown, references: ReadonlyMap<unknown, string>): unknown {
  if (Array.isArray(value)) return value.map((part) => inTofu(part, references));
  if (typeof value !== "object" || value === null) return references.get(value) ?? value;
  const given = Object.entries(value).filter(([, part]) => !(Array.isArray(part) && part.length === 0));
  return Object.fromEntries(
    given.map(([name, part]: [string, unknown]) => {
      if (name === "metadata") return [name, part];
      const named = name === "securityGroups" ? (part as string[]).map(groupNamed) : part;
      return [tofuArgument(name), inTofu(named, references)];
    }),
  );
}

/** Where the two differ by more than their spelling: blocks that stand several times. */
const renamed: Readonly<Record<string, string>> = {
  blockDevices: "block_device",
  fixedIps: "fixed_ip",
  networks: "network",
};

function tofuArgument(property: string): string {
  if (property.startsWith("metadata[")) return property;
  return renamed[property] ?? property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
