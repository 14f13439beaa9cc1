/**
 * Questions to OpenStack that the provider has no function for; and, for the sweep alone, the few changes that no stack
 * can make.
 */
import * as http from "node:http";
import * as https from "node:https";
import { createSecureContext, type SecureContext } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { plainHttpLogin } from "../config/schema/platform";
import { httpCall, type HttpAnswer } from "../engine/httpCall";
import { messageOf } from "../engine/messageOf";
import { isLoopback } from "../engine/proxies";
import type { OpenstackCloud } from "./cloud";
import { trustedCas } from "./trustedCas";

type Call = (
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: unknown,
) => Promise<HttpAnswer>;

interface Details {
  readonly microversion?: string;
  readonly body?: unknown;
}

interface CatalogEntry {
  readonly type: string;
  readonly endpoints: readonly {
    readonly interface: string;
    readonly region?: string;
    readonly region_id?: string;
    readonly url: string;
  }[];
}

interface Service {
  /** For people. */
  readonly name: string;
  /** In a catalog, newest first. */
  readonly types: readonly string[];
  /** Key of the provider's endpointOverrides. */
  readonly override: string;
  /** Goes before every path. */
  readonly version?: string;
}

/** What is known of each service that is asked. */
const services = {
  compute: { name: "Nova", types: ["compute"], override: "compute" },
  image: { name: "Glance", types: ["image"], override: "image", version: "v2" },
  network: { name: "Neutron", types: ["network"], override: "network", version: "v2.0" },
  "block-storage": { name: "Cinder", types: ["block-storage", "volumev3"], override: "volumev3" },
  "load-balancer": { name: "Octavia", types: ["load-balancer"], override: "octavia", version: "v2" },
} as const satisfies Record<string, Service>;

export type OpenstackService = keyof typeof services;

/** Name of a service as operators say it. */
export const serviceName = (service: OpenstackService): string => services[service].name;

/** OpenStack did not do what it was asked. `status` is absent where there was no answer at all. */
export class OpenstackError extends Error {
  override readonly name = "OpenstackError";

