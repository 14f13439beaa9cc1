/**
 * An OpenStack of a few lines that the real client works on: the control plane of `dev`, of which two machines are off,
 * its load balancer, ports and floating IP, and an application credential. It remembers what was changed.
 */
import type { FakeAnswer, FakeRequest } from "../openstack/fakeOpenstack";

/** A change that the client asked for: method, path and what it sent. */
interface Change {
  readonly request: string;
  readonly body?: unknown;
}

const ok = (body: unknown): FakeAnswer => ({ status: 200, body });
const byName = (items: readonly { readonly name: string }[], query: URLSearchParams) =>
  items.filter(({ name }) => [null, name].includes(query.get("name")));

const statuses = ["ACTIVE", "SHUTOFF", "SHUTOFF"];
const servers = statuses.map((status, index) => ({
  id: `00000000-0000-4000-8000-00000000000${index}`,
  name: `dev-control-plane-${index}`,
  status,
  addresses: { "dev-network": [{ addr: `10.0.0.1${index + 1}`, version: 4 }] },
  image: { id: "image-1" },
  flavor: { id: "flavor-1", original_name: "m1.large", vcpus: 2, ram: 4096, disk: 20 },
  metadata: {},
}));

const standInConsole = [
  "[    0.000000] Linux version 6.1.0",
  "openstack-kubernetes: becoming a worker node",
  "openstack-kubernetes: still becoming a worker node, 61 s since the start: waiting for the API endpoint",
  "debian login:",
].join("\n");

const loadBalancer = { id: "10000000-0000-4000-8000-000000000000", name: "dev-api", provider: "amphora" };
const tree = {
  ...loadBalancer,
  provisioning_status: "ACTIVE",
  operating_status: "ERROR",
  listeners: [{ name: "dev-api", pools: [{ members: [{ name: "dev-control-plane-0", operating_status: "ERROR" }] }] }],
};
const port = {
  id: "20000000-0000-4000-8000-000000000000",
  name: "dev-control-plane-0",
  status: "ACTIVE",
  allowed_address_pairs: [{ ip_address: "10.0.0.10", mac_address: "fa:16:3e:00:00:01" }],
  security_group_ids: ["group-of-nodes"],
  security_groups: ["group-of-nodes"],
};
const floatingIp = {
  id: "30000000-0000-4000-8000-000000000000",
  name: "192.0.2.10",
  floating_ip_address: "192.0.2.10",
  fixed_ip_address: "10.0.0.10",
  status: "ACTIVE",
};
const credential = {
  id: "40000000-0000-4000-8000-000000000000",
  name: "kubernetes-dev",
  expires_at: "2026-11-30T00:00:00.000000",
  roles: [{ id: "role-member", name: "member" }],
  project_id: "p",
  unrestricted: false,
};

export class StandInOpenstack {
  readonly changes: Change[] = [];

  readonly answer = ({ method, url, body }: FakeRequest, own: string): FakeAnswer => {
    const { pathname: path, searchParams: query } = new URL(url, own);
    if (method !== "GET" && path !== "/v3/auth/tokens")
      this.changes.push({ request: `${method} ${path}`, ...(body === undefined ? {} : { body }) });
    const found =
      keystone(method, path, query, own, body) ??
      nova(path, query, own, body) ??
      octavia(path, query, own) ??
      neutron(path, query, own) ??
      glance(path, own);
    return found ?? { status: 404, body: { error: { message: `no ${method} ${path} here` } } };
  };
}

function version(url: string, id: string): object {
  const links = [{ rel: "self", href: url }];
  return { id, status: "CURRENT", version: "2.90", min_version: "2.1", links };
}

