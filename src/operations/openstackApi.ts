/** Read-only questions to OpenStack that the provider has no function for. */
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { OpenstackCloud } from "./openstackCloud";

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

interface CatalogEntry {
  readonly type: string;
  readonly endpoints: readonly { readonly interface: string; readonly region_id?: string; readonly url: string }[];
}

/** Milliseconds that one call may take. */
const callTimeout = 15_000;

/** A session with one cloud: a token, and the addresses of its services. */
export class OpenstackApi {
  private constructor(
    private readonly cloud: OpenstackCloud,
    private readonly token: string,
    private readonly catalog: readonly CatalogEntry[],
  ) {}

  /** Logs in. Throws a sentence with Keystone's status when it refuses; credentials are never part of it. */
  static async login(cloud: OpenstackCloud): Promise<OpenstackApi> {
    const answer = await call(cloud, "POST", `${cloud.authUrl}/v3/auth/tokens`, {}, { auth: cloud.auth });
    const token = answer.headers["x-subject-token"];
    if (answer.status !== 201 || typeof token !== "string") throw new Error(`Keystone at ${cloud.authUrl} refused the log-in (${answer.status})`);
    const { token: content } = JSON.parse(answer.body) as { token: { catalog?: CatalogEntry[] } };
    return new OpenstackApi(cloud, token, content.catalog ?? []);
  }

  /** Last lines of a server's console. Throws a sentence with Nova's status when it refuses. */
  async consoleOutput(serverId: string, lines: number): Promise<string> {
    const url = `${this.endpoint("compute")}/servers/${serverId}/action`;
    const answer = await call(this.cloud, "POST", url, { "x-auth-token": this.token }, { "os-getConsoleOutput": { length: lines } });
    if (answer.status !== 200) throw new Error(`Nova refused the console of ${serverId} (${answer.status})`);
    return (JSON.parse(answer.body) as { output: string }).output;
  }

  private endpoint(type: string): string {
    const endpoints = this.catalog.filter((entry) => entry.type === type).flatMap((entry) => entry.endpoints);
    const match = endpoints.find(
      ({ interface: face, region_id: region }) => face === "public" && (this.cloud.region === undefined || region === this.cloud.region),
    );
    if (match === undefined)
      throw new Error(`the cloud's catalog has no public ${type} endpoint${this.cloud.region === undefined ? "" : ` in region ${this.cloud.region}`}`);
    return match.url.replace(/\/+$/, "");
  }
}

function call(cloud: OpenstackCloud, method: string, url: string, headers: Record<string, string>, body: unknown): Promise<Answer> {
  const payload = JSON.stringify(body);
  const secure = url.startsWith("https:");
  return new Promise((resolve, reject) => {
    const options: https.RequestOptions = {
      method,
      headers: { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(payload) },
      ...(secure ? { rejectUnauthorized: !cloud.insecure, ca: cloud.caFile === undefined ? undefined : fs.readFileSync(cloud.caFile) } : {}),
    };
    const request = (secure ? https : http).request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString("utf8") }));
    });
    const timer = setTimeout(() => request.destroy(new Error(`${new URL(url).host} gave no answer within ${callTimeout / 1000} s`)), callTimeout);
    request.on("close", () => clearTimeout(timer));
    request.on("error", reject);
    request.end(payload);
  });
}
