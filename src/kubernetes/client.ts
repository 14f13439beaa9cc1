/** The few calls that `up` itself makes to the Kubernetes API, with the admin certificate. */
import * as https from "node:https";

export interface KubernetesAccess {
  readonly host: string;
  readonly port: number;
  readonly clusterCaCertificatePem: string;
  readonly clientCertificatePem: string;
  readonly clientKeyPem: string;
}

export interface KubernetesAnswer {
  readonly status: number;
  readonly body: string;
}

export type KubernetesRequest = (
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
) => Promise<KubernetesAnswer>;

/** Milliseconds that one call may take. */
const callTimeout = 10_000;

/**
 * Calls to one API server. Every HTTP answer resolves, whatever its status; no answer rejects with the reason (refused,
 * timed out, wrong certificate).
 */
export function kubernetesApi(access: KubernetesAccess): KubernetesRequest {
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const request = https.request(
        {
          host: access.host,
          port: access.port,
          path,
          method,
          ca: access.clusterCaCertificatePem,
          cert: access.clientCertificatePem,
          key: access.clientKeyPem,
          // One connection per call: the endpoint may lead to another machine the next time.
          agent: false,
          headers:
            payload === undefined
              ? {}
              : { "content-type": "application/json", "content-length": Buffer.byteLength(payload) },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
          );
        },
      );
      // A wall-clock limit: a socket timeout alone never ends an answer that trickles.
      const timer = setTimeout(
        () => request.destroy(new Error(`no answer within ${callTimeout / 1000} s`)),
        callTimeout,
      );
      request.on("close", () => clearTimeout(timer));
      request.on("error", reject);
      request.end(payload);
    });
}
