/**
 * Asks OpenStack for the facts, all at once and without changing anything. The number of calls does not depend on the
 * number of machines, but for one page per 1,000.
 */
import type { ClusterConfig } from "../config/clusterConfig";
import { OpenstackError, type OpenstackApi, type OpenstackService } from "../openstack/client";
import type {
  Allowance,
  ComputeFacts,
  ExistingMachine,
  Facts,
  Flavor,
  Image,
  LoadBalancerFacts,
  Network,
  NetworkFacts,
  Router,
  Subnet,
  Unread,
  VolumeFacts,
  Zone,
} from "./cloudFacts";
import { isOpenstackId } from "../config/openstackId";
import { planNeeds, type Needs } from "./needs";

/** Nova shows a server's flavor by its numbers instead of an id that may be gone (Pike, 2017). */
const embeddedFlavor = "2.47";

/** Asks one question; undefined when it cannot be answered, which is then noted. */
type Ask = <T>(service: OpenstackService, question: string, answer: () => Promise<T>) => Promise<T | undefined>;

/** Throws only on a fault of this program: a cloud that does not answer is a fact too. */
export async function gatherFacts(api: OpenstackApi, config: ClusterConfig): Promise<Facts> {
  const needs = planNeeds(config);
  const unread: Unread[] = [];
  const missingServices = neededServices(needs).filter((service) => !api.has(service));
  const ask: Ask = async (service, question, answer) => {
    if (missingServices.includes(service)) return undefined;
    try {
      return await answer();
    } catch (error) {
      if (!(error instanceof OpenstackError)) throw error;
      unread.push({ service, question, message: error.message, status: error.status });
      return undefined;
    }
  };
  const [images, compute, network, volume, loadBalancer] = await Promise.all([
    imageFacts(api, needs, ask),
    computeFacts(api, needs, ask),
    networkFacts(api, config, needs, ask),
    needsVolumes(needs) ? volumeFacts(api, ask) : {},
    needs.loadBalancer === undefined ? {} : loadBalancerFacts(api, needs, ask),
  ]);
  return { missingServices, unread, ...images, compute, network, volume, loadBalancer };
}

function needsVolumes(needs: Needs): boolean {
  return needs.groups.some(({ volumes, names }) => volumes.length > 0 && names.length > 0);
}

function neededServices(needs: Needs): OpenstackService[] {
  return [
    "compute",
    "image",
    "network",
    ...(needsVolumes(needs) ? (["block-storage"] as const) : []),
    ...(needs.loadBalancer === undefined ? [] : (["load-balancer"] as const)),
  ];
}

async function imageFacts(api: OpenstackApi, needs: Needs, ask: Ask): Promise<Pick<Facts, "images" | "imageNames">> {
  const references = [...new Set(needs.groups.filter(({ names }) => names.length > 0).map(({ image }) => image.value))];
  const answers = await Promise.all(
    references.map(
      async (reference) => [reference, await ask("image", "the image", () => findImages(api, reference))] as const,
    ),
  );
  const images = new Map(
    answers.flatMap(([reference, found]) => (found === undefined ? [] : [[reference, found] as const])),
  );
  if (![...images.values()].some((found) => found.length === 0)) return { images };
  const all = await ask("image", "the names of images", () => api.list<Image>("image", "/images", "images"));
  return { images, imageNames: all?.flatMap(({ name }) => (name === null ? [] : [name])) };
}

/** All images of that name, or the one of that id. */
async function findImages(api: OpenstackApi, reference: string): Promise<Image[]> {
  if (!isOpenstackId(reference))
    return api.list<Image>("image", `/images?name=${encodeURIComponent(reference)}`, "images");
  try {
    return [await api.get<Image>("image", `/images/${reference}`)];
  } catch (error) {
    if (error instanceof OpenstackError && error.status === 404) return [];
    throw error;
  }
}

type AvailabilityZones = { availabilityZoneInfo: { zoneName: string; zoneState: { available: boolean } }[] };
const zonesOf = ({ availabilityZoneInfo }: AvailabilityZones): Zone[] =>
  availabilityZoneInfo.map(({ zoneName, zoneState }) => ({ name: zoneName, available: zoneState.available }));

async function computeFacts(api: OpenstackApi, needs: Needs, ask: Ask): Promise<ComputeFacts> {
  const [limits, flavors, zones, serverGroups, machines] = await Promise.all([
    ask("compute", "the quota of machines", () =>
      api.get<{ limits: { absolute: Record<string, number> } }>("compute", "/limits"),
    ),
    ask("compute", "the flavors", () => api.list<Flavor>("compute", "/flavors/detail", "flavors")),
    ask("compute", "the availability zones", async () =>
      zonesOf(await api.get<AvailabilityZones>("compute", "/os-availability-zone")),
    ),
    ask("compute", "the server groups", () =>
      api.list<{ name: string }>("compute", "/os-server-groups", "server_groups"),
    ),
    ask("compute", "the machines that exist", () => existingMachines(api, needs)),
  ]);
  const absolute = limits?.limits.absolute ?? {};
  const allowance = (limit: string, used: string): Allowance | undefined =>
    absolute[limit] === undefined || absolute[used] === undefined
      ? undefined
      : { limit: absolute[limit], used: absolute[used] };
  return {
    flavors,
    zones,
    machines,
    existingServerGroups: serverGroups?.map(({ name }) => name),
    cores: allowance("maxTotalCores", "totalCoresUsed"),
    ram: allowance("maxTotalRAMSize", "totalRAMUsed"),
    instances: allowance("maxTotalInstances", "totalInstancesUsed"),
    serverGroups: allowance("maxServerGroups", "totalServerGroupsUsed"),
    serverGroupMembers: absolute.maxServerGroupMembers,
  };
}

