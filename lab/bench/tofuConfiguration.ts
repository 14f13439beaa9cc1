/**
 * What the program registers for OpenStack, as a configuration of OpenTofu: same resources, same arguments, same order
 * of creation, for the same provider. Written the way its users do it, with `count` for the workers. Keys and token are
 * no part of it: OpenTofu gets user data ready made.
 */
import { templateDigestOf } from "../../src/bootstrap/template";
import { apiServerPort, type ClusterConfig } from "../../src/config/clusterConfig";
import { creationDigestKey, serverMetadata, templateDigestKey } from "../../src/machines/metadataKeys";
import {
  controlPlaneGroup,
  poolGroups,
  type MachineGroup,
  type MachineSpec,
  type MachineTemplate,
} from "../../src/machines/planMachines";
import { ignoredChanges, plannedInputs } from "../../src/machines/server";
import { securityGroupNames, securityGroupRuleName, securityGroupRules } from "../../src/network/securityGroupRules";
import { openstackTags } from "../../src/network/tags";

type Block = Record<string, unknown>;
/** Resources by type and name, as in OpenTofu's JSON syntax. */
type Resources = Record<string, Record<string, Block>>;

/** Files with the user data of a role or pool, beside the configuration. */
export const userDataFile = (role: string): string => `${role}.user-data`;

/**
 * The content of main.tf.json. Throws for what the benchmark's stack does not use: an endpoint other than a load
 * balancer, an existing network, boot volumes, a bastion.
 */
export function renderTofuConfiguration(config: ClusterConfig): object {
  const { apiEndpoint, network, nodePools, controlPlane } = config;
  if (
    apiEndpoint.kind !== "loadBalancer" ||
    network.networkId !== undefined ||
    network.routerId !== undefined ||
    network.externalNetwork === undefined
  )
    throw new Error("The benchmark compares clusters with a network and a load balancer of their own.");
  if (
    config.ssh.bastion !== undefined ||
    controlPlane.bootVolume !== undefined ||
    nodePools.some(({ bootVolume, volumes }) => bootVolume ?? volumes.length > 0)
  )
    throw new Error(
      "The benchmark compares clusters without a bastion, without boot volumes and without volumes of workers.",
    );
  const resources: Resources = {};
  const add = (type: string, name: string, block: Block): void =>
    void ((resources[`openstack_${type}`] ??= {})[name] = block);
  addNetwork(config, network.externalNetwork, add);
  const rules = addSecurityGroups(config, add);
  const members = addLoadBalancer(config, apiEndpoint, add);
  const last = addControlPlane(config, [...rules, ref("networking_router_interface_v2", "main")], add);
  for (const group of poolGroups(config)) addPool(config, group, [last, ...members], add);
  return {
    terraform: { required_providers: { openstack: { source: "terraform-provider-openstack/openstack" } } },
    data: {
      openstack_networking_network_v2: { external: { name: network.externalNetwork, external: true } },
      openstack_images_image_v2: { machine: { name: config.image, most_recent: false } },
    },
    resource: resources,
  };
}

type Add = (type: string, name: string, block: Block) => void;

const ref = (type: string, name: string): string => `openstack_${type}.${name}`;
const value = (type: string, name: string, attribute = "id"): string => `\${${ref(type, name)}.${attribute}}`;
const subnetId = value("networking_subnet_v2", "main");
const networkId = value("networking_network_v2", "main");

function addNetwork(config: ClusterConfig, externalNetwork: string, add: Add): void {
  const { clusterName: name, network } = config;
  const tags = openstackTags(config);
  add("networking_network_v2", "main", { name, mtu: network.mtu, tags });
  add("networking_subnet_v2", "main", {
    name,
    network_id: networkId,
    cidr: network.cidr,
    dns_nameservers: network.dnsServers,
    tags,
  });
  add("networking_router_v2", "main", {
    name,
    external_network_id: "${data.openstack_networking_network_v2.external.id}",
    tags,
  });
  add("networking_router_interface_v2", "main", {
    router_id: value("networking_router_v2", "main"),
    subnet_id: subnetId,
  });
  const floating = config.apiEndpoint.kind === "loadBalancer" && config.apiEndpoint.floatingIp;
  if (floating)
    add("networking_floatingip_v2", "api", {
      pool: externalNetwork,
      port_id: value("lb_loadbalancer_v2", "api", "vip_port_id"),
      tags,
      depends_on: [ref("networking_router_interface_v2", "main")],
    });
}

/** Returns the addresses of the rules. */
function addSecurityGroups(config: ClusterConfig, add: Add): string[] {
  for (const group of securityGroupNames(config)) {
    add("networking_secgroup_v2", group, {
      name: `${config.clusterName}-${group}`,
      description: `${group} machines of the Kubernetes cluster ${config.clusterName}`,
      delete_default_rules: true,
      tags: openstackTags(config),
    });
  }
  return securityGroupRules(config).map((rule) => {
    const name = securityGroupRuleName(rule);
    add("networking_secgroup_rule_v2", name, {
      security_group_id: value("networking_secgroup_v2", rule.group),
      direction: rule.direction,
      ethertype: "IPv4",
      description: `${rule.purpose}: ${rule.reason}`,
      ...(rule.ports.protocol === "any" ? {} : { protocol: rule.ports.protocol }),
      ...("from" in rule.ports ? { port_range_min: rule.ports.from, port_range_max: rule.ports.to } : {}),
      ...("group" in rule.remote
        ? { remote_group_id: value("networking_secgroup_v2", rule.remote.group) }
        : { remote_ip_prefix: rule.remote.cidr }),
    });
    return ref("networking_secgroup_rule_v2", name);
  });
}

