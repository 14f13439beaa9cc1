import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { KeyObject, webcrypto } from "node:crypto";

export interface MadeCertificates {
  readonly ca: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/**
 * A CA with certificates of a server, on loopback and under the names given, and of a client called "admin", valid for
 * an hour.
 */
export async function madeCertificates(...dnsNames: string[]): Promise<MadeCertificates> {
  x509.cryptoProvider.set(webcrypto as never);
  const now = Date.now();
  const validity = { notBefore: new Date(now - 60_000), notAfter: new Date(now + 3_600_000) };
  const pair = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const caKeys = await pair();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=ca",
    keys: caKeys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    ...validity,
  });
  const leaf = async (name: string, extensions: x509.Extension[]) => {
    const { publicKey, privateKey } = await pair();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: ca.subject,
      publicKey,
      signingKey: caKeys.privateKey,
      signingAlgorithm: algorithm,
      extensions,
      ...validity,
    });
    const key = KeyObject.from(privateKey).export({ type: "pkcs8", format: "pem" }) as string;
    return { key, certificate: certificate.toString("pem") };
  };
  const server = await leaf("server", [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension([
      { type: "ip", value: "127.0.0.1" },
      ...dnsNames.map((value) => ({ type: "dns" as const, value })),
    ]),
  ]);
  const client = await leaf("admin", [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])]);
  return {
    ca: ca.toString("pem"),
    serverCertificate: server.certificate,
    serverKey: server.key,
    clientCertificate: client.certificate,
    clientKey: client.key,
  };
}