/**
 * The cluster's machines, by name: a name is enough for those that keep their flavor, and Nova tells a thousand names
 * in the time of a few details. A machine that is being deleted is one of them, rightly: its quota is still in use, and
 * its successor will take no more.
 */
async function existingMachines(api: OpenstackApi, needs: Needs): Promise<Map<string, ExistingMachine>> {
  const resizable = needs.groups.filter(
    ({ role, rolled, names }) => names.length > 0 && (role === "control-plane" || rolled.size > 0),
  );
  const prefixes = [
    ...new Set(resizable.flatMap(({ names }) => names.slice(0, 1).map((name) => name.replace(/-\d+$/, "")))),
  ];
  const named = (pattern: string) => `name=${encodeURIComponent(pattern)}`;
  type Server = { name: string; flavor: { original_name: string; vcpus: number; ram: number } };
  const [all, detailed] = await Promise.all([
    api.list<{ name: string }>("compute", `/servers?${named(`^${needs.clusterName}-`)}`, "servers"),
    prefixes.length === 0
      ? []
      : api.list<Server>(
          "compute",
          `/servers/detail?${named(`^(${prefixes.join("|")})(-[0-9]+)?$`)}`,
          "servers",
          embeddedFlavor,
        ),
  ]);
  return new Map<string, ExistingMachine>([
    ...all.map(({ name }) => [name, {}] as const),
    ...detailed.map(
      ({ name, flavor }) =>
        [name, { flavor: { name: flavor.original_name, vcpus: flavor.vcpus, ram: flavor.ram } }] as const,
    ),
  ]);
}

async function networkFacts(api: OpenstackApi, config: ClusterConfig, needs: Needs, ask: Ask): Promise<NetworkFacts> {
  const { networkId, subnetId, routerId, externalNetwork } = config.network;
  const extra = needs.groups.flatMap(({ networks }) => networks.map(({ value }) => value));
  const networkIds = [...new Set([...(networkId === undefined ? [] : [networkId]), ...extra])];
  const networkFields = fields("id", "name", "mtu", "subnets", "port_security_enabled");
  const subnetFields = fields("id", "name", "network_id", "cidr", "ip_version", "tags");
  const list = <T>(question: string, path: string, key: string) =>
    ask("network", question, () => api.list<T>("network", path, key));
  const [extensions, externalNetworks, networks, inNetwork, subnet, routers, quota, own] = await Promise.all([
    ask("network", "Neutron's extensions", () =>
      api.get<{ extensions: { alias: string }[] }>("network", "/extensions"),
    ),
    externalNetwork === undefined
      ? undefined
      : list<Network>("the external networks", `/networks?router:external=true&${networkFields}`, "networks"),
    networkIds.length === 0
      ? []
      : list<Network>(
          "the networks that the configuration names",
          `/networks?${networkIds.map((id) => `id=${id}`).join("&")}&${networkFields}`,
          "networks",
        ),
    networkId === undefined
      ? []
      : list<Subnet>("the subnets of network.networkId", `/subnets?network_id=${networkId}&${subnetFields}`, "subnets"),
    subnetId === undefined
      ? []
      : list<Subnet>("the subnet of network.subnetId", `/subnets?id=${subnetId}&${subnetFields}`, "subnets"),
    routerId === undefined
      ? []
      : list<Router>(
          "the router of network.routerId",
          `/routers?id=${routerId}&${fields("id", "name", "external_gateway_info")}`,
          "routers",
        ),
    ask("network", "the quota of the network", () =>
      api.get<{ quota: Record<string, { limit: number; used: number; reserved: number }> }>(
        "network",
        `/quotas/${api.projectId}/details.json`,
      ),
    ),
    ask("network", "what the cluster has in Neutron already", () => ownNetworking(api, needs.clusterName)),
  ]);
  return {
    extensions: extensions && new Set(extensions.extensions.map(({ alias }) => alias)),
    externalNetworks,
    networks,
    subnets: inNetwork &&
      subnet && [...inNetwork, ...subnet.filter(({ id }) => !inNetwork.some((known) => known.id === id))],
    routers,
    own,
    quota: quota && mapValues(quota.quota, ({ limit, used, reserved }) => ({ limit, used: used + reserved })),
  };
}

const fields = (...names: string[]) => names.map((name) => `fields=${name}`).join("&");

