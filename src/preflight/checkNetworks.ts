/** Existing networks, the external network, Neutron's extensions, and Octavia. */
import type { ClusterConfig } from "../config/clusterConfig";
import { overlaps } from "../config/cidr";
import { clusterTag } from "../network/tags";
import type { CloudFacts, CloudNetwork, CloudSubnet, NetworkFacts } from "./cloudFacts";
import { suggestion, describeSetting, joined, listed, availableNames, note, problem, type Findings } from "./findings";
import { groupStates } from "./checkMachines";
import type { Needs, Setting } from "./needs";

export function checkNetworks(config: ClusterConfig, needs: Needs, facts: CloudFacts): Findings {
  const { network } = facts;
  return joined([
    checkExtensions(needs, network),
    checkExternalNetwork(config, network),
    checkExistingNetwork(config, needs, network),
    checkExistingSubnet(config, network),
    checkSubnetsApart(config, network),
    checkRouter(config, needs, network),
    ...groupStates(needs, facts.compute.machines)
      .filter(({ missing, rolled }) => missing.length + rolled.length > 0)
      .flatMap(({ group }) => group.networks.map((setting) => checkExtraNetwork(setting, network))),
    checkOctavia(needs, facts),
  ]);
}

function checkExtensions({ extensions: needed }: Needs, { extensions }: NetworkFacts): Findings {
  if (extensions === undefined) return joined([]);
  return joined(
    needed
      .filter(({ alias }) => !extensions.has(alias))
      .map(({ alias, purpose }) =>
        problem(`Neutron has no extension ${alias}, but ${purpose}; ask the operators of the cloud to turn it on.`),
      ),
  );
}

function checkExternalNetwork(
  { network: { externalNetwork } }: ClusterConfig,
  { externalNetworks }: NetworkFacts,
): Findings {
  if (externalNetwork === undefined || externalNetworks === undefined) return joined([]);
  const setting = { key: "network.externalNetwork", value: externalNetwork };
  const named = externalNetworks.filter(({ name }) => name === externalNetwork);
  if (named.length > 1)
    return problem(
      `${describeSetting(setting)} but ${named.length} external networks have that name (${idsOf(named)}); ask the operators of the cloud for distinct names.`,
    );
  if (named.length === 1) return joined([]);
  return problem(
    `${describeSetting(setting)} but Neutron shows this project no external network of that name; ${suggestion(
      externalNetwork,
      externalNetworks.map(({ name }) => name),
    )}`,
  );
}

const idsOf = (items: readonly { readonly id: string }[]): string =>
  items
    .map(({ id }) => id)
    .sort()
    .join(", ");

function checkExistingNetwork(
  { network: { networkId, mtu } }: ClusterConfig,
  needs: Needs,
  { networks }: NetworkFacts,
): Findings {
  if (networkId === undefined || networks === undefined) return joined([]);
  const setting = { key: "network.networkId", value: networkId };
  const found = networks.find(({ id }) => id === networkId.toLowerCase());
  if (found === undefined)
    return problem(
      `${describeSetting(setting)} but Neutron shows this project no such network; name one that \`openstack network list\` shows.`,
    );
  return joined([
    ...(found.mtu !== undefined && found.mtu < mtu
      ? [
          problem(
            `network.mtu is ${mtu} but the existing network ${found.name} carries only ${found.mtu} bytes; set network.mtu to ${found.mtu}.`,
          ),
        ]
      : []),
    checkPortSecurity(setting, found),
  ]);
}

/** Neutron refuses a security group on a port of a network without port security, and Nova a machine on it. */
function checkPortSecurity(setting: Setting, found: CloudNetwork): Findings {
  if (found.port_security_enabled !== false) return joined([]);
  return problem(
    `${describeSetting(setting)} but port security is off on that network ${found.name}, so that no security group could protect the machines; turn it on, or name another.`,
  );
}

function checkExistingSubnet(
  { network: { networkId, subnetId, cidr } }: ClusterConfig,
  { subnets }: NetworkFacts,
): Findings {
  if (subnetId === undefined || subnets === undefined) return joined([]);
  const setting = { key: "network.subnetId", value: subnetId };
  const inNetwork = subnets.filter((subnet) => subnet.network_id === networkId?.toLowerCase());
  const found = subnets.find(({ id }) => id === subnetId.toLowerCase());
  if (found === undefined) {
    const known = inNetwork.map(({ id, name }) => `${id} (${name})`);
    return problem(
      `${describeSetting(setting)} but Neutron shows this project no such subnet; network.networkId has: ${listed(known)}.`,
    );
  }
  return joined([
    ...(found.network_id === networkId?.toLowerCase()
      ? []
      : [
          problem(
            `${describeSetting(setting)} but that subnet ${found.name} belongs to another network, ${found.network_id}; set network.networkId to it, or name another subnet.`,
          ),
        ]),
    ...(found.cidr === cidr
      ? []
      : [
          problem(
            `network.cidr is "${cidr}" but the existing subnet ${found.name} is ${found.cidr}; set network.cidr to "${found.cidr}".`,
          ),
        ]),
  ]);
}

