/**
 * The lab's OpenStack asked directly: what the tests believe, rather than the engine's state. Own few lines, so that no
 * fault of the program's client can hide here.
 */
import { readFileSync } from "node:fs";
import { labFolder, layout } from "../../lab/openstack/layout";

interface Cloud {
  auth: Record<string, string>;
  auth_type?: string;
}

/** Whatever a list of an API holds. */
export type Item = Record<string, unknown> & { id: string; name?: string; status?: string };

/** Everything a project can own that the program makes, as lists. */
export interface Inventory {
  servers: Item[];
  networks: Item[];
  subnets: Item[];
  routers: Item[];
  ports: Item[];
  floatingIps: Item[];
  securityGroups: Item[];
  volumes: Item[];
  loadBalancers: Item[];
  serverGroups: Item[];
}

/** A token of the lab and the addresses of its services. */
export class Openstack {
  private constructor(
    private readonly token: string,
    private readonly endpoints: ReadonlyMap<string, string>,
    readonly projectId: string,
  ) {}

  /**
   * @param cloud Entry of the lab's clouds.yaml: `lab` is the tenant, `lab-admin` the administrator in the tenant's
   * project.
   */
  static async connect(cloud: "lab" | "lab-admin" = "lab"): Promise<Openstack> {
    const { clouds } = JSON.parse(readFileSync(layout(labFolder()).cloudsYaml, "utf8")) as {
      clouds: Record<string, Cloud>;
    };
    const entry = clouds[cloud];
    if (!entry) throw new Error(`The lab's clouds.yaml has no ${cloud}.`);
    const { auth } = entry;
    const domain = { name: "Default" };
    const body =
      entry.auth_type === "v3applicationcredential"
        ? {
            identity: {
              methods: ["application_credential"],
              application_credential: {
                id: auth.application_credential_id,
                secret: auth.application_credential_secret,
              },
            },
          }
        : {
            identity: {
              methods: ["password"],
              password: { user: { name: auth.username, password: auth.password, domain } },
            },
            scope: { project: { name: auth.project_name, domain } },
          };
    const response = await fetch(`${auth.auth_url}/auth/tokens`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ auth: body }),
    });
    const { token } = (await response.json()) as {
      token: { project: { id: string }; catalog: { type: string; endpoints: { interface: string; url: string }[] }[] };
    };
    const endpoints = new Map(
      token.catalog.map(({ type, endpoints: list }) => [
        type,
        list.find((each) => each.interface === "public")?.url ?? "",
      ]),
    );
    return new Openstack(response.headers.get("x-subject-token") ?? "", endpoints, token.project.id);
  }

  /**
   * One call. `path` follows the service's address in the catalogue. Errors: any status of 400 and above, with
   * OpenStack's words.
   */
  async call<T>(service: string, path: string, method = "GET", body?: unknown): Promise<T> {
    const response = await fetch(`${this.endpoints.get(service)}${path}`, {
      method,
      headers: {
        "x-auth-token": this.token,
        "content-type": "application/json",
        // The version of Nova's API from which on the flavor is told by name; others refuse to be asked for it.
        ...(service === "compute" ? { "openstack-api-version": "compute 2.79" } : {}),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${service}${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  private async list(service: string, path: string, key: string): Promise<Item[]> {
    return (await this.call<Record<string, Item[]>>(service, path))[key] ?? [];
  }

  /** All servers of the project, by name. */
  async servers(): Promise<Item[]> {
    return (await this.list("compute", "/servers/detail", "servers")).sort((a, b) =>
      String(a.name).localeCompare(String(b.name)),
    );
  }

  /** All that the project owns; the security group `default`, which Neutron makes by itself, is left out. */
  async inventory(): Promise<Inventory> {
    const own = (items: Item[]) => items.filter(({ project_id }) => project_id === this.projectId);
    const lists: Record<keyof Inventory, Promise<Item[]>> = {
      servers: this.servers(),
      networks: this.list("network", "/v2.0/networks", "networks").then(own),
      subnets: this.list("network", "/v2.0/subnets", "subnets").then(own),
      routers: this.list("network", "/v2.0/routers", "routers").then(own),
      ports: this.list("network", "/v2.0/ports", "ports").then(own),
      floatingIps: this.list("network", "/v2.0/floatingips", "floatingips").then(own),
      securityGroups: this.list("network", "/v2.0/security-groups", "security_groups").then((groups) =>
        own(groups).filter(({ name }) => name !== "default"),
      ),
      volumes: this.list("volumev3", "/volumes/detail", "volumes"),
      loadBalancers: this.list("load-balancer", "/v2/lbaas/loadbalancers", "loadbalancers"),
      serverGroups: this.list("compute", "/os-server-groups", "server_groups"),
    };
    const entries = await Promise.all(Object.entries(lists).map(async ([kind, items]) => [kind, await items] as const));
    return Object.fromEntries(entries) as unknown as Inventory;
  }

  /** The whole inventory in one list, for a test that wants to know what has come and what is left. */
  async everything(): Promise<Item[]> {
    return (Object.values(await this.inventory()) as Item[][]).flat();
  }

  /** Id of a public image. */
  async imageId(name: string): Promise<string> {
    const [image] = await this.list("image", `/v2/images?name=${name}`, "images");
    if (image === undefined) throw new Error(`The lab has no image ${name}.`);
    return image.id;
  }

  /** Members of a load balancer that has one pool. */
  async membersOf(loadBalancerId: string): Promise<Item[]> {
    const [pool] = await this.list("load-balancer", `/v2/lbaas/pools?loadbalancer_id=${loadBalancerId}`, "pools");
    return pool === undefined ? [] : this.list("load-balancer", `/v2/lbaas/pools/${pool.id}/members`, "members");
  }

  /** What was ever done to a server, and when it began. */
  async actions(serverId: string): Promise<{ action: string; began: string }[]> {
    const found = await this.list("compute", `/servers/${serverId}/os-instance-actions`, "instanceActions");
    return found.map(({ action, start_time: began }) => ({ action: String(action), began: String(began) }));
  }

  /** How many there are of each, for a test that wants to see nothing left. */
  async counts(): Promise<Record<keyof Inventory, number>> {
    const entries = Object.entries(await this.inventory()).map(([kind, items]) => [kind, (items as Item[]).length]);
    return Object.fromEntries(entries) as Record<keyof Inventory, number>;
  }

  /** The user data Nova keeps of a server, decoded. Needs the administrator. */
  async userData(serverId: string): Promise<Buffer> {
    const { server } = await this.call<{ server: Record<string, string | null> }>("compute", `/servers/${serverId}`);
    return Buffer.from(server["OS-EXT-SRV-ATTR:user_data"] ?? "", "base64");
  }
}
