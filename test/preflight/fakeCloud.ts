import { keystoneToken, projectId, withServer, type FakeAnswer, type FakeRequest } from "../openstack/fakeOpenstack";

const networkId = "11111111-1111-4111-8111-111111111111";
const externalId = "22222222-2222-4222-8222-222222222222";

/**
 * What a small cloud holds, in the shapes of its APIs; an empty project with room for the minimal stack. A test changes
 * one thing about it.
 */
export const healthyCloud = {
  /** Paths of the services in the catalog, by type. */
  catalog: {
    compute: "/nova",
    image: "/glance",
    network: "/neutron",
    volumev3: "/cinder",
    "load-balancer": "/octavia",
  } as Record<string, string>,
  /** Statuses that paths answer instead. */
  refused: {} as Record<string, number>,
  images: [image("a1", "ubuntu-24.04"), image("a2", "debian-13")],
  flavors: [flavor("small", 1, 1024, 10), flavor("medium", 4, 8192, 40), flavor("large", 8, 16384, 80)],
  zones: [zone("az1"), zone("az2")],
  limits: {
    maxTotalCores: 28,
    totalCoresUsed: 0,
    maxTotalRAMSize: 57344,
    totalRAMUsed: 0,
    maxTotalInstances: 5,
    totalInstancesUsed: 0,
    maxServerGroups: 1,
    totalServerGroupsUsed: 0,
    maxServerGroupMembers: 3,
  },
  servers: [] as ReturnType<typeof server>[],
  serverGroups: [] as { name: string }[],
  extensions: [
    "security-group",
    "standard-attr-tag",
    "standard-attr-description",
    "net-mtu-writable",
    "external-net",
    "router",
    "allowed-address-pairs",
  ],
  networks: [
    {
      id: externalId,
      name: "public",
      mtu: 1500,
      subnets: ["s"],
      "router:external": true,
      port_security_enabled: true,
      tags: [] as string[],
    },
  ],
  subnets: [] as {
    id: string;
    name: string;
    network_id: string;
    cidr: string;
    ip_version: number;
    gateway_ip?: string | null;
    tags: string[];
  }[],
  routers: [] as { id: string; name: string; external_gateway_info: { network_id: string } | null; tags: string[] }[],
  ports: [] as { name: string; tags: string[] }[],
  floatingips: [] as { id: string; tags: string[] }[],
  security_groups: [] as { id: string; security_group_rules: object[]; tags: string[] }[],
  networkQuota: {
    network: 1,
    subnet: 1,
    router: 1,
    port: 10,
    floatingip: 2,
    security_group: 3,
    security_group_rule: 20,
  } as Record<string, number>,
  volumeTypes: ["standard"],
  volumeZones: [zone("nova")],
  volumeQuota: {
    volumes: 10,
    gigabytes: 1000,
    per_volume_gigabytes: -1,
    volumes_standard: -1,
    gigabytes_standard: -1,
  } as Record<string, number>,
  providers: ["amphora", "octavia"],
  octaviaFlavors: [] as { id: string; name: string; enabled: boolean }[],
  loadBalancers: [] as { id: string; name: string; provider: string; listeners: object[]; pools: { id: string }[] }[],
  pools: [] as { id: string; members: object[]; healthmonitor_id: string | null }[],
  octaviaQuota: { load_balancer: 1, listener: 1, pool: 1, health_monitor: 1, member: 3 } as Record<
    string,
    number | null
  >,
};

export type Cloud = typeof healthyCloud;

export const ids = { network: networkId, external: externalId };

export function image(
  id: string,
  name: string,
  more: { status?: string; size?: number; min_disk?: number; min_ram?: number; os_distro?: string } = {},
) {
  return { id, name, status: "active", size: 2 ** 30, min_disk: 0, min_ram: 0, ...more };
}

function flavor(name: string, vcpus: number, ram: number, disk: number) {
  return { name, vcpus, ram, disk };
}

export function zone(zoneName: string, available = true) {
  return { zoneName, zoneState: { available } };
}

/** `launched`: whether it ever started. */
export function server(name: string, of: ReturnType<typeof flavor>, status = "ACTIVE", launched = true) {
  return {
    name,
    status,
    "OS-SRV-USG:launched_at": launched ? "2026-01-05T10:00:00" : null,
    flavor: { original_name: of.name, vcpus: of.vcpus, ram: of.ram },
  };
}

