/**
 * As much of OpenSearch as a collector needs: POST /_bulk over TLS with a name and password. Documents are kept by
 * index and id; one that is there already is a conflict, as with OpenSearch. What it does not prove: that OpenSearch
 * takes the fields' types.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

export type Document = Readonly<Record<string, unknown>> & { readonly message?: string };

/** What it does with a request: take it, say that it is too busy for all of it (429), or for some of its documents. */
type Mood = "takes" | "refuses" | "refuses some";

const parameters = [
  "pipeline",
  "refresh",
  "require_alias",
  "routing",
  "timeout",
  "wait_for_active_shards",
  "filter_path",
];

export class OpenSearch {
  mood: Mood = "takes";
  /** Bulk requests that were answered otherwise than with success. */
  refused = 0;
  private readonly kept = new Map<string, { readonly index: string; readonly document: Document }>();
  private server: Server | undefined;

  /** `folder` takes its key and certificate; `authority` is the file of the latter. */
  constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly user: string,
    private readonly password: string,
  ) {
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const files = ["-keyout", join(folder, "key.pem"), "-out", this.authority];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...subject, ...files], {
      stdio: "ignore",
    });
  }

  get authority(): string {
    return join(this.folder, "ca.crt");
  }

  start(): Promise<void> {
    const server = createServer(
      { key: readFileSync(join(this.folder, "key.pem")), cert: readFileSync(this.authority) },
      (request, response) => this.answer(request, response),
    );
    this.server = server;
    return new Promise((resolve) => server.listen(this.port, "127.0.0.1", resolve));
  }

  /** It is gone: connections are refused. What it has it keeps. */
  async stop(): Promise<void> {
    const server = this.server;
    if (server === undefined) return;
    this.server = undefined;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** All documents of the indices whose name begins so. */
  documents(index = ""): readonly Document[] {
    return [...this.kept.values()].filter((each) => each.index.startsWith(index)).map(({ document }) => document);
  }

  indices(): readonly string[] {
    return [...new Set([...this.kept.values()].map(({ index }) => index))].sort();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const url = new URL(request.url ?? "", "https://localhost");
      const respond = (status: number, body: object) => {
        if (status >= 300 || JSON.stringify(body).startsWith('{"took":1,"errors":true')) this.refused += 1;
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      };
      const expected = `Basic ${Buffer.from(`${this.user}:${this.password}`).toString("base64")}`;
      if (request.headers.authorization !== expected) {
        respond(401, { error: "Unauthorized" });
        return;
      }
      const unknown = [...url.searchParams.keys()].filter((name) => !parameters.includes(name));
      if (request.method !== "POST" || url.pathname !== "/_bulk" || unknown.length > 0) {
        respond(400, { error: `unrecognized: ${url.href}` });
        return;
      }
      if (this.mood === "refuses") {
        respond(429, { error: { type: "rejected_execution_exception" } });
        return;
      }
      const body = Buffer.concat(parts);
      const lines = (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body)
        .toString()
        .trimEnd()
        .split("\n");
      const items = lines.flatMap((line, number) =>
        number % 2 === 0 ? [this.create(line, lines[number + 1] ?? "", number / 2)] : [],
      );
      respond(200, { took: 1, errors: items.some(({ create }) => create.status >= 300), items });
    });
  }

  private create(action: string, source: string, number: number) {
    const { _index: index, _id: id } = (JSON.parse(action) as { create: { _index: string; _id: string } }).create;
    const key = `${index}/${id}`;
    const answer = (status: number) => ({ create: { _index: index, _id: id, status } });
    if (this.mood === "refuses some" && number % 2 === 1) return answer(429);
    if (this.kept.has(key)) return answer(409);
    this.kept.set(key, { index, document: JSON.parse(source) as Document });
    return answer(201);
  }
}
