import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";
import * as tls from "@pulumi/tls";
import { kubernetesApi, type KubernetesAccess } from "../../src/kubernetes/client";
import { simulate } from "../../simulation";

/** A CA with a server's and a client's certificate, as the program's own resources make them. */
async function certificates(): Promise<
  Record<"ca" | "serverCertificate" | "serverKey" | "clientCertificate" | "clientKey", string>
> {
  const run = await simulate(() => {
    const key = (name: string) => new tls.PrivateKey(name, { algorithm: "ECDSA", ecdsaCurve: "P256" }).privateKeyPem;
    const caKey = key("ca");
    const ca = new tls.SelfSignedCert("ca", {
      privateKeyPem: caKey,
      isCaCertificate: true,
      validityPeriodHours: 1,
      allowedUses: ["cert_signing"],
      subject: { commonName: "ca" },
    }).certPem;
    const leaf = (name: string, use: string, ipAddresses: string[]) => {
      const privateKeyPem = key(name);
      const request = new tls.CertRequest(name, { privateKeyPem, ipAddresses, subject: { commonName: name } });
      const certificate = new tls.LocallySignedCert(name, {
        certRequestPem: request.certRequestPem,
        caCertPem: ca,
        caPrivateKeyPem: caKey,
        validityPeriodHours: 1,
        allowedUses: ["digital_signature", use],
      });
      return { key: privateKeyPem, certificate: certificate.certPem };
    };
    const server = leaf("server", "server_auth", ["127.0.0.1"]);
    const client = leaf("admin", "client_auth", []);
    return {
      ca,
      serverCertificate: server.certificate,
      serverKey: server.key,
      clientCertificate: client.certificate,
      clientKey: client.key,
    };
  });
  return run.outputs as Awaited<ReturnType<typeof certificates>>;
}

describe("Kubernetes API", () => {
  let known: Awaited<ReturnType<typeof certificates>>;
  let server: https.Server;
  let access: KubernetesAccess;
  const asked: { method?: string; url?: string; body: string; client: string }[] = [];

  beforeAll(async () => {
    known = await certificates();
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
    const stranger = await certificates();
    await expect(kubernetesApi({ ...access, clusterCaCertificatePem: stranger.ca })("GET", "/readyz")).rejects.toThrow(
      /certificate/,
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
