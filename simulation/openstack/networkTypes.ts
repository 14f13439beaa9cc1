/** Neutron: networks, subnets, routers, ports. Outputs are those that the provider reads back after creation. */
import { contains, nthAddress, parseCidr } from "../../src/config/cidr";
import { idOf, macOf } from "../identity";
import { words, type Created, type Creation, type ResourceTypes } from "../resourceType";
import type { Properties } from "../values";
import type { AddressRange } from "./addresses";
import { addressBefore, found, type Cloud, type Port } from "./cloud";

/** Region and project of everything in the simulation. */
export const region = "RegionOne";
export const tenantId = idOf("project").replaceAll("-", "");
const everywhere = { region, tenantId };

export const networkTypes: ResourceTypes = {
  "openstack:networking/network:Network": {
    required: [],
    replaces: new Set(words("availabilityZoneHints region segments tenantId transparentVlan valueSpecs")),
    create: ({ identity, name, inputs, cloud }) => {
      const id = idOf(identity);
      const network = {
        id,
        name: (inputs.name as string | undefined) ?? name,
        mtu: (inputs.mtu as number | undefined) ?? 1450,
        external: inputs.external === true,
      };
      cloud.addNetwork(network);
      const { mtu, external } = network;
      return {
        id,
        outputs: {
          ...everywhere,
          name: network.name,
          mtu,
          external,
          adminStateUp: inputs.adminStateUp ?? true,
          shared: false,
          portSecurityEnabled: true,
          allTags: inputs.tags ?? [],
        },
      };
    },
  },
  "openstack:networking/subnet:Subnet": {
    required: ["networkId"],
    replaces: new Set(
      words("cidr ipVersion ipv6AddressMode ipv6RaMode networkId prefixLength region subnetpoolId tenantId valueSpecs"),
    ),
    create: createSubnet,
  },
  "openstack:networking/router:Router": {
    required: [],
    replaces: new Set(words("availabilityZoneHints distributed region tenantId valueSpecs vendorOptions")),
    create: ({ identity, name, inputs, cloud }) => {
      const id = idOf(identity);
      const external = inputs.externalNetworkId as string | undefined;
      if (external !== undefined && !cloud.network(external).external)
        throw new Error(`network ${external} is not external: a router's gateway must be`);
      cloud.routers.set(id, external);
      return {
        id,
        outputs: {
          ...everywhere,
          name: inputs.name ?? name,
          adminStateUp: true,
          distributed: false,
          enableSnat: external !== undefined,
          allTags: inputs.tags ?? [],
        },
      };
    },
  },
  "openstack:networking/routerInterface:RouterInterface": {
    required: ["routerId"],
    replaces: new Set(words("portId region routerId subnetId")),
    create: createRouterInterface,
  },
  "openstack:networking/port:Port": {
    required: ["networkId"],
    replaces: new Set(words("deviceId deviceOwner macAddress networkId region tenantId valueSpecs")),
    create: createPort,
  },
};

function createSubnet({ identity, name, inputs, cloud }: Creation): Created {
  const id = idOf(identity);
  const network = cloud.network(inputs.networkId);
  if (inputs.cidr === undefined) throw new Error("cidr is missing: subnet pools are not simulated");
  const cidr = inputs.cidr as string;
  const parsed = parseCidr(cidr);
  if (!parsed.ok) throw new Error(`cidr ${cidr} ${parsed.reason}`);
  for (const other of cloud.subnets.values()) {
    if (
      other.networkId === network.id &&
      (contains(other.addresses.cidr, nthAddress(cidr, 0)) || contains(cidr, nthAddress(other.addresses.cidr, 0)))
    ) {
      throw new Error(`cidr ${cidr} overlaps ${other.addresses.cidr} of subnet ${other.id} in the same network`);
    }
  }
  const gateway =
    inputs.noGateway === true ? undefined : ((inputs.gatewayIp as string | undefined) ?? nthAddress(cidr, 1));
  const ranges = (inputs.allocationPools ?? []) as AddressRange[];
  for (const address of ranges.flatMap((range) => [range.start, range.end])) {
    if (!contains(cidr, address)) throw new Error(`allocation pool address ${address} is outside ${cidr}`);
  }
  cloud.addSubnet(id, network.id, cidr, gateway, ranges, false);
  return {
    id,
    outputs: {
      ...everywhere,
      name: inputs.name ?? name,
      gatewayIp: gateway ?? "",
      ipVersion: 4,
      enableDhcp: inputs.enableDhcp ?? true,
      dnsNameservers: inputs.dnsNameservers ?? [],
      allTags: inputs.tags ?? [],
    },
  };
}