/** Serves `cloud`; `requests` collects what is asked, log-in aside. */
export function withCloud<T>(
  cloud: Cloud,
  use: (authUrl: string) => Promise<T>,
  requests: FakeRequest[] = [],
): Promise<T> {
  return withServer((request, own) => {
    if (request.method === "POST" && request.url === "/v3/auth/tokens") return keystoneToken(own, cloud.catalog);
    requests.push(request);
    const url = new URL(request.url, own);
    const refused = cloud.refused[url.pathname] ?? cloud.refused[url.pathname.split("/")[1] ?? ""];
    if (refused !== undefined) return { status: refused };
    return request.headers["x-auth-token"] === "T" && request.method === "GET" ? answerOf(cloud, url) : { status: 401 };
  }, use);
}

function answerOf(cloud: Cloud, { pathname, searchParams: query }: URL): FakeAnswer {
  const ok = (body: unknown): FakeAnswer => ({ status: 200, headers: { "content-type": "application/json" }, body });
  /** Neutron's and Glance's filters by equality. */
  const where = <T extends object>(items: readonly T[], ...keys: string[]): T[] =>
    items.filter((item) =>
      keys.every((key) => {
        const wanted = query.getAll(key);
        const value = String((item as Record<string, unknown>)[key]);
        return wanted.length === 0 || wanted.includes(value);
      }),
    );
  const tagged = <T extends { tags: string[] }>(items: readonly T[]) =>
    items.filter(({ tags }) => !query.has("tags") || tags.includes(query.get("tags") ?? ""));
  const named = () =>
    where(cloud.servers, "status").filter(({ name }) => new RegExp(query.get("name") ?? "").test(name));
  const allowances = (quota: Record<string, number>, used: string) =>
    Object.fromEntries(Object.entries(quota).map(([name, limit]) => [name, { limit, [used]: 0, reserved: 0 }]));
  const answers: Record<string, () => FakeAnswer> = {
    "/nova/limits": () => ok({ limits: { absolute: cloud.limits } }),
    "/nova/flavors/detail": () => ok({ flavors: cloud.flavors }),
    "/nova/os-availability-zone": () => ok({ availabilityZoneInfo: cloud.zones }),
    "/nova/os-server-groups": () => ok({ server_groups: cloud.serverGroups }),
    "/nova/servers": () => ok({ servers: named().map(({ name }) => ({ name })) }),
    "/nova/servers/detail": () => ok({ servers: named() }),
    "/glance/v2/images": () => ok({ images: where(cloud.images, "name") }),
    "/neutron/v2.0/extensions": () => ok({ extensions: cloud.extensions.map((alias) => ({ alias })) }),
    "/neutron/v2.0/networks": () => ok({ networks: tagged(where(cloud.networks, "id", "router:external")) }),
    "/neutron/v2.0/subnets": () => ok({ subnets: tagged(where(cloud.subnets, "id", "network_id")) }),
    "/neutron/v2.0/routers": () => ok({ routers: tagged(where(cloud.routers, "id")) }),
    "/neutron/v2.0/ports": () => ok({ ports: tagged(cloud.ports) }),
    "/neutron/v2.0/floatingips": () => ok({ floatingips: tagged(cloud.floatingips) }),
    "/neutron/v2.0/security-groups": () => ok({ security_groups: tagged(cloud.security_groups) }),
    [`/neutron/v2.0/quotas/${projectId}/details.json`]: () => ok({ quota: allowances(cloud.networkQuota, "used") }),
    "/cinder/types": () => ok({ volume_types: cloud.volumeTypes.map((name) => ({ name })) }),
    "/cinder/os-availability-zone": () => ok({ availabilityZoneInfo: cloud.volumeZones }),
    [`/cinder/os-quota-sets/${projectId}`]: () =>
      ok({ quota_set: { id: projectId, ...allowances(cloud.volumeQuota, "in_use") } }),
    "/octavia/v2/lbaas/providers": () => ok({ providers: cloud.providers.map((name) => ({ name })) }),
    "/octavia/v2/lbaas/flavors": () => ok({ flavors: cloud.octaviaFlavors }),
    "/octavia/v2/lbaas/loadbalancers": () => ok({ loadbalancers: cloud.loadBalancers }),
    "/octavia/v2/lbaas/pools": () => ok({ pools: cloud.pools }),
    [`/octavia/v2/lbaas/quotas/${projectId}`]: () => ok({ quota: cloud.octaviaQuota }),
  };
  const imageId = /^\/glance\/v2\/images\/(.+)$/.exec(pathname)?.[1];
  const byId = cloud.images.find(({ id }) => id === imageId);
  return byId === undefined ? (answers[pathname]?.() ?? { status: 404 }) : ok(byId);
}
