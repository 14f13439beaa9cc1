/**
 * Runs a program in a container, as `kubectl exec` does: the way to what listens on a pod's loopback, whatever its
 * network policies say. Nothing is sent to the program.
 */
import { isIPv6 } from "node:net";
import { WebSocket } from "ws";
import { proxiesOf, proxyAgent, proxyOf } from "../engine/proxies";
import { reasonOf } from "./answers";
import type { KubernetesAccess } from "./client";

interface ExecCall {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
}

/** Of the protocol: the first byte of each message says what it is. */
const channels = { stdout: 1, stderr: 2, status: 3 };

/**
 * What the program writes to its standard output. Rejects with a sentence when the API refuses, or the program fails.
 *
 * @param limit Milliseconds that it may take.
 */
export function execInPod(access: KubernetesAccess, call: ExecCall, limit: number): Promise<string> {
  const { host, port, clusterCaCertificatePem: ca, clientCertificatePem: cert, clientKeyPem: key } = access;
  const query = new URLSearchParams([
    ["container", call.container],
    ["stdout", "true"],
    ["stderr", "true"],
    ...call.command.map((word) => ["command", word] as [string, string]),
  ]);
  const origin = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const url = new URL(`${origin}/api/v1/namespaces/${call.namespace}/pods/${call.pod}/exec?${query.toString()}`);
  const proxy = proxyOf(url, proxiesOf(process.env));
  const security = { ca, cert, key };
  const socket = new WebSocket(url, "v4.channel.k8s.io", {
    ...security,
    ...(proxy === undefined ? {} : { agent: proxyAgent(url, proxy, security) }),
    perMessageDeflate: false,
  });
  const texts: Buffer[][] = [[], [], [], []];
  const textOf = (channel: number) => Buffer.concat(texts[channel] ?? []).toString("utf8");
  let timer: NodeJS.Timeout | undefined;
  return new Promise<string>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limit / 1000} s`)), limit);
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the connection ended before the program")));
    socket.on("unexpected-response", (_request, response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const reason = reasonOf(Buffer.concat(chunks).toString()) ?? "no reason given";
        reject(new Error(`The Kubernetes API refused to run ${call.command[0]} (${response.statusCode}): ${reason}`));
      });
    });
    socket.on("message", (message: Buffer) => {
      const [channel = 0] = message;
      texts[channel]?.push(message.subarray(1));
      if (channel !== channels.status) return;
      const { status, message: failure } = JSON.parse(textOf(channel)) as { status: string; message?: string };
      if (status === "Success") resolve(textOf(channels.stdout));
      else reject(new Error(textOf(channels.stderr).trim() || failure || "the program failed"));
    });
  }).finally(() => {
    clearTimeout(timer);
    socket.terminate();
  });
}
