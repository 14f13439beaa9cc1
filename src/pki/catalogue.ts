/**
 * The certificates that exist before any machine does, as data. kubeadm issues every leaf on the machines from these
 * CAs (docs/decisions/0013).
 */
import { counted } from "../config/counted";
import { createHash } from "node:crypto";

const hoursPerYear = 24 * 365;

/** Ten years, kubeadm's own CA lifetime (kubeadmconstants.CACertificateValidity). */
export const caValidityHours = 10 * hoursPerYear;
/**
 * One year, kubeadm's own leaf lifetime; `up` re-issues it from the CA, without touching a machine, within the last
 * `expiryWarningDays`.
 */
export const adminValidityHours = hoursPerYear;
/** Days before its end at which the admin certificate is renewed and a CA is warned of. */
export const expiryWarningDays = 60;

/** Letters and digits that the encryption key is made from: 64 of 62 kinds hold 381 bits, more than the key. */
export const encryptionSeedLength = 64;

/** Key of the encryption at rest: 32 bytes, base64, as secretbox and AES-256 want it. */
export function encryptionKey(seed: string): string {
  return createHash("sha256").update(seed).digest("base64");
}

export type CaName = "cluster" | "etcd" | "front-proxy";

/** Common names as kubeadm gives them, so that its checks and other people's tools recognise the CAs. */
export const certificateAuthorities: Readonly<Record<CaName, { readonly commonName: string }>> = {
  cluster: { commonName: "kubernetes" },
  etcd: { commonName: "etcd-ca" },
  "front-proxy": { commonName: "front-proxy-ca" },
};

/**
 * Group of the admin client certificate: bound to cluster-admin by kubeadm and, unlike system:masters, revocable by
 * RBAC (docs/decisions/0014).
 */
export const adminGroup = "kubeadm:cluster-admins";

/** Names of the program's keys and certificates. They are identity: another name is another key. */
export function pkiNames(clusterName: string) {
  const authority = (name: CaName) => `${clusterName}-${name}-ca`;
  const admin = `${clusterName}-admin`;
  const bootstrapToken = (part: "id" | "secret") => `${clusterName}-bootstrap-token-${part}`;
  return {
    authority,
    authorityKey: (name: CaName) => `${authority(name)}-key`,
    serviceAccountKey: `${clusterName}-service-account`,
    encryptionKey: `${clusterName}-encryption-key`,
    bootstrapToken,
    admin,
    adminKey: `${admin}-key`,
    adminRequest: `${admin}-request`,
  };
}

export const caUses = ["cert_signing", "crl_signing", "digital_signature"] as const;
export const clientUses = ["client_auth", "digital_signature", "key_encipherment"] as const;

/** Days from `now` until an RFC 3339 time, rounded down; negative once it has passed. */
export function daysUntil(validityEnd: string, now: Date): number {
  return Math.floor((Date.parse(validityEnd) - now.getTime()) / 86_400_000);
}

/** The sentence to show when a certificate is near its end, or undefined while it is not. */
export function expiryWarning(name: string, validityEnd: string, now: Date): string | undefined {
  const days = daysUntil(validityEnd, now);
  if (days >= expiryWarningDays) return undefined;
  const when =
    days < 0
      ? `expired ${counted(-days, "day")} ago (${validityEnd})`
      : `expires in ${counted(days, "day")} (${validityEnd})`;
  return `The ${name} ${when}: see docs/runbooks/certificates.md.`;
}
