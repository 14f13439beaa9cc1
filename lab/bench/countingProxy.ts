/**
 * Stands between a tool and OpenStack and counts what the tool asks. Both tools are counted, and slowed, in the same
 * way.
 */
import * as http from "node:http";
import type { AddressInfo } from "node:net";

/** Calls of one service. */
interface Calls {
  readonly total: number;
  /** Reads of something that was read before in the same count: polling, and reading again. */
  readonly repeated: number;
}

export type CallsByService = Readonly<Record<string, Calls>>;

/** Names of services as operators say them, by the type in Keystone's catalog. */
const serviceNames: Readonly<Record<string, string>> = {
  identity: "Keystone",
  compute: "Nova",
  network: "Neutron",
  image: "Glance",
  volumev3: "Cinder",
  "block-storage": "Cinder",
  "load-balancer": "Octavia",
  placement: "Placement",
};

/** Counts calls; apart from the proxy, so that it can be tested without one. */
export class Counter {
  private readonly calls = new Map<string, { total: number; repeated: number }>();
  private readonly read = new Set<string>();

  add(service: string, method: string, path: string): void {
    const calls = this.calls.get(service) ?? { total: 0, repeated: 0 };
    this.calls.set(service, calls);
    calls.total++;
    if (method !== "GET") return;
    const question = `${service} ${path}`;
    if (this.read.has(question)) calls.repeated++;
    this.read.add(question);
  }

  /** What was counted since the last time, by service in alphabetical order. */
  take(): CallsByService {
    const taken = Object.fromEntries([...this.calls].sort(([a], [b]) => (a < b ? -1 : 1)));
    this.calls.clear();
    this.read.clear();
    return taken;
  }
}

/** The addresses of a catalog's services, replaced; the rest of a token's answer stays as it is. */
export function redirectCatalog(body: string, redirect: (origin: string, service: string) => string): string {
  const answer = JSON.parse(body) as { token?: { catalog?: { type: string; endpoints: { url: string }[] }[] } };
  for (const { type, endpoints } of answer.token?.catalog ?? []) {
    for (const endpoint of endpoints) {
      const { origin } = new URL(endpoint.url);
      endpoint.url = endpoint.url.replace(origin, redirect(origin, serviceNames[type] ?? type));
    }
  }
  return JSON.stringify(answer);
}

/** A proxy for a cloud that is spoken to over plain HTTP, one port of 127.0.0.1 per service. */
export class CountingProxy {
  readonly counter = new Counter();
  private readonly doors = new Map<string, http.Server>();
  private readonly agent = new http.Agent({ keepAlive: true });

  /** @param authUrl Address of Keystone, with its version. Returns the address to use instead. */
  async open(authUrl: string): Promise<string> {
    const { origin } = new URL(authUrl);
    return authUrl.replace(origin, await this.door(origin, "Keystone"));
  }

  async close(): Promise<void> {
    this.agent.destroy();
    await Promise.all(
      [...this.doors.values()].map(
        (door) =>
          new Promise((closed) => {
            door.close(closed);
            door.closeAllConnections();
          }),
      ),
    );
  }

  private async door(upstream: string, service: string): Promise<string> {
    const known = this.doors.get(upstream);
    const server = known ?? http.createServer((request, response) => this.pass(upstream, service, request, response));
    if (known === undefined) {
      this.doors.set(upstream, server);
      server.keepAliveTimeout = 600_000;
      await new Promise<void>((listening, failed) => {
        server.once("error", failed).listen(0, "127.0.0.1", listening);
      });
    }
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  private pass(upstream: string, service: string, request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method = "GET", url: path = "/", headers } = request;
    this.counter.add(service, method, path);
    // The host stays the one that was asked, so that links in answers lead back here.
    const onward = http.request(`${upstream}${path}`, { method, headers, agent: this.agent }, (answer) => {
      const status = answer.statusCode ?? 502;
      const isToken = method === "POST" && status === 201 && path.endsWith("/auth/tokens");
      if (!isToken) {
        response.writeHead(status, answer.headers);
        answer.pipe(response);
        return;
      }
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => void this.answerToken(Buffer.concat(chunks).toString("utf8"), answer.headers, response));
    });
    onward.on("error", (error) =>
      response.destroyed || response.headersSent ? response.destroy() : response.writeHead(502).end(String(error)),
    );
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  }

  private async answerToken(
    body: string,
    headers: http.IncomingHttpHeaders,
    response: http.ServerResponse,
  ): Promise<void> {
    const doors = new Map<string, string>();
    const found: (readonly [string, string])[] = [];
    redirectCatalog(body, (origin, service) => {
      found.push([origin, service]);
      return origin;
    });
    for (const [origin, service] of found) doors.set(origin, await this.door(origin, service));
    const redirected = redirectCatalog(body, (origin) => doors.get(origin) as string);
    const changed = { ...headers, "content-length": String(Buffer.byteLength(redirected)) };
    delete changed["transfer-encoding"];
    response.writeHead(201, changed).end(redirected);
  }
}
