/** The certificate that backups are encrypted for. */
import { X509Certificate } from "node:crypto";
import { caCertificate } from "./caCertificate";
import type { WantedKey } from "./keyForms";

const base = caCertificate("keep one");

/** What OpenSSL encrypts for: RSA by OAEP, EC by a key agreement. */
export const recipientCertificate: WantedKey = {
  ...base,
  source: "make one as docs/how-to/back-up-etcd.md says",
  problem: (text, form) =>
    base.problem(text, form) ??
    (recipientKeyType(text) === undefined
      ? "must be the certificate of an RSA key or an EC key; other keys sign but cannot encrypt"
      : undefined),
};

/** Undefined for keys that nothing can be encrypted for. @param certificate PEM. */
export function recipientKeyType(certificate: string): "rsa" | "ec" | undefined {
  const type = new X509Certificate(certificate).publicKey.asymmetricKeyType;
  return type === "rsa" || type === "ec" ? type : undefined;
}
