import * as tls from "@pulumi/tls";
import { simulate } from "../simulation";

export interface MadeCertificates {
  readonly ca: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
}

/**
 * A CA with certificates of a server, on loopback and under the names given, and of a client called "admin", as the
 * program's own resources make them.
 */
export async function madeCertificates(...dnsNames: string[]): Promise<MadeCertificates> {
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
    const leaf = (name: string, use: string, names: Partial<tls.CertRequestArgs>) => {
      const privateKeyPem = key(name);
      const request = new tls.CertRequest(name, { privateKeyPem, ...names, subject: { commonName: name } });
      const certificate = new tls.LocallySignedCert(name, {
        certRequestPem: request.certRequestPem,
        caCertPem: ca,
        caPrivateKeyPem: caKey,
        validityPeriodHours: 1,
        allowedUses: ["digital_signature", use],
      });
      return { key: privateKeyPem, certificate: certificate.certPem };
    };
    const server = leaf("server", "server_auth", { ipAddresses: ["127.0.0.1"], dnsNames });
    const client = leaf("admin", "client_auth", {});
    return {
      ca,
      serverCertificate: server.certificate,
      serverKey: server.key,
      clientCertificate: client.certificate,
      clientKey: client.key,
    };
  });
  return run.outputs as unknown as MadeCertificates;
}