/** Returns the addresses of the members. */
function addLoadBalancer(
  config: ClusterConfig,
  endpoint: Extract<ClusterConfig["apiEndpoint"], { kind: "loadBalancer" }>,
  add: Add,
): string[] {
  const name = `${config.clusterName}-api`;
  const tags = openstackTags(config);
  const idle = endpoint.idleTimeoutMinutes * 60_000;
  add("lb_loadbalancer_v2", "api", {
    name,
    vip_subnet_id: subnetId,
    loadbalancer_provider: endpoint.provider,
    flavor_id: endpoint.flavorId,
    tags,
  });
  add("lb_listener_v2", "api", {
    name,
    loadbalancer_id: value("lb_loadbalancer_v2", "api"),
    protocol: "TCP",
    protocol_port: endpoint.port,
    allowed_cidrs: [...new Set([config.network.cidr, ...endpoint.allowedCidrs])].sort(),
    timeout_client_data: idle,
    timeout_member_data: idle,
    tags,
  });
  add("lb_pool_v2", "api", {
    name,
    listener_id: value("lb_listener_v2", "api"),
    protocol: "TCP",
    lb_method: "ROUND_ROBIN",
  });
  const check = { type: "HTTPS", url_path: "/readyz", http_method: "GET", expected_codes: "200" };
  add("lb_monitor_v2", "api", {
    name,
    pool_id: value("lb_pool_v2", "api"),
    delay: 5,
    timeout: 3,
    max_retries: 3,
    ...check,
  });
  let before = ref("lb_monitor_v2", "api");
  return controlPlaneGroup(config).machines.map(({ name: machine }) => {
    add("lb_member_v2", machine, {
      name: machine,
      pool_id: value("lb_pool_v2", "api"),
      address: value("networking_port_v2", machine, "all_fixed_ips[0]"),
      protocol_port: apiServerPort(config),
      subnet_id: subnetId,
      depends_on: [before],
    });
    before = ref("lb_member_v2", machine);
    return before;
  });
}

/** One machine after the other. Returns the address of the last one. */
function addControlPlane(config: ClusterConfig, ready: readonly string[], add: Add): string {
  const { template, machines } = controlPlaneGroup(config);
  const group = addServerGroup(template, add);
  let after = ready;
  for (const spec of machines) {
    const { name } = spec;
    add("networking_port_v2", name, {
      name,
      network_id: networkId,
      fixed_ip: [{ subnet_id: subnetId }],
      security_group_ids: [value("networking_secgroup_v2", "node"), value("networking_secgroup_v2", "control-plane")],
      tags: openstackTags(config),
    });
    add("compute_instance_v2", name, {
      ...machine(config, spec),
      ...group,
      network: [{ port: value("networking_port_v2", name) }],
      depends_on: after,
    });
    after = [ref("compute_instance_v2", name)];
  }
  return after[0] as string;
}

/** The whole pool as one block; nothing for a pool without machines. */
function addPool(
  config: ClusterConfig,
  { template, machines }: MachineGroup,
  after: readonly string[],
  add: Add,
): void {
  const group = addServerGroup(template, add);
  const [first] = machines;
  if (first === undefined) return;
  const zones = template.availabilityZones;
  add("compute_instance_v2", template.pool, {
    ...machine(config, first),
    count: machines.length,
    name: `${config.clusterName}-${template.pool}-\${count.index}`,
    ...(zones.length === 0 ? {} : { availability_zone: `\${element(${JSON.stringify(zones)}, count.index)}` }),
    ...group,
    network: [{ uuid: networkId }],
    security_groups: [value("networking_secgroup_v2", "node", "name")],
    depends_on: after,
  });
}

function addServerGroup({ pool, serverGroup }: MachineTemplate, add: Add): Block {
  if (serverGroup === undefined) return {};
  add("compute_servergroup_v2", pool, { name: serverGroup.name, policies: [serverGroup.policy] });
  return { scheduler_hints: [{ group: value("compute_servergroup_v2", pool) }] };
}

/** Arguments that a machine of any role has. */
function machine(config: ClusterConfig, spec: MachineSpec): Block {
  const digests = { [templateDigestKey]: templateDigestOf(config, spec), [creationDigestKey]: "000000000000" };
  return {
    ...inTofu(plannedInputs(spec, () => "${data.openstack_images_image_v2.machine.id}")),
    user_data: `\${file("\${path.module}/${userDataFile(spec.pool)}")}`,
    metadata: serverMetadata(config, spec, digests),
    lifecycle: { ignore_changes: [...new Set(ignoredChanges({ ...spec, rolled: false }).map(tofuAttribute))] },
  };
}

/** Inputs of ours in OpenTofu's spelling, those within lists as well. */
function inTofu(inputs: object): Block {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]: [string, unknown]) => [
      tofuAttribute(name),
      Array.isArray(value) ? value.map((part: object) => inTofu(part)) : value,
    ]),
  );
}

/**
 * Our name of a property as OpenTofu's; only where the two differ by more than their spelling is there an
 * entry.
 */
const renamed: Readonly<Record<string, string>> = { blockDevices: "block_device", networks: "network" };

function tofuAttribute(property: string): string {
  return renamed[property] ?? property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
