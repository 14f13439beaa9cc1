/**
 * Questions to OpenStack that the provider has no function for; and, for the sweep alone, the few changes that no stack
 * can make.
 */
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { OpenstackCloud } from "./cloud";

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

interface Details {
  readonly microversion?: string;
  readonly body?: unknown;
}

interface CatalogEntry {
  readonly type: string;
  readonly endpoints: readonly { readonly interface: string; readonly region_id?: string; readonly url: string }[];
}

/**
 * What is known of each service that is asked: its name for people, its types in a catalog, newest first, and the
 * version that goes before every path.
 */
const services = {
  compute: { name: "Nova", types: ["compute"] },
  image: { name: "Glance", types: ["image"], version: "v2" },
  network: { name: "Neutron", types: ["network"], version: "v2.0" },
  "block-storage": { name: "Cinder", types: ["block-storage", "volumev3"] },
  "load-balancer": { name: "Octavia", types: ["load-balancer"], version: "v2" },
} as const satisfies Record<string, { name: string; types: readonly string[]; version?: string }>;

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
/** Milliseconds before each further attempt of a question that found the service busy or away. */
const pauses = [500, 2_000];
/**
 * Longest page to ask for: Nova, Glance, Cinder and Octavia give no more than 1,000 items at once unless configured
 * otherwise.
 */
const pageSize = 1_000;

/** A session with one cloud: a token, and the addresses of its services. */
export class OpenstackApi {
  private constructor(
    private readonly cloud: OpenstackCloud,
    private readonly token: string,
    private readonly catalog: readonly CatalogEntry[],
    /** Id of the project that the credentials are for. */
    readonly projectId: string,
  ) {}

  /**
   * Logs in. Throws an OpenstackError with a sentence when Keystone cannot be reached or refuses; credentials are never
   * part of it.
   */
  static async login(cloud: OpenstackCloud): Promise<OpenstackApi> {
    const answer = await persistently(() =>
      call(cloud, "POST", `${cloud.authUrl}/v3/auth/tokens`, {}, { auth: cloud.auth }),
    ).catch((error: unknown) => {
      throw new OpenstackError(`Keystone at ${cloud.authUrl} could not be reached: ${reason(error)}`);
    });
    const token = answer.headers["x-subject-token"];
    if (answer.status !== 201 || typeof token !== "string") {
      throw new OpenstackError(`Keystone at ${cloud.authUrl} refused the log-in (${answer.status})`, answer.status);
    }
    const { token: content } = JSON.parse(answer.body) as {
      token: { catalog?: CatalogEntry[]; project?: { id: string } };
    };
    if (content.project === undefined)
      throw new OpenstackError(`Keystone at ${cloud.authUrl} accepted the credentials, but they are for no project`);
    return new OpenstackApi(cloud, token, content.catalog ?? [], content.project.id);
  }

  /** Whether the catalog has the service in our region. */
  has(service: OpenstackService): boolean {
    return this.publicUrl(service) !== undefined;
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
    const answer = await call(
      this.cloud,
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
    method: "GET" | "PUT" | "DELETE",
    service: OpenstackService,
    path: string,
    { microversion, body }: Details = {},
  ): Promise<Answer> {
    const headers = {
      "x-auth-token": this.token,
      ...(microversion === undefined ? {} : { "openstack-api-version": `compute ${microversion}` }),
    };
    const url = `${this.endpoint(service)}${path}`;
    return persistently(() => call(this.cloud, method, url, headers, body)).catch((error: unknown) => {
      throw new OpenstackError(
        `${services[service].name} at ${new URL(url).origin} could not be reached: ${reason(error)}`,
      );
    });
  }

  private endpoint(service: OpenstackService): string {
    const url = this.publicUrl(service);
    if (url === undefined) {
      throw new OpenstackError(
        `the cloud's catalog has no public ${service} endpoint${this.cloud.region === undefined ? "" : ` in region ${this.cloud.region}`}`,
      );
    }
    const known: { readonly types: readonly string[]; readonly version?: string } = services[service];
    const trimmed = url.replace(/\/+$/, "");
    // Catalogs name these services with or without a version.
    return known.version === undefined ? trimmed : `${trimmed.replace(/\/v\d+(\.\d+)?$/, "")}/${known.version}`;
  }

  private publicUrl(service: OpenstackService): string | undefined {
    const types: readonly string[] = services[service].types;
    return types
      .flatMap((type) => this.catalog.filter((entry) => entry.type === type))
      .flatMap((entry) => entry.endpoints)
      .find(
        ({ interface: face, region_id: region }) =>
          face === "public" && (this.cloud.region === undefined || region === this.cloud.region),
      )?.url;
  }
}

/** Query of the link to the next page, in either of OpenStack's two forms; undefined on the last page. */
function nextQuery(answer: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const links = (answer[`${key}_links`] ?? []) as readonly { readonly rel: string; readonly href: string }[];
  const next =
    links.find(({ rel }) => rel === "next")?.href ?? (typeof answer.next === "string" ? answer.next : undefined);
  return next === undefined ? undefined : new URL(next, "http://next.invalid").search;
}

/** Asks again when there is no answer, or one that says "not now" (429, 5xx); gives the last answer or failure. */
async function persistently(ask: () => Promise<Answer>): Promise<Answer> {
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
function refusal(method: string, service: OpenstackService, path: string, { status, body }: Answer): OpenstackError {
  const words = method === "GET" ? undefined : /"(?:message|faultstring)": *"((?:[^"\\]|\\.)*)"/.exec(body)?.[1];
  const said = words === undefined ? "" : `: ${words.replace(/\\(.)/g, "$1").replace(/\.$/, "")}`;
  return new OpenstackError(
    `${services[service].name} answered ${status} to ${method} ${path.replace(/\?.*/, "")}${said}`,
    status,
  );
}

function reason(error: unknown): string {
  // A host with several addresses fails with one error per address and no message of its own.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return String(first).replace(/^\w*Error: /, "");
}

function call(
  cloud: OpenstackCloud,
  method: string,
  url: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Answer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const secure = url.startsWith("https:");
  return new Promise((resolve, reject) => {
    const options: https.RequestOptions = {
      method,
      headers: {
        accept: "application/json",
        ...headers,
        ...(payload === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(payload) }),
      },
      ...(secure
        ? {
            rejectUnauthorized: !cloud.insecure,
            ca: cloud.caFile === undefined ? undefined : fs.readFileSync(cloud.caFile),
          }
        : {}),
    };
    const request = (secure ? https : http).request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    const timer = setTimeout(
      () => request.destroy(new Error(`${new URL(url).host} gave no answer within ${callTimeout / 1000} s`)),
      callTimeout,
    );
    request.on("close", () => clearTimeout(timer));
    request.on("error", reject);
    request.end(payload);
  });
}
