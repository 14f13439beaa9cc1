/** Certificates of CAs, as PEM has them. */
import { X509Certificate } from "node:crypto";
import { cutShort, type WantedKey } from "./keyForms";

/** One certificate; `onlyOne` says what to do with a second one, behind "so". */
export const caCertificate = (onlyOne: string): WantedKey => ({
  name: "a PEM certificate",
  forms: ["certificate"],
  source: "give that of the CA, from its BEGIN line to its END line",
  conversions: {
    trusted: "convert it with openssl x509 -in FILE",
    pkcs7: "convert it with openssl pkcs7 -print_certs -in FILE",
  },
  onlyOne,
  problem: (text) =>
    /^\s*-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/.test(text) && isReadable(text)
      ? undefined
      : cutShort,
});

function isReadable(pem: string): boolean {
  try {
    return new X509Certificate(pem).fingerprint256 !== "";
  } catch {
    return false;
  }
}
