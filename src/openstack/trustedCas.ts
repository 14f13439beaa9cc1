import * as fs from "node:fs";
import * as tls from "node:tls";

/** Where Linux distributions keep the CAs that a machine trusts, in the order in which Go looks. */
const systemBundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * CAs that this machine trusts, PEM: those of Node, and those of the system, which are the provider's. SSL_CERT_FILE
 * replaces the system's, as in Go.
 */
export function trustedCas(environment: NodeJS.ProcessEnv): string[] {
  const { SSL_CERT_FILE: named, NODE_EXTRA_CA_CERTS: extra } = environment;
  const files = [named || systemBundles.find((file) => fs.existsSync(file)), extra];
  return [
    ...tls.rootCertificates,
    ...files.flatMap((file) => (file && fs.existsSync(file) ? [fs.readFileSync(file, "utf8")] : [])),
  ];
}
