/** The few calls that `up` itself makes to the Kubernetes API, with the admin certificate. */
import { isIPv6 } from "node:net";
import { httpCall } from "../engine/httpCall";
import { proxiesOf } from "../engine/proxies";

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

/**
 * A call to the Kubernetes API: every HTTP answer resolves. The operations of this room are handed one, so that they
 * know nothing of connections.
 */
export type KubernetesRequest = (
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
) => Promise<KubernetesAnswer>;

/** Milliseconds that one call may take. */
const callTimeout = 10_000;

/**
 * Calls to one API server, through the proxy that the environment names, as the Kubernetes provider's. Every HTTP
 * answer resolves, whatever its status; no answer rejects with the reason (refused, timed out, wrong certificate).
 */
export function kubernetesApi(access: KubernetesAccess, proxies = proxiesOf(process.env)): KubernetesRequest {
  const { host, port, clusterCaCertificatePem: ca, clientCertificatePem: cert, clientKeyPem: key } = access;
  const origin = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  // One connection per call: the endpoint may lead to another machine the next time.
  return async (method, path, body) => {
    const answer = await httpCall({
      method,
      url: new URL(`${origin}${path}`),
      body,
      security: { ca, cert, key },
      proxies,
      timeout: callTimeout,
    });
    return { status: answer.status, body: answer.body };
  };
}
