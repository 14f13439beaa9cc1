/**
 * Lookups of things that exist before the program runs. Names and ids of images, flavors and networks are taken on
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

const flavor: Lookup = (args) => {
  const name = (args.name ?? args.flavorId) as string | undefined;
  if (name === undefined) throw new Error("compute.getFlavor needs name or flavorId");
  return { id: args.flavorId ?? idOf(`flavor ${name}`), name, region, isPublic: true, extraSpecs: {} };
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

const router: Lookup = (args) => {
  const id = (args.routerId as string | undefined) ?? idOf(`router ${text(args, "name", "networking.getRouter")}`);
  return {
    id,
    routerId: id,
    name: args.name ?? `existing-${id.slice(0, 8)}`,
    region,
    tenantId,
    adminStateUp: true,
    enableSnat: true,
    allTags: [],
  };
};

/** By the provider's token. */
export const lookups: Readonly<Record<string, Lookup>> = {
  "openstack:images/getImage:getImage": image,
  "openstack:compute/getFlavor:getFlavor": flavor,
  "openstack:networking/getNetwork:getNetwork": network,
  "openstack:networking/getSubnet:getSubnet": subnet,
  "openstack:networking/getRouter:getRouter": router,
};

function text(args: Properties, key: string, lookup: string): string {
  const value = args[key];
  if (typeof value !== "string" || value === "") throw new Error(`${lookup} is simulated for lookups by ${key} only`);
  return value;
}
