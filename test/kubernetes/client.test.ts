import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";
import { kubernetesApi, type KubernetesAccess } from "../../src/kubernetes/client";
import { proxiesOf } from "../../src/engine/proxies";
import { withProxy } from "../fakeProxy";
import { madeCertificates, type MadeCertificates } from "../madeCertificates";

describe("Kubernetes API", () => {
  let known: MadeCertificates;
  let server: https.Server;
  let access: KubernetesAccess;
  const asked: { method?: string; url?: string; body: string; client: string }[] = [];

  beforeAll(async () => {
    known = await madeCertificates("api.test");
    server = https.createServer(
      {
        cert: known.serverCertificate,
        key: known.serverKey,
        ca: known.ca,
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          const client =
            request.socket instanceof TLSSocket ? request.socket.getPeerCertificate().subject.CN : "nobody";
          asked.push({
            method: request.method,
            url: request.url,
            body: Buffer.concat(chunks).toString(),
            client: String(client),
          });
          response.writeHead(request.url === "/readyz" ? 500 : 201).end("an answer");
        });
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    access = {
      host: "127.0.0.1",
      port: (server.address() as AddressInfo).port,
      clusterCaCertificatePem: known.ca,
      clientCertificatePem: known.clientCertificate,
      clientKeyPem: known.clientKey,
    };
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("is asked with the admin certificate, and sends a document as JSON", async () => {
    expect(await kubernetesApi(access)("POST", "/api/v1/x", { kind: "Secret" })).toEqual({
      status: 201,
      body: "an answer",
    });
    expect(asked.at(-1)).toEqual({ method: "POST", url: "/api/v1/x", body: '{"kind":"Secret"}', client: "admin" });
  });

  it("resolves to any HTTP answer, whatever its status", async () => {
    expect(await kubernetesApi(access)("GET", "/readyz")).toEqual({ status: 500, body: "an answer" });
  });

  it("is not spoken to when another CA signed its certificate", async () => {
    const stranger = await madeCertificates();
    await expect(kubernetesApi({ ...access, clusterCaCertificatePem: stranger.ca })("GET", "/readyz")).rejects.toThrow(
      /certificate/,
    );
  });

  it("is asked through the proxy that the environment names, as kubectl does", async () => {
    const answer = await withProxy(access.port, ({ url, asked }) =>
      kubernetesApi({ ...access, host: "api.test", port: 6443 }, proxiesOf({ HTTPS_PROXY: url }))(
        "GET",
        "/readyz",
      ).then((found) => ({ ...found, asked })),
    );
    expect(answer).toEqual({ status: 500, body: "an answer", asked: ["CONNECT api.test:6443"] });
  });

  it("names the proxy that refuses the way", async () => {
    await withProxy(
      access.port,
      ({ url }) =>
        expect(
          kubernetesApi({ ...access, host: "api.test", port: 6443 }, proxiesOf({ HTTPS_PROXY: url }))("GET", "/readyz"),
        ).rejects.toThrow(new Error(`the proxy answered 403 (through the proxy ${url})`)),
      { refusal: 403 },
    );
  });

  it("rejects with the reason when nobody listens", async () => {
    const closed = https.createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await expect(kubernetesApi({ ...access, port })("GET", "/readyz")).rejects.toThrow(
      `connect ECONNREFUSED 127.0.0.1:${port}`,
    );
  });
});
