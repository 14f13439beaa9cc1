/**
 * Runs a program in a container, as `kubectl exec` does: the way to what listens on a pod's loopback, whatever its
 * network policies say. The API speaks it over a WebSocket, of which this is the listening half: nothing is sent.
 */
import { randomBytes } from "node:crypto";
import * as https from "node:https";
import { isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
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
const opcodes = { continuation: 0, binary: 2, close: 8 };

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
  let upgraded: Duplex | undefined;
  return new Promise((resolve, reject) => {
    const request = https.request(url, {
      ...security,
      agent: proxy === undefined ? false : proxyAgent(url, proxy, security),
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": randomBytes(16).toString("base64"),
        "sec-websocket-protocol": "v4.channel.k8s.io",
      },
    });
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${limit / 1000} s`));
      request.destroy();
      // Once upgraded, the connection is the request's no more.
      upgraded?.destroy();
    }, limit);
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        clearTimeout(timer);
        const reason = reasonOf(Buffer.concat(chunks).toString()) ?? "no reason given";
        reject(new Error(`The Kubernetes API refused to run ${call.command[0]} (${response.statusCode}): ${reason}`));
      });
    });
    request.on("upgrade", (_response, socket, head) => {
      upgraded = socket;
      outputOf(socket, head)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
          socket.destroy();
        });
    });
    request.end();
  });
}

/** Reads frames (RFC 6455) until the program's end is reported; those of a server are not masked. */
function outputOf(socket: Duplex, head: Buffer): Promise<string> {
  const texts: Buffer[][] = [[], [], [], []];
  let pending = head;
  let channel = 0;
  return new Promise((resolve, reject) => {
    const read = (): void => {
      for (let frame = frameOf(pending); frame !== undefined; frame = frameOf(pending)) {
        pending = pending.subarray(frame.length);
        if (frame.opcode === opcodes.binary) channel = frame.payload[0] ?? 0;
        else if (frame.opcode !== opcodes.continuation && frame.opcode !== opcodes.close) continue;
        if (frame.opcode === opcodes.close) reject(new Error("the connection ended before the program"));
        texts[channel]?.push(frame.opcode === opcodes.binary ? frame.payload.subarray(1) : frame.payload);
        if (channel === channels.status && frame.isLast) {
          const { status, message } = JSON.parse(textOf(channels.status)) as { status: string; message?: string };
          if (status === "Success") resolve(textOf(channels.stdout));
          else reject(new Error(textOf(channels.stderr).trim() || message || "the program failed"));
        }
      }
    };
    const textOf = (of: number) => Buffer.concat(texts[of] ?? []).toString("utf8");
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      read();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the connection ended before the program")));
    read();
  });
}

/** The first frame, with its whole length in bytes; undefined until all of it has come. */
function frameOf(bytes: Buffer) {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < start) return undefined;
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < start + size) return undefined;
  const payload = bytes.subarray(start, start + size);
  return { opcode: first & 0x0f, isLast: (first & 0x80) !== 0, payload, length: start + size };
}