async function ownNetworking(api: OpenstackApi, clusterName: string): Promise<NetworkFacts["own"]> {
  const tagged = <T>(collection: string, key: string, ...names: string[]) =>
    api.list<T>(
      "network",
      `/${collection}?project_id=${api.projectId}&tags=${encodeURIComponent(`kubernetes-cluster=${clusterName}`)}&${fields(...names)}`,
      key,
    );
  const [networks, subnets, routers, floatingIps, groups, ports] = await Promise.all([
    tagged("networks", "networks", "id"),
    tagged("subnets", "subnets", "id"),
    tagged("routers", "routers", "id"),
    tagged("floatingips", "floatingips", "id"),
    tagged<{ security_group_rules: unknown[] }>("security-groups", "security_groups", "id", "security_group_rules"),
    tagged<{ name: string }>("ports", "ports", "name"),
  ]);
  return {
    networks: networks.length,
    subnets: subnets.length,
    routers: routers.length,
    floatingIps: floatingIps.length,
    securityGroups: groups.length,
    securityGroupRules: groups.reduce((sum, group) => sum + group.security_group_rules.length, 0),
    portNames: new Set(ports.map(({ name }) => name)),
  };
}

async function volumeFacts(api: OpenstackApi, ask: Ask): Promise<VolumeFacts> {
  const [types, zones, quota] = await Promise.all([
    ask("block-storage", "the volume types", () =>
      api.list<{ name: string }>("block-storage", "/types", "volume_types"),
    ),
    ask("block-storage", "the availability zones of volumes", async () =>
      zonesOf(await api.get<AvailabilityZones>("block-storage", "/os-availability-zone")),
    ),
    ask("block-storage", "the quota of volumes", () =>
      api.get<{ quota_set: Record<string, { limit: number; in_use: number; reserved: number } | string> }>(
        "block-storage",
        `/os-quota-sets/${api.projectId}?usage=true`,
      ),
    ),
  ]);
  const allowances = Object.entries(quota?.quota_set ?? {}).flatMap(([name, value]) =>
    typeof value === "string" ? [] : [[name, { limit: value.limit, used: value.in_use + value.reserved }] as const],
  );
  return { types: types?.map(({ name }) => name), zones, quota: quota && Object.fromEntries(allowances) };
}

type OctaviaBalancer = {
  id: string;
  name: string;
  provider: string;
  listeners: { id: string }[];
  pools: { id: string }[];
};
type OctaviaPool = { id: string; members: { id: string }[]; healthmonitor_id: string | null };

async function loadBalancerFacts(api: OpenstackApi, needs: Needs, ask: Ask): Promise<LoadBalancerFacts> {
  const [providers, flavors, quota, balancers] = await Promise.all([
    ask("load-balancer", "Octavia's providers", () =>
      api.list<{ name: string }>("load-balancer", "/lbaas/providers", "providers"),
    ),
    needs.loadBalancer?.flavorId === undefined
      ? undefined
      : ask("load-balancer", "Octavia's flavors", () =>
          api.list<{ id: string; name: string; enabled: boolean }>("load-balancer", "/lbaas/flavors", "flavors"),
        ),
    ask("load-balancer", "the quota of load balancers", () =>
      api.get<{ quota: Record<string, number | null> }>("load-balancer", `/lbaas/quotas/${api.projectId}`),
    ),
    ask("load-balancer", "the load balancers that exist", () =>
      Promise.all([
        api.list<OctaviaBalancer>(
          "load-balancer",
          `/lbaas/loadbalancers?project_id=${api.projectId}&${fields("id", "name", "provider", "listeners", "pools")}`,
          "loadbalancers",
        ),
        api.list<OctaviaPool>(
          "load-balancer",
          `/lbaas/pools?project_id=${api.projectId}&${fields("id", "members", "healthmonitor_id")}`,
          "pools",
        ),
      ]),
    ),
  ]);
  const found = { providers: providers?.map(({ name }) => name), flavors };
  if (balancers === undefined) return found;
  const [loadBalancers, pools] = balancers;
  const count = (of: readonly OctaviaBalancer[], ofPools: readonly OctaviaPool[]): Record<string, number> => ({
    load_balancer: of.length,
    listener: of.reduce((sum, { listeners }) => sum + listeners.length, 0),
    pool: ofPools.length,
    member: ofPools.reduce((sum, { members }) => sum + members.length, 0),
    health_monitor: ofPools.filter(({ healthmonitor_id: monitor }) => monitor !== null).length,
  });
  const used = count(loadBalancers, pools);
  const own = loadBalancers.find(({ name }) => name === `${needs.clusterName}-api`);
  const ownCounts =
    own &&
    count(
      [own],
      pools.filter(({ id }) => own.pools.some((pool) => pool.id === id)),
    );
  return {
    ...found,
    // A limit may be null, which says that the deployment's default applies, whatever that is.
    quota:
      quota &&
      Object.fromEntries(
        Object.entries(quota.quota).flatMap(([name, limit]) =>
          limit === null ? [] : [[name, { limit, used: used[name] ?? 0 }] as const],
        ),
      ),
    own: own && { provider: own.provider, counts: ownCounts ?? {} },
  };
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