function createRouterInterface({ urn, identity, inputs, cloud }: Creation): Created {
  const routerId = inputs.routerId as string;
  // A router that the program did not make is taken on trust, gateway included.
  const leadsOutside = !cloud.routers.has(routerId) || cloud.routers.get(routerId) !== undefined;
  const port = inputs.portId === undefined ? undefined : cloud.port(inputs.portId);
  const subnetId = (inputs.subnetId as string | undefined) ?? port?.addresses[0]?.subnetId;
  if (subnetId === undefined) throw new Error("a router interface needs subnetId or portId");
  const subnet = cloud.subnet(subnetId);
  if (port === undefined) {
    if (subnet.addresses.gateway === undefined)
      throw new Error(`subnet ${subnetId} has no gateway address to give to the router`);
    subnet.addresses.take(subnet.addresses.gateway, urn);
  }
  subnet.reachable = leadsOutside;
  const id = port?.id ?? idOf(identity);
  return { id, outputs: { region, subnetId, portId: id } };
}

function createPort({ urn, identity, name, inputs, cloud, previous }: Creation): Created {
  const port = makePort(cloud, urn, inputs, previous, identity);
  const groups = securityGroupsOf(cloud, inputs);
  return {
    id: port.id,
    outputs: {
      ...everywhere,
      name: inputs.name ?? name,
      adminStateUp: inputs.adminStateUp ?? true,
      macAddress: port.macAddress,
      allFixedIps: port.addresses.map(({ ipAddress }) => ipAddress),
      allSecurityGroupIds: groups,
      securityGroupIds: inputs.securityGroupIds,
      portSecurityEnabled: inputs.portSecurityEnabled ?? true,
      deviceId: inputs.deviceId ?? "",
      deviceOwner: inputs.deviceOwner ?? "",
      dnsAssignments: [],
      allTags: inputs.tags ?? [],
    },
  };
}

/**
 * A port in `inputs.networkId`, with the fixed IPs asked for or one of Neutron's choice. Its id and MAC address come
 * from `label`.
 */
export function makePort(
  cloud: Cloud,
  urn: string,
  inputs: Properties,
  previous: Properties | undefined,
  label: string,
): Port {
  const network = cloud.network(inputs.networkId);
  const wanted = (inputs.fixedIps ??
    (inputs.noFixedIp === true ? [] : [{ subnetId: cloud.subnetOf(network.id).id }])) as {
    subnetId: string;
    ipAddress?: string;
  }[];
  const addresses = wanted.map(({ subnetId, ipAddress }, index) => {
    const subnet = cloud.subnet(subnetId);
    if (subnet.networkId !== network.id) throw new Error(`subnet ${subnetId} is not in network ${network.id}`);
    const before = index === 0 ? addressBefore(previous) : undefined;
    return {
      subnetId,
      ipAddress:
        ipAddress === undefined || ipAddress === ""
          ? subnet.addresses.allocate(urn, before)
          : subnet.addresses.take(ipAddress, urn),
    };
  });
  const port: Port = {
    id: idOf(label),
    networkId: network.id,
    addresses,
    macAddress: (inputs.macAddress as string | undefined) ?? macOf(label),
    owner: undefined,
  };
  cloud.ports.set(port.id, port);
  return port;
}

/** Ids of the groups of a port: those asked for, the project's default one, or none. */
function securityGroupsOf(cloud: Cloud, inputs: Properties): string[] {
  if (inputs.noSecurityGroups === true) return [];
  const ids = (inputs.securityGroupIds ?? []) as string[];
  for (const id of ids) found(cloud.securityGroups.get(id), "security group", id);
  return ids.length > 0 ? ids : [idOf("security group default")];
}
