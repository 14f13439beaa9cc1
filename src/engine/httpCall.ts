/** One HTTP call with JSON: through the proxy that the environment names, and within a time limit. */
import * as http from "node:http";
import * as https from "node:https";
import type { SecureContext } from "node:tls";
import { proxyAgent, proxyOf, shownProxy, type Proxies } from "./proxies";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

interface HttpCall {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Whom to believe and what to show, for https. */
  readonly security?: {
    readonly secureContext?: SecureContext;
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly rejectUnauthorized?: boolean;
  };
  /** Absent: none. */
  readonly proxies?: Proxies;
  /** Keeps connections for later calls, where no proxy is on the way. Absent: one connection per call. */
  readonly agent?: http.Agent;
  /** Milliseconds that the call may take. */
  readonly timeout: number;
}

/**
 * Every HTTP answer resolves, whatever its status; no answer rejects with the reason (refused, timed out, wrong
 * certificate), and names the proxy on the way.
 */
export function httpCall({
  method,
  url,
  headers,
  body,
  security,
  proxies,
  agent,
  timeout,
}: HttpCall): Promise<HttpAnswer> {
  const proxy = proxies && proxyOf(url, proxies);
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const secure = url.protocol === "https:";
  const abort = new AbortController();
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) =>
      reject(new Error(`${reasonOf(error)}${proxy === undefined ? "" : ` (through the proxy ${shownProxy(proxy)})`}`));
    const request = (secure ? https : http).request(url, {
      method,
      headers: {
        accept: "application/json",
        ...headers,
        ...(payload === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(payload) }),
      },
      ...(secure ? security : {}),
      agent:
        proxy === undefined
          ? (agent ?? false)
          : // The signal ends a connection to a proxy that accepts it and never says more.
            proxyAgent(url, proxy, { ...security, signal: abort.signal }),
    });
    request.on("proxyConnect", ({ statusCode }: { statusCode: number }) => {
      if (statusCode !== 200) fail(`the proxy answered ${statusCode}`);
    });
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        if (response.statusCode === 407) fail("the proxy answered 407");
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        });
      });
    });
    // A wall-clock limit: a socket timeout alone never ends an answer that trickles.
    const timer = setTimeout(() => {
      fail(`no answer within ${timeout / 1000} s`);
      abort.abort();
      request.destroy();
    }, timeout);
    request.on("close", () => clearTimeout(timer));
    request.on("error", fail);
    request.end(payload);
  });
}

function reasonOf(error: unknown): string {
  // A host with several addresses fails with one error per address and no message of its own.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return String(first).replace(/^\w*Error: /, "");
}
