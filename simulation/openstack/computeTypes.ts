/** Nova: servers and server groups. */
import { counted } from "../../src/config/counted";
import { idOf } from "../identity";
import { words, type Created, type Creation, type ResourceTypes } from "../resourceType";
import { unknown, type Properties } from "../values";
import { found, type Cloud, type Port } from "./cloud";
import { makePort, region } from "./networkTypes";

/** Nova's limit for user data, in bytes after base64 (MAX_USERDATA_SIZE in nova/objects/instance.py). */
export const maxUserDataBytes = 65_535;

export const computeTypes: ResourceTypes = {
  "openstack:compute/instance:Instance": {
    required: [],
    // Not the image: the provider rebuilds the server in place, which wipes its root disk.
    replaces: new Set(
      words(
        "availabilityZone availabilityZoneHints blockDevices configDrive keyPair networkMode networks region schedulerHints userData",
      ),
    ),
    check: checkInstance,
    create: createInstance,
  },
  "openstack:compute/serverGroup:ServerGroup": {
    required: [],
    replaces: new Set(words("name policies region rules valueSpecs")),
    create: ({ identity, name, inputs, cloud }) => {
      const policies = inputs.policies === undefined ? [] : [inputs.policies].flat();
      const strange = policies.filter(
        (policy) => !words("anti-affinity soft-anti-affinity affinity soft-affinity").includes(policy as string),
      );
      if (strange.length > 0) throw new Error(`Nova has no server group policy ${JSON.stringify(strange[0])}`);
      const id = idOf(identity);
      cloud.serverGroups.add(id);
      return { id, outputs: { region, name: inputs.name ?? name, members: [] } };
    },
  },
};

/** Bytes of user data as Nova counts them: the provider encodes what is not base64 already. */
function userDataBytes(userData: string): number {
  const isBase64 = userData.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(userData);
  return isBase64 ? userData.length : Math.ceil(Buffer.byteLength(userData) / 3) * 4;
}

function checkInstance(inputs: Properties): void {
  const { userData, flavorName, flavorId, imageName, imageId, blockDevices } = inputs;
  if (flavorName === undefined && flavorId === undefined) throw new Error("a server needs flavorName or flavorId");
  if (imageName === undefined && imageId === undefined && blockDevices === undefined)
    throw new Error("a server needs imageName, imageId or blockDevices to boot from");
  if (typeof userData === "string" && userData !== unknown && userDataBytes(userData) > maxUserDataBytes) {
    throw new Error(
      `user data is ${counted(userDataBytes(userData), "byte")} in base64; Nova takes at most ${maxUserDataBytes}`,
    );
  }
}

type Interface = {
  readonly port?: unknown;
  readonly uuid?: unknown;
  readonly name?: unknown;
  readonly fixedIpV4?: unknown;
};

function createInstance({ urn, identity, name, inputs, cloud, previous }: Creation): Created {
  const id = idOf(identity);
  const serverName = (inputs.name as string | undefined) ?? name;
  // Nova allows it; Kubernetes would take the two machines for one node.
  cloud.claimName("server", serverName, urn);
  for (const group of (inputs.securityGroups ?? []) as string[]) {
    if (group !== "default") found(cloud.securityGroupNamed(group), "security group named", group);
  }
  for (const hint of (inputs.schedulerHints ?? []) as { group?: string }[]) {
    // A server stays where it is when its group goes.
    if (previous === undefined && hint.group !== undefined && !cloud.serverGroups.has(hint.group))
      found(undefined, "server group", hint.group);
  }
  const networks = ((inputs.networks ?? []) as (Interface & Properties)[]).map((wanted, index) => {
    // A server keeps its interfaces where its network is replaced: the old one goes when the run ends.
    if (previous !== undefined && !isThere(cloud, wanted))
      return { ...wanted, fixedIpV4: index === 0 ? previous.accessIpV4 : "" };
    const plugged = plug(cloud, urn, `${identity} interface ${index}`, wanted, index === 0 ? previous : undefined, urn);
    return {
      ...wanted,
      uuid: plugged.networkId,
      name: cloud.network(plugged.networkId).name,
      mac: plugged.macAddress,
      fixedIpV4: plugged.addresses[0] ?? "",
      port: wanted.port ?? "",
    };
  });
  cloud.servers.add(id);
  const image = (inputs.imageName ?? inputs.imageId) as string | undefined;
  return {
    id,
    outputs: {
      region,
      name: serverName,
      networks,
      accessIpV4: networks[0]?.fixedIpV4 ?? "",
      accessIpV6: "",
      availabilityZone: inputs.availabilityZone ?? "nova",
      flavorName: inputs.flavorName ?? "",
      flavorId: inputs.flavorId ?? idOf(`flavor ${String(inputs.flavorName)}`),
      imageName: inputs.imageName ?? "",
      imageId:
        image === undefined
          ? "Attempt to boot from volume - no image supplied"
          : (inputs.imageId ?? idOf(`image ${image}`)),
      powerState: "active",
      securityGroups: inputs.securityGroups ?? ["default"],
      allMetadata: inputs.metadata ?? {},
      allTags: inputs.tags ?? [],
    },
  };
}

function isThere(cloud: Cloud, { port, uuid }: Interface): boolean {
  if (port !== undefined) return cloud.ports.has(port as string);
  return uuid === undefined || cloud.networks.has(uuid as string);
}

/** Gives a server an interface: an existing port, or a new one in a network. */
function plug(
  cloud: Cloud,
  urn: string,
  label: string,
  wanted: Interface,
  previous: Properties | undefined,
  owner: string,
) {
  const port = wanted.port === undefined ? newPort(cloud, urn, label, wanted, previous) : cloud.port(wanted.port);
  if (port.owner !== undefined) throw new Error(`port ${port.id} is already in use by ${port.owner}`);
  port.owner = owner;
  return {
    portId: port.id,
    networkId: port.networkId,
    macAddress: port.macAddress,
    addresses: port.addresses.map(({ ipAddress }) => ipAddress),
  };
}

function newPort(cloud: Cloud, urn: string, label: string, wanted: Interface, previous: Properties | undefined): Port {
  const networkId = wanted.uuid ?? [...cloud.networks.values()].find((network) => network.name === wanted.name)?.id;
  const fixedIps =
    wanted.fixedIpV4 === undefined
      ? undefined
      : [{ subnetId: cloud.subnetOf(networkId).id, ipAddress: wanted.fixedIpV4 }];
  return makePort(cloud, urn, { networkId, fixedIps }, previous, label);
}
