import type { IncomingMessage } from "node:http";
import * as https from "node:https";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { execInPod } from "../../src/kubernetes/execInPod";
import { madeCertificates, type MadeCertificates } from "../madeCertificates";
import { whileListening } from "../openstack/fakeOpenstack";
import { streamed } from "../status/standIn";

const success = streamed(3, JSON.stringify({ status: "Success" }));

describe("a program in a pod", () => {
  let known: MadeCertificates;
  beforeAll(async () => {
    known = await madeCertificates();
  });

  /** What comes of it where the API answers the upgrade by `answer`; and the path that was asked. */
  async function exec(answer: (socket: Duplex, request: IncomingMessage, head: Buffer) => void, limit = 20_000) {
    const { serverCertificate: cert, serverKey: key, ca } = known;
    const server = https.createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true });
    let asked: string | undefined;
    const sockets: Duplex[] = [];
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      asked = `${request.url} ${request.headers["sec-websocket-protocol"]}`;
      sockets.push(socket);
      answer(socket, request, head);
    });
    return whileListening(server, async (port) => {
      const access = {
        host: "127.0.0.1",
        port,
        clusterCaCertificatePem: ca,
        clientCertificatePem: known.clientCertificate,
        clientKeyPem: known.clientKey,
      };
      const call = { namespace: "monitoring", pod: "a-0", container: "a", command: ["amtool", "--output=json"] };
      // The server's own end closes no connection that was upgraded.
      const end = () => sockets.forEach((socket) => socket.destroy());
      return { output: await execInPod(access, call, limit).finally(end), asked };
    });
  }
  /** As `exec`, where the program runs. */
  const execWith = (use: (program: WebSocket) => void, limit?: number) =>
    exec((socket, request, head) => {
      new WebSocketServer({ noServer: true }).handleUpgrade(request, socket, head, use);
    }, limit);

  it("is asked for word by word, and its output put together again", async () => {
    const long = "x".repeat(70_000);
    const found = await execWith((program) => {
      const messages = [streamed(1, "one "), streamed(2, "noise"), streamed(1, long), streamed(1, " two"), success];
      for (const message of messages) program.send(message);
    });
    expect(found).toEqual({
      output: `one ${long} two`,
      asked:
        "/api/v1/namespaces/monitoring/pods/a-0/exec?container=a&stdout=true&stderr=true&command=amtool&command=--output%3Djson v4.channel.k8s.io",
    });
  });

  it("that fails is an error with what it wrote", async () => {
    const failure = streamed(3, JSON.stringify({ status: "Failure", message: "command terminated with exit code 1" }));
    const failing = (...before: Buffer[]) =>
      execWith((program) => [...before, failure].forEach((message) => program.send(message)));
    await expect(failing(streamed(2, "connection refused\n"))).rejects.toThrow(/^connection refused$/);
    await expect(failing()).rejects.toThrow(/^command terminated with exit code 1$/);
  });

  it("that the API refuses is an error with its reason", async () => {
    const body = JSON.stringify({ message: "pods a-0 not found" });
    const refusing = exec((socket) =>
      socket.end(`HTTP/1.1 404 Not Found\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`),
    );
    await expect(refusing).rejects.toThrow("The Kubernetes API refused to run amtool (404): pods a-0 not found");
  });

  it("whose connection ends or hangs is an error", async () => {
    await expect(execWith((program) => program.close())).rejects.toThrow("the connection ended before the program");
    await expect(exec(() => undefined, 200)).rejects.toThrow("no answer within 0.2 s");
    await expect(execWith(() => undefined, 200)).rejects.toThrow("no answer within 0.2 s");
  });
});
