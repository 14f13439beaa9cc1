/** Small proxies on loopback. Whatever host is asked for, they lead to one port of this machine. */
import * as http from "node:http";
import * as net from "node:net";

export interface FakeProxy {
  /** With user and password, where it wants them. */
  readonly url: string;
  /** What was asked of it: method and address. */
  readonly asked: string[];
}

interface ProxyOptions {
  /** Answered to everything. */
  readonly refusal?: number;
  /** Accepts connections and never answers. */
  readonly silent?: boolean;
  /** user:password, encoded as in a URL, without which it answers 407. */
  readonly credentials?: string;
}

/** An HTTP proxy: CONNECT for https, whole addresses for http. */
export async function withProxy<T>(
  port: number,
  use: (proxy: FakeProxy) => Promise<T>,
  { refusal, silent = false, credentials }: ProxyOptions = {},
): Promise<T> {
  const asked: string[] = [];
  const statusFor = ({ headers }: http.IncomingMessage) =>
    refusal ??
    (credentials === undefined ||
    headers["proxy-authorization"] === `Basic ${Buffer.from(decodeURIComponent(credentials)).toString("base64")}`
      ? 200
      : 407);
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const status = statusFor(request);
    if (status !== 200) {
      response.writeHead(status).end();
      return;
    }
    const { method, headers } = request;
    const { pathname, search } = new URL(request.url ?? "");
    const onward = http.request({ host: "127.0.0.1", port, path: pathname + search, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on("connect", (request, client: net.Socket) => {
    asked.push(`CONNECT ${request.url}`);
    if (silent) return;
    const status = statusFor(request);
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const onward = net.connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Yes\r\n\r\n");
      join(client, onward);
    });
  });
  return serve(server, (own) => use({ asked, url: `http://${credentials ? `${credentials}@` : ""}${own}` }));
}

/** A SOCKS 5 proxy that wants no log-in. */
export async function withSocksProxy<T>(port: number, use: (proxy: FakeProxy) => Promise<T>): Promise<T> {
  const asked: string[] = [];
  const server = net.createServer((client) => {
    client.once("data", () => {
      client.write(Buffer.from([5, 0]));
      client.once("data", (wish: Buffer) => {
        const length = wish[4] ?? 0;
        // Address type 3: a name, with its length before it and the port behind.
        asked.push(
          `${wish[3] === 3 ? "name" : "address"} ${wish.toString("ascii", 5, 5 + length)}:${wish.readUInt16BE(5 + length)}`,
        );
        const onward = net.connect(port, "127.0.0.1", () => {
          client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          join(client, onward);
        });
      });
    });
  });
  return serve(server, (own) => use({ asked, url: `socks5://${own}` }));
}

function join(client: net.Socket, onward: net.Socket): void {
  for (const [one, other] of [
    [client, onward],
    [onward, client],
  ] as const) {
    one.pipe(other);
    one.on("error", () => other.destroy());
  }
}

/** Listens while `use` runs. */
async function serve<T>(server: net.Server, use: (own: string) => Promise<T>): Promise<T> {
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`127.0.0.1:${(server.address() as net.AddressInfo).port}`);
  } finally {
    sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => server.close(resolve));
  }
}
