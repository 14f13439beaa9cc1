import * as http from "node:http";
import type * as https from "node:https";
import type { AddressInfo } from "node:net";

export interface FakeRequest {
  readonly method: string;
  /** Path with query. */
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Parsed JSON; undefined where nothing was sent. */
  readonly body: unknown;
}

export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** Has a server listen on a free port of loopback while it is used. */
export async function whileListening<T>(
  server: http.Server | https.Server,
  use: (port: number) => Promise<T>,
): Promise<T> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A server of a few lines on loopback; `own` is its address, as the one who asks has it. */
export async function withServer<T>(
  answer: (request: FakeRequest, own: string) => FakeAnswer,
  use: (own: string) => Promise<T>,
): Promise<T> {
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const body: unknown = text === "" ? undefined : JSON.parse(text);
      const found = answer(
        { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body },
        `http://${request.headers.host}`,
      );
      response.writeHead(found.status, found.headers).end(JSON.stringify(found.body ?? {}));
    });
  });
  return whileListening(server, (port) => use(`http://127.0.0.1:${port}`));
}

export const projectId = "6c3b6312dcb24cd6b45424e6245fe060";

/**
 * What Keystone answers to a log-in: a token for one project, and a catalog with a public endpoint per type at
 * `url`/`path`.
 */
export function keystoneToken(url: string, services: Readonly<Record<string, string>>, region = "one"): FakeAnswer {
  const catalog = Object.entries(services).map(([type, path]) => ({
    type,
    endpoints: [{ interface: "public", region_id: region, url: `${url}${path}` }],
  }));
  return { status: 201, headers: { "x-subject-token": "T" }, body: { token: { project: { id: projectId }, catalog } } };
}
