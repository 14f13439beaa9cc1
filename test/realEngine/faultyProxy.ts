/**
 * A proxy between the engine and the lab's OpenStack that misbehaves on demand. Keystone's catalogue is rewritten on
 * its way, so that every service is reached through the proxy: http://127.0.0.1:PROXY/9696/... is Neutron's
 * http://127.0.0.1:9696/...
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labFolder, layout } from "../../lab/openstack/layout";
import { ports } from "../../lab/openstack/apis";

type Api = keyof typeof ports;

/** A call on its way to OpenStack. */
export interface Call {
  readonly api: Api;
  readonly method: string;
  /** With its query, without the proxy's prefix. */
  readonly path: string;
  readonly body: string;
}

type Fault =
  /** The service never hears of it; the caller gets this answer. */
  | { readonly kind: "answer"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The service does what it is asked, and the connection is reset before the caller hears of it. */
  | { readonly kind: "loseAnswer" }
  /** The service is asked after so many milliseconds. */
  | { readonly kind: "delay"; readonly milliseconds: number }
  /** Nobody is asked; after so many milliseconds the connection is reset. */
  | { readonly kind: "stall"; readonly milliseconds: number };

/** Decides about each call; undefined lets it through. */
export type Faults = (call: Call) => Fault | undefined;

const noFaults: Faults = () => undefined;

export class FaultyProxy {
  /** Calls that a fault has hit, in their order. */
  readonly hit: Call[] = [];
  private faults: Faults = noFaults;
  private readonly folder = mkdtempSync(join(tmpdir(), "faulty-proxy-"));

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FaultyProxy> {
    const server = createServer();
    const proxy = new FaultyProxy(server);
    server.on("request", (incoming: IncomingMessage, response: ServerResponse) => void proxy.serve(incoming, response));
    await new Promise<void>((fulfil) => server.listen(0, "127.0.0.1", fulfil));
    const { clouds } = JSON.parse(readFileSync(layout(labFolder()).cloudsYaml, "utf8")) as {
      clouds: Record<string, { auth: { auth_url: string } }>;
    };
    for (const { auth } of Object.values(clouds)) auth.auth_url = proxy.throughProxy(auth.auth_url);
    writeFileSync(proxy.cloudsYaml, JSON.stringify({ clouds }), { mode: 0o600 });
    return proxy;
  }

  /** What makes a program use the lab through the proxy. */
  get environment(): NodeJS.ProcessEnv {
    return { OS_CLIENT_CONFIG_FILE: this.cloudsYaml };
  }

  /** From now on. */
  inject(faults: Faults): void {
    this.hit.length = 0;
    this.faults = faults;
  }

  lift(): void {
    this.faults = noFaults;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((fulfil) => this.server.close(fulfil));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get cloudsYaml(): string {
    return join(this.folder, "clouds.yaml");
  }

  private throughProxy(text: string): string {
    return text.replaceAll(
      /http:\/\/127\.0\.0\.1:(\d+)/g,
      `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/$1`,
    );
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await wholeOf(incoming).catch(() => undefined);
    const [, port = "", path = "/"] = /^\/(\d+)(\/.*)?$/.exec(incoming.url ?? "") ?? [];
    const api = (Object.keys(ports) as Api[]).find((name) => String(ports[name]) === port);
    if (body === undefined || api === undefined) return void response.destroy();
    const call: Call = { api, method: incoming.method ?? "GET", path, body: body.toString("utf8") };
    const fault = this.faults(call);
    if (fault !== undefined) this.hit.push(call);
    if (fault?.kind === "answer") {
      response.writeHead(fault.status, { "content-type": "application/json", connection: "close", ...fault.headers });
      return void response.end(JSON.stringify({ error: { code: fault.status, message: "injected" } }));
    }
    if (fault?.kind === "delay" || fault?.kind === "stall")
      await new Promise((fulfil) => setTimeout(fulfil, fault.milliseconds));
    if (fault?.kind === "stall") return void incoming.socket.resetAndDestroy();
    this.forward(Number(port), path, incoming, body, response, fault?.kind === "loseAnswer");
  }

  private forward(
    port: number,
    path: string,
    incoming: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
    loseAnswer: boolean,
  ): void {
    const headers = without(incoming.headers, "host", "accept-encoding", "connection");
    const onward = request(
      { host: "127.0.0.1", port, path, method: incoming.method, headers, agent: false },
      (answer) => {
        wholeOf(answer)
          .then((content) => {
            if (loseAnswer) {
              incoming.socket.resetAndDestroy();
              return;
            }
            const kept = without(answer.headers, "content-length", "transfer-encoding", "connection");
            response.writeHead(answer.statusCode ?? 502, { ...kept, connection: "close" });
            const json = /json/.test(String(answer.headers["content-type"]));
            response.end(json ? this.throughProxy(content.toString("utf8")) : content);
          })
          .catch(() => response.destroy());
      },
    );
    // A service that is away: the caller sees what it would see without the proxy, a connection that is refused or
    // reset.
    onward.on("error", () => incoming.socket.resetAndDestroy());
    onward.end(body);
  }
}

/** Headers that hold for one connection only, or for a body that is about to change, are not passed on. */
function without(headers: IncomingHttpHeaders, ...names: string[]): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

async function wholeOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