  constructor(
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

/** Milliseconds that one call may take. */
const callTimeout = 15_000;
/**
 * Few connections to each service, and none for longer than a second (in milliseconds) after its last answer: behind
 * many services an open connection holds one of a handful of threads, and a later log-in waits for it.
 */
const kept = { keepAlive: true, maxSockets: 4, timeout: 1_000 };
/** Milliseconds before each further attempt of a question that found the service busy or away. */
const pauses = [500, 2_000];
/**
 * Longest page to ask for: Nova, Glance, Cinder and Octavia give no more than 1,000 items at once unless configured
 * otherwise.
 */
const pageSize = 1_000;

/**
 * A session with one cloud: a token, and the addresses of its services. Every question throws an OpenstackError where
 * the token would go over plain http to another machine, unless `allowPlainHttp` says so.
 */
export class OpenstackApi {
  private constructor(
    private readonly cloud: OpenstackCloud,
    private readonly call: Call,
    private readonly token: string,
    private readonly catalog: readonly CatalogEntry[],
    private readonly mayBePlain: boolean,
    /** Id of the project that the credentials are for. */
    readonly projectId: string,
    /** Milliseconds by which this computer's clock is ahead of Keystone's, to the second; 0 where it told no time. */
    readonly clockAhead: number,
  ) {}

  /**
   * Logs in; over plain http only where this machine answers, or where `allowPlainHttp` says so. Throws an
   * OpenstackError with a sentence when that forbids it, or when Keystone cannot be reached or refuses; credentials are
   * never part of it.
   */
  static async login(cloud: OpenstackCloud, allowPlainHttp: readonly string[] = []): Promise<OpenstackApi> {
    const mayBePlain = allowPlainHttp.includes(plainHttpLogin);
    if (!mayBePlain && isReadable(cloud.authUrl)) {
      throw new OpenstackError(
        `OpenStack's auth_url is "${cloud.authUrl}", where everybody on the way can read the password; use https, or add ${plainHttpLogin} to allowPlainHttp`,
      );
    }
    const call = callsTo(cloud);
    const url = `${cloud.authUrl}/v3/auth/tokens`;
    const { auth, token: given } = cloud;
    const answer = await persistently(() =>
      given === undefined
        ? call("POST", url, {}, { auth })
        : call("GET", url, { "x-auth-token": given, "x-subject-token": given }),
    ).catch((error: unknown) => {
      throw new OpenstackError(`Keystone at ${cloud.authUrl} could not be reached: ${messageOf(error)}`);
    });
    const token = answer.headers["x-subject-token"];
    if (![200, 201].includes(answer.status) || typeof token !== "string") {
      const page = answer.status === 401 ? "; see docs/runbooks/openstack-credential.md" : "";
      throw new OpenstackError(
        `Keystone at ${cloud.authUrl} refused the log-in (${answer.status})${page}`,
        answer.status,
      );
    }
    const { token: content } = JSON.parse(answer.body) as {
      token: { catalog?: CatalogEntry[]; project?: { id: string } };
    };
    if (content.project === undefined)
      throw new OpenstackError(`Keystone at ${cloud.authUrl} accepted the credentials, but they are for no project`);
    const clockAhead = Date.now() - Date.parse(answer.headers.date ?? "") || 0;
    return new OpenstackApi(cloud, call, token, content.catalog ?? [], mayBePlain, content.project.id, clockAhead);
  }

  /** Whether the catalog has the service in our region. */
  has(service: OpenstackService): boolean {
    return this.catalogUrl(service) !== undefined;
  }

  /**
   * What `path` (with its query) of a service shows. `microversion` of Nova: absent, the oldest.
   * A service that is busy or away is asked again; throws an OpenstackError when it still is, or when it refuses.
   */
  async get<T>(service: OpenstackService, path: string, microversion?: string): Promise<T> {
    const answer = await this.ask("GET", service, path, { microversion });
    if (answer.status !== 200) throw refusal("GET", service, path, answer);
    return JSON.parse(answer.body) as T;
  }

  /**
   * Replaces what `path` shows by `body`, or the parts of it that `body` has. Throws an OpenstackError, with
   * OpenStack's reason, when it is refused.
   */
  async put(service: OpenstackService, path: string, body: unknown): Promise<void> {
    const answer = await this.ask("PUT", service, path, { body });
    if (answer.status >= 300) throw refusal("PUT", service, path, answer);
  }

  /**
   * Deletes what `path` shows; what is gone already is as good. Throws an OpenstackError, with OpenStack's reason, when
   * it is refused.
   */
  async delete(service: OpenstackService, path: string): Promise<void> {
    const answer = await this.ask("DELETE", service, path);
    if (answer.status >= 300 && answer.status !== 404) throw refusal("DELETE", service, path, answer);
  }

  /**
   * Has Nova act on a server: `{ reboot: { type: "HARD" } }`. Throws an OpenstackError, with Nova's reason, when it
   * refuses; 409 where the server is in no state for that.
   */
  async act(serverId: string, action: object): Promise<void> {
    const path = `/servers/${serverId}/action`;
    const answer = await this.ask("POST", "compute", path, { body: action });
    if (answer.status >= 300) throw refusal("POST", "compute", path, answer);
  }

  /** All items of a collection, page after page. `key` is the name of the list in the answer. */
  async list<T>(service: OpenstackService, path: string, key: string, microversion?: string): Promise<T[]> {
    const items: T[] = [];
    let page: string | undefined = `${path}${path.includes("?") ? "&" : "?"}limit=${pageSize}`;
    while (page !== undefined) {
      const answer: Record<string, unknown> = await this.get(service, page, microversion);
      const found = answer[key] as T[];
      items.push(...found);
      // The link's host and scheme are those that the service believes it has, which a proxy in front of it makes
      // wrong; only its query counts.
      const query = found.length === 0 ? undefined : nextQuery(answer, key);
      page = query === undefined ? undefined : `${path.replace(/\?.*/, "")}${query}`;
    }
    return items;
  }

  /** Last lines of a server's console. Throws a sentence with Nova's status when it refuses. */
  async consoleOutput(serverId: string, lines: number): Promise<string> {
    const url = `${this.endpoint("compute")}/servers/${serverId}/action`;
    const answer = await this.call(
      "POST",
      url,
      { "x-auth-token": this.token },
      { "os-getConsoleOutput": { length: lines } },
    );
    if (answer.status !== 200) throw new Error(`Nova refused the console of ${serverId} (${answer.status})`);
    return (JSON.parse(answer.body) as { output: string }).output;
  }

  /**
   * One answer, whatever it is; a service that is busy or away is asked again, which is safe since every method here
   * may be repeated.
   */
  private ask(
    method: "GET" | "PUT" | "POST" | "DELETE",
    service: OpenstackService,
    path: string,
    { microversion, body }: Details = {},
  ): Promise<HttpAnswer> {
    const headers = {
      "x-auth-token": this.token,
      ...(microversion === undefined ? {} : { "openstack-api-version": `compute ${microversion}` }),
    };
    const url = `${this.endpoint(service)}${path}`;
    return persistently(() => this.call(method, url, headers, body)).catch((error: unknown) => {
      throw new OpenstackError(
        `${services[service].name} at ${new URL(url).origin} could not be reached: ${messageOf(error)}`,
      );
    });
  }

  private endpoint(service: OpenstackService): string {
    const url = this.catalogUrl(service);
    const { region, endpointType = "public", endpointOverrides } = this.cloud;
    if (url === undefined) {
      throw new OpenstackError(
        `the cloud's catalog has no ${endpointType} ${service} endpoint${region === undefined ? "" : ` in region ${region}`}`,
      );
    }
    const { name, version, override }: Service = services[service];
    // As in the provider, an override is the whole address, and none for a service that the catalog lacks.
    const whole = endpointOverrides?.[override];
    if (!this.mayBePlain && isReadable(whole ?? url)) {
      throw new OpenstackError(
        `${name}'s address is "${whole ?? url}", where everybody on the way can read the token; have the cloud's catalog name https, or add ${plainHttpLogin} to allowPlainHttp`,
      );
    }
    if (whole !== undefined) return whole.replace(/\/+$/, "");
    const trimmed = url.replace(/\/+$/, "");
    // Catalogs name these services with or without a version.
    return version === undefined ? trimmed : `${trimmed.replace(/\/v\d+(\.\d+)?$/, "")}/${version}`;
  }

  private catalogUrl(service: OpenstackService): string | undefined {
    const { types }: Service = services[service];
    const { region, endpointType = "public" } = this.cloud;
    return types
      .flatMap((type) => this.catalog.filter((entry) => entry.type === type))
      .flatMap((entry) => entry.endpoints)
      .find(
        (endpoint) =>
          endpoint.interface === endpointType &&
          (region === undefined || endpoint.region_id === region || endpoint.region === region),
      )?.url;
  }
}

/** Whether others on the way can read what is sent to an address. */
function isReadable(address: string): boolean {
  const url = new URL(address);
  return url.protocol === "http:" && !isLoopback(url);
}

/** Calls to one cloud, which share its connections and its certificates. */
function callsTo({ ca, client, insecure, proxies }: OpenstackCloud): Call {
  const agents = { "http:": new http.Agent(kept), "https:": new https.Agent(kept) };
  let secureContext: SecureContext | undefined;
  return (method, address, headers, body) => {
    const url = new URL(address);
    const secure = url.protocol === "https:";
    // Hundreds of CAs are read once, and only where a connection needs them.
    if (secure) secureContext ??= createSecureContext({ ca: ca ?? trustedCas(process.env), ...client });
    return httpCall({
      method,
      url,
      headers,
      body,
      security: { secureContext, rejectUnauthorized: !insecure },
      proxies,
      agent: agents[secure ? "https:" : "http:"],
      timeout: callTimeout,
    });
  };
}

/** Query of the link to the next page, in either of OpenStack's two forms; undefined on the last page. */
function nextQuery(answer: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const links = (answer[`${key}_links`] ?? []) as readonly { readonly rel: string; readonly href: string }[];
  const next =
    links.find(({ rel }) => rel === "next")?.href ?? (typeof answer.next === "string" ? answer.next : undefined);
  return next === undefined ? undefined : new URL(next, "http://next.invalid").search;
}

/** Asks again when there is no answer, or one that says "not now" (429, 5xx); gives the last answer or failure. */
async function persistently(ask: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  for (const pause of pauses) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined && answer.status !== 429 && answer.status < 500) return answer;
    await sleep(pause);
  }
  return ask();
}

/**
 * Why OpenStack did not do it: its status and, for a change, its own words (each service has a form of its own for
 * them).
 */
function refusal(
  method: string,
  service: OpenstackService,
  path: string,
  { status, body }: HttpAnswer,
): OpenstackError {
  const words = method === "GET" ? undefined : /"(?:message|faultstring)": *"((?:[^"\\]|\\.)*)"/.exec(body)?.[1];
  const said = words === undefined ? "" : `: ${words.replace(/\\(.)/g, "$1").replace(/\.$/, "")}`;
  return new OpenstackError(
    `${services[service].name} answered ${status} to ${method} ${path.replace(/\?.*/, "")}${said}`,
    status,
  );
}