function keystone(
  method: string,
  path: string,
  query: URLSearchParams,
  own: string,
  body: unknown,
): FakeAnswer | undefined {
  if (path === "/v3" || path === "/v3/") return ok({ version: version(`${own}/v3/`, "v3.14") });
  if (path === "/v3/auth/tokens") {
    const services = {
      identity: "/v3",
      compute: "/nova/v2.1",
      image: "/glance",
      network: "/neutron",
      "load-balancer": "/octavia",
    };
    const catalog = Object.entries(services).map(([type, below]) => ({
      type,
      name: type,
      endpoints: [{ id: type, interface: "public", region: "one", region_id: "one", url: `${own}${below}` }],
    }));
    const domain = { id: "default", name: "Default" };
    const token = {
      catalog,
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      issued_at: new Date().toISOString(),
      methods: ["password"],
      project: { id: "p", name: "p", domain },
      // The client finds roles by name here.
      roles: ["member", "load-balancer_member"].map((name) => ({ id: `role-${name}`, name })),
      user: { id: "u", name: "u", domain },
    };
    return { status: 201, headers: { "x-subject-token": "T" }, body: { token } };
  }
  const below = "/v3/users/u/application_credentials";
  if (path === below && method === "POST") {
    const { application_credential: asked } = body as { application_credential: object };
    return { status: 201, body: { application_credential: { ...asked, ...credential, secret: "printed once" } } };
  }
  if (path === below) return ok({ application_credentials: byName([credential], query) });
  if (path !== `${below}/${credential.id}`) return undefined;
  return method === "DELETE" ? { status: 204 } : ok({ application_credential: credential });
}

function nova(path: string, query: URLSearchParams, own: string, body: unknown): FakeAnswer | undefined {
  const base = "/nova/v2.1";
  if (path === base || path === `${base}/`) return ok({ version: version(`${own}${base}/`, "v2.1") });
  if (path === `${base}/servers` || path === `${base}/servers/detail`) {
    // Nova takes the name as a pattern.
    const pattern = new RegExp(query.get("name") ?? "");
    return ok({ servers: servers.filter(({ name }) => pattern.test(name)) });
  }
  if (path === `${base}/flavors/detail`) return ok({ flavors: [{ id: "flavor-1", name: "m1.large" }] });
  const [, id, action] = new RegExp(`^${base}/servers/([^/]+)(/action)?$`).exec(path) ?? [];
  const server = servers.find((one) => one.id === id);
  if (server === undefined) return undefined;
  if (action === undefined) return ok({ server });
  return "os-getConsoleOutput" in (body as object) ? ok({ output: standInConsole }) : { status: 202 };
}

function octavia(path: string, query: URLSearchParams, own: string): FakeAnswer | undefined {
  if (path === "/octavia" || path === "/octavia/") return ok({ versions: [version(`${own}/octavia/v2.0`, "v2.0")] });
  const base = "/octavia/v2.0/lbaas/loadbalancers";
  if (path === base) return ok({ loadbalancers: byName([loadBalancer], query) });
  if (path === `${base}/${loadBalancer.id}`) return ok({ loadbalancer: { ...loadBalancer, ...tree } });
  if (path === `${base}/${loadBalancer.id}/status`) return ok({ statuses: { loadbalancer: tree } });
  return path === `${base}/${loadBalancer.id}/failover` ? { status: 202 } : undefined;
}

function neutron(path: string, query: URLSearchParams, own: string): FakeAnswer | undefined {
  if (path === "/neutron" || path === "/neutron/") return ok({ versions: [version(`${own}/neutron/v2.0`, "v2.0")] });
  const base = "/neutron/v2.0";
  if (path === `${base}/ports`) return ok({ ports: byName([port], query) });
  if (path === `${base}/ports/${port.id}`) return ok({ port });
  if (path === `${base}/floatingips`) {
    const address = query.get("floating_ip_address");
    return ok({ floatingips: address === null || address === floatingIp.name ? [floatingIp] : [] });
  }
  return path === `${base}/floatingips/${floatingIp.id}` ? ok({ floatingip: floatingIp }) : undefined;
}

function glance(path: string, own: string): FakeAnswer | undefined {
  if (path === "/glance" || path === "/glance/") return ok({ versions: [version(`${own}/glance/v2/`, "v2.0")] });
  const image = { id: "image-1", name: "debian-12" };
  if (path === "/glance/v2/images") return ok({ images: [image] });
  return path === `/glance/v2/images/${image.id}` ? ok(image) : undefined;
}
