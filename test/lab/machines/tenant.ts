/** A project of its own on the lab, for tests that need quotas and things in the way that nobody else should meet. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { labFolder, layout } from "../../../lab/openstack/layout";
import type { OpenstackCloud } from "../../../src/openstack/cloud";

type Json = Record<string, unknown>;

const domain = { name: "Default" };
const password = "made-for-one-test";
const byPassword = (name: string, secret: string, project: Json) => ({
  identity: { methods: ["password"], password: { user: { name, password: secret, domain } } },
  scope: { project },
});

/** Calls with one token. */
class Session {
  private constructor(
    private readonly token: string,
    private readonly addresses: ReadonlyMap<string, string>,
  ) {}

  static async open(authUrl: string, auth: Json): Promise<Session> {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${authUrl}/v3/auth/tokens`, {
      method: "POST",
      headers,
      body: JSON.stringify({ auth }),
    });
    const { token } = (await answer.json()) as {
      token: { catalog: { type: string; endpoints: { interface: string; url: string }[] }[] };
    };
    const addresses = token.catalog.map(
      ({ type, endpoints }) => [type, endpoints.find((each) => each.interface === "public")?.url ?? ""] as const,
    );
    return new Session(answer.headers.get("x-subject-token") ?? "", new Map(addresses));
  }

  /** One call; the answer is undefined where it has no body. Throws OpenStack's words for any status from 400 on. */
  async call<T>(method: "GET" | "POST" | "PUT" | "DELETE", service: string, path: string, body?: Json): Promise<T> {
    const headers = { "x-auth-token": this.token, "content-type": "application/json" };
    const answer = await fetch(`${this.addresses.get(service)}${path}`, {
      method,
      headers,
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${service}${path}: ${answer.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }
}

const quotaPaths = {
  compute: { path: "/os-quota-sets/", key: "quota_set" },
  volumev3: { path: "/os-quota-sets/", key: "quota_set" },
  network: { path: "/v2.0/quotas/", key: "quota" },
  "load-balancer": { path: "/v2/lbaas/quotas/", key: "quota" },
} as const;

export type QuotaService = keyof typeof quotaPaths;

export class Tenant {
  /** What `remove` takes away, last made first. */
  private readonly removals: (() => Promise<unknown>)[] = [];
  private member!: Session;

  private constructor(
    private readonly name: string,
    private readonly authUrl: string,
    private readonly admin: Session,
    readonly projectId: string,
  ) {}

  /**
   * Makes the project, a user `member` who may do what a tenant may, and a user `reader` who may only read and has no
   * role in Octavia.
   */
  static async create(name: string): Promise<Tenant> {
    const { clouds } = JSON.parse(readFileSync(layout(labFolder()).cloudsYaml, "utf8")) as {
      clouds: Record<string, { auth: Record<string, string> }>;
    };
    const { auth_url: url = "", username = "", password: secret = "", project_name: home } = clouds["lab-admin"]!.auth;
    const authUrl = url.replace(/\/v3$/, "");
    const admin = await Session.open(authUrl, byPassword(username, secret, { name: home, domain }));
    const { project } = await admin.call<{ project: { id: string } }>("POST", "identity", "/projects", {
      project: { name, domain_id: "default" },
    });
    const tenant = new Tenant(name, authUrl, admin, project.id);
    tenant.removals.push(() => admin.call("DELETE", "identity", `/projects/${project.id}`));
    await tenant.addUser("member", ["member", "load-balancer_member"]);
    await tenant.addUser("reader", ["reader"]);
    tenant.member = await Session.open(authUrl, tenant.cloud().auth as Json);
    return tenant;
  }

  /** The project as the program sees it. */
  cloud(user: "member" | "reader" = "member", region = "RegionOne"): OpenstackCloud {
    return {
      authUrl: this.authUrl,
      region,
      insecure: false,
      auth: byPassword(`${this.name}-${user}`, password, { id: this.projectId }),
    };
  }

  private async addUser(user: string, granted: readonly string[]): Promise<void> {
    const wish = { name: `${this.name}-${user}`, password, domain_id: "default", default_project_id: this.projectId };
    const made = await this.admin.call<{ user: { id: string } }>("POST", "identity", "/users", { user: wish });
    this.removals.push(() => this.admin.call("DELETE", "identity", `/users/${made.user.id}`));
    const { roles } = await this.admin.call<{ roles: { id: string; name: string }[] }>("GET", "identity", "/roles");
    for (const { id } of roles.filter((role) => granted.includes(role.name)))
      await this.admin.call("PUT", "identity", `/projects/${this.projectId}/users/${made.user.id}/roles/${id}`);
  }

  /** Sets quotas of the project by the service's own names. */
  async limit(service: QuotaService, values: Readonly<Record<string, number>>): Promise<void> {
    const { path, key } = quotaPaths[service];
    await this.admin.call("PUT", service, `${path}${this.projectId}`, { [key]: values });
  }

  /** Makes something in Neutron, for instance a network in `networks`; returns its id. */
  async makeInNeutron(collection: "networks" | "subnets" | "routers", wish: Json): Promise<string> {
    const key = collection.slice(0, -1);
    const made = await this.member.call<Record<string, { id: string }>>("POST", "network", `/v2.0/${collection}`, {
      [key]: wish,
    });
    const { id } = made[key]!;
    this.removals.push(() => this.member.call("DELETE", "network", `/v2.0/${collection}/${id}`));
    return id;
  }

  /** Announces an image whose content never comes: Glance keeps it "queued". */
  async announceImage(name: string, wish: Json = {}): Promise<string> {
    const { id } = await this.member.call<{ id: string }>("POST", "image", "/v2/images", {
      name,
      disk_format: "raw",
      container_format: "bare",
      ...wish,
    });
    this.removals.push(() => this.member.call("DELETE", "image", `/v2/images/${id}`));
    return id;
  }

  /** A machine that is really there. */
  async makeServer(name: string, flavor: string, image: string, network: string): Promise<void> {
    const { flavors } = await this.member.call<{ flavors: { id: string; name: string }[] }>(
      "GET",
      "compute",
      "/flavors",
    );
    const { images } = await this.member.call<{ images: { id: string }[] }>("GET", "image", `/v2/images?name=${image}`);
    const wish = {
      name,
      flavorRef: flavors.find((each) => each.name === flavor)!.id,
      imageRef: images[0]!.id,
      networks: [{ uuid: network }],
    };
    const { server } = await this.member.call<{ server: { id: string } }>("POST", "compute", "/servers", {
      server: wish,
    });
    const status = () =>
      this.member
        .call<{ server: { status: string } }>("GET", "compute", `/servers/${server.id}`)
        .then((answer) => answer.server.status);
    this.removals.push(async () => {
      await this.member.call("DELETE", "compute", `/servers/${server.id}`);
      while ((await status().catch(() => "gone")) !== "gone") await sleep(1_000);
    });
    for (let now = await status(); now !== "ACTIVE"; now = await status()) {
      if (now === "ERROR") throw new Error(`The lab could not start ${name}.`);
      await sleep(1_000);
    }
  }

  /**
   * Removes all that was made. One thing that cannot be removed does not keep the others; the first error is thrown at
   * the end.
   */
  async remove(): Promise<void> {
    const errors: unknown[] = [];
    for (const removal of this.removals.reverse()) await removal().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  }
}