/** Neutron refuses two overlapping subnets in one network. */
function checkSubnetsApart(
  { clusterName, network: { networkId, subnetId, cidr } }: ClusterConfig,
  { subnets }: NetworkFacts,
): Findings {
  if (networkId === undefined || subnetId !== undefined) return joined([]);
  const others = (subnets ?? []).filter(
    ({ network_id: of, tags, ip_version: version }) =>
      of === networkId.toLowerCase() && version === 4 && tags?.includes(clusterTag(clusterName)) !== true,
  );
  return joined(
    others
      .filter((subnet) => overlaps(subnet.cidr, cidr))
      .map(({ id, name, cidr: other }) =>
        problem(
          `network.cidr is "${cidr}" but network.networkId has subnet ${name} (${other}) there already; choose another range, or set network.subnetId to "${id}" to use it.`,
        ),
      ),
  );
}

function checkRouter(
  { network: { routerId, externalNetwork } }: ClusterConfig,
  needs: Needs,
  { routers, externalNetworks }: NetworkFacts,
): Findings {
  if (routerId === undefined || routers === undefined) return joined([]);
  const setting = { key: "network.routerId", value: routerId };
  const found = routers.find(({ id }) => id === routerId.toLowerCase());
  if (found === undefined)
    return problem(
      `${describeSetting(setting)} but Neutron shows this project no such router; name one that \`openstack router list\` shows.`,
    );
  const external = externalNetworks?.find(({ name }) => name === externalNetwork);
  if (external === undefined || found.external_gateway_info?.network_id === external.id) return joined([]);
  const gateway = found.external_gateway_info === null ? "has no gateway" : "leads to another external network";
  const sentence = `${describeSetting(setting)} but that router ${found.name} ${gateway}, not to network.externalNetwork "${external.name}"`;
  const [key] = needs.floatingIpKeys;
  if (key === undefined) return note(`${sentence}; network.externalNetwork has no effect then.`);
  return problem(`${sentence}, and ${key} needs it to; set its gateway, or set ${key} to false.`);
}

function checkExtraNetwork(setting: Setting, { networks, subnets }: NetworkFacts): Findings {
  if (networks === undefined) return joined([]);
  const found = networks.find(({ id }) => id === setting.value.toLowerCase());
  if (found === undefined)
    return problem(
      `${describeSetting(setting)} but Neutron shows this project no such network; name one that \`openstack network list\` shows.`,
    );
  if (found.subnets.length === 0)
    return problem(
      `${describeSetting(setting)} but that network ${found.name} has no subnet, so that machines would get no address there; add one, or name another.`,
    );
  const routed = subnets?.filter(({ network_id: of, gateway_ip: gateway }) => of === found.id && gateway) ?? [];
  return joined([
    checkPortSecurity(setting, found),
    ...routed.map((subnet) => secondDefaultRoute(setting, found, subnet)),
  ]);
}

/**
 * DHCP and the config drive hand out a subnet's gateway as a default route, whatever the operating system: of two, the
 * machine's replies and its pods' packets may take the wrong one.
 */
function secondDefaultRoute(
  setting: Setting,
  network: CloudNetwork,
  { id, gateway_ip: gateway }: CloudSubnet,
): Findings {
  return note(
    `${describeSetting(setting)} but that network ${network.name} has a subnet with gateway ${gateway ?? ""}, which gives machines a second default route; take it away: \`openstack subnet set --gateway none ${id}\`.`,
  );
}

/** A load balancer that exists keeps its provider and flavor, whatever became of them. */
function checkOctavia(
  { loadBalancer: needed }: Needs,
  { loadBalancer: { providers, flavors, own } }: CloudFacts,
): Findings {
  if (needed === undefined) return joined([]);
  const { provider, flavorId } = needed;
  const flavor = flavors?.find(({ id }) => id === flavorId?.toLowerCase());
  const setting = { key: "apiEndpoint.flavorId", value: flavorId ?? "" };
  const known = (flavors ?? []).filter(({ enabled }) => enabled).map(({ id, name }) => `${id} (${name})`);
  return joined([
    ...(providers === undefined || providers.includes(provider) || own?.provider === provider
      ? []
      : [
          problem(
            `${describeSetting({ key: "apiEndpoint.provider", value: provider })} but Octavia has no such provider; ${suggestion(provider, providers)}`,
          ),
        ]),
    ...(flavorId === undefined || flavors === undefined || own !== undefined || flavor?.enabled === true
      ? []
      : [
          problem(
            `${describeSetting(setting)} but Octavia has ${flavor === undefined ? "no such flavor" : `turned that flavor ${flavor.name} off`}; ${availableNames(known)}`,
          ),
        ]),
  ]);
}
