/** What Neutron and Octavia tell: a few calls each, whatever the cluster's size. */
import type { ClusterConfig } from "../config/clusterConfig";
import { apiEndpointName } from "../network/apiEndpointNames";
import { clusterTag } from "../network/tags";
import type { OpenstackApi } from "../openstack/client";
import { listResources } from "../openstack/resources";
import { createdTypes, type CreatedType } from "../openstack/resourceTypes";
import type { Ask, CloudNetwork, CloudRouter, CloudSubnet, LoadBalancerFacts, NetworkFacts } from "./cloudFacts";
import type { Needs } from "./needs";
import { networkQuota } from "./quotas";

export async function networkFacts(
  api: OpenstackApi,
  config: ClusterConfig,
  needs: Needs,
  ask: Ask,
): Promise<NetworkFacts> {
  const { networkId, subnetId, routerId, externalNetwork } = config.network;
  const extra = needs.groups.flatMap(({ networks }) => networks.map(({ value }) => value));
  const networkIds = [...new Set([...(networkId === undefined ? [] : [networkId]), ...extra])];
  const networkFields = fields("id", "name", "mtu", "subnets", "port_security_enabled");
  const subnetFields = fields("id", "name", "network_id", "cidr", "ip_version", "gateway_ip", "tags");
  const list = <T>(question: string, type: CreatedType, query: string) =>
    ask("network", question, () => listResources<T>(api, type, query));
  const [extensions, externalNetworks, networks, inNetworks, subnet, routers, quota, own] = await Promise.all([
    ask("network", "Neutron's extensions", () =>
      api.get<{ extensions: { alias: string }[] }>("network", "/extensions"),
    ),
    externalNetwork === undefined
      ? undefined
      : list<CloudNetwork>("the external networks", createdTypes.network, `router:external=true&${networkFields}`),
    networkIds.length === 0
      ? []
      : list<CloudNetwork>(
          "the networks that the configuration names",
          createdTypes.network,
          `${networkIds.map((id) => `id=${id}`).join("&")}&${networkFields}`,
        ),
    networkIds.length === 0
      ? []
      : list<CloudSubnet>(
          "the subnets of the networks that the configuration names",
          createdTypes.subnet,
          `${networkIds.map((id) => `network_id=${id}`).join("&")}&${subnetFields}`,
        ),
    subnetId === undefined
      ? []
      : list<CloudSubnet>("the subnet of network.subnetId", createdTypes.subnet, `id=${subnetId}&${subnetFields}`),
    routerId === undefined
      ? []
      : list<CloudRouter>(
          "the router of network.routerId",
          createdTypes.router,
          `id=${routerId}&${fields("id", "name", "external_gateway_info")}`,
        ),
    ask("network", "the quota of the network", () => networkQuota(api)),
    ask("network", "what the cluster has in Neutron already", () => ownNetworking(api, needs.clusterName)),
  ]);
  return {
    extensions: extensions && new Set(extensions.extensions.map(({ alias }) => alias)),
    externalNetworks,
    networks,
    subnets: inNetworks &&
      subnet && [...inNetworks, ...subnet.filter(({ id }) => !inNetworks.some((known) => known.id === id))],
    routers,
    own,
    quota,
  };
}

const fields = (...names: string[]) => names.map((name) => `fields=${name}`).join("&");

async function ownNetworking(api: OpenstackApi, clusterName: string): Promise<NetworkFacts["own"]> {
  const tagged = <T>(type: CreatedType, ...names: string[]) =>
    listResources<T>(
      api,
      type,
      `project_id=${api.projectId}&tags=${encodeURIComponent(clusterTag(clusterName))}&${fields(...names)}`,
    );
  const [networks, subnets, routers, floatingIps, groups, ports] = await Promise.all([
    tagged(createdTypes.network, "id"),
    tagged(createdTypes.subnet, "id"),
    tagged(createdTypes.router, "id"),
    tagged(createdTypes.floatingIp, "id"),
    tagged<{ security_group_rules: unknown[] }>(createdTypes.securityGroup, "id", "security_group_rules"),
    tagged<{ name: string }>(createdTypes.port, "name"),
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

type OctaviaBalancer = {
  id: string;
  name: string;
  provider: string;
  listeners: { id: string }[];
  pools: { id: string }[];
};
type OctaviaPool = { id: string; members: { id: string }[]; healthmonitor_id: string | null };

export async function loadBalancerFacts(api: OpenstackApi, needs: Needs, ask: Ask): Promise<LoadBalancerFacts> {
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
        listResources<OctaviaBalancer>(
          api,
          createdTypes.loadBalancer,
          `project_id=${api.projectId}&${fields("id", "name", "provider", "listeners", "pools")}`,
        ),
        listResources<OctaviaPool>(
          api,
          createdTypes.pool,
          `project_id=${api.projectId}&${fields("id", "members", "healthmonitor_id")}`,
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
  const own = loadBalancers.find(({ name }) => name === apiEndpointName(needs.clusterName));
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
