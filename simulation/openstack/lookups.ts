/**
 * Lookups of things that exist before the program runs. Names and ids of images and networks are taken on
 * trust: offline nobody can know.
 */
import { nthAddress } from "../../src/config/cidr";
import { idOf } from "../identity";
import type { Properties } from "../values";
import type { Cloud } from "./cloud";
import { region, tenantId } from "./networkTypes";

type Lookup = (args: Properties, cloud: Cloud) => Properties;

const image: Lookup = (args) => {
  const name = text(args, "name", "images.getImage");
  return {
    id: idOf(`image ${name}`),
    name,
    region,
    minDiskGb: 0,
    minRamMb: 0,
    tags: [],
    containerFormat: "bare",
    diskFormat: "qcow2",
    protected: false,
  };
};

const network: Lookup = (args, cloud) => {
  const known = args.networkId === undefined ? undefined : cloud.network(args.networkId);
  const { id, name, mtu, external } = known ?? cloud.externalNetwork(text(args, "name", "networking.getNetwork"));
  const subnets = [...cloud.subnets.values()].filter((subnet) => subnet.networkId === id).map((subnet) => subnet.id);
  return {
    id,
    networkId: id,
    name,
    mtu,
    external,
    subnets,
    region,
    tenantId,
    adminStateUp: "true",
    shared: "false",
    allTags: [],
  };
};

const subnet: Lookup = (args, cloud) => {
  const { id, networkId, addresses } = cloud.subnet(text(args, "subnetId", "networking.getSubnet"));
  const gatewayIp = addresses.gateway ?? nthAddress(addresses.cidr, 1);
  return {
    id,
    subnetId: id,
    name: `existing-${id.slice(0, 8)}`,
    networkId,
    cidr: addresses.cidr,
    gatewayIp,
    ipVersion: 4,
    enableDhcp: true,
    region,
    tenantId,
    allTags: [],
    dnsNameservers: [],
  };
};

/** By the provider's token. */
export const lookups: Readonly<Record<string, Lookup>> = {
  "openstack:images/getImage:getImage": image,
  "openstack:networking/getNetwork:getNetwork": network,
  "openstack:networking/getSubnet:getSubnet": subnet,
};

function text(args: Properties, key: string, lookup: string): string {
  const value = args[key];
  if (typeof value !== "string" || value === "") throw new Error(`${lookup} is simulated for lookups by ${key} only`);
  return value;
}
