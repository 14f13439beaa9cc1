/**
 * Values that look random and are not: the same seed and label give the same value, so that two runs can be compared.
 */
import { createHash, createHmac, hkdfSync } from "node:crypto";

/** An id of OpenStack's form for a label, the same in every run. */
export function idOf(label: string): string {
  const hex = createHash("sha256").update(label).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A MAC address with Neutron's default prefix fa:16:3e. */
export function macOf(label: string): string {
  const hex = createHash("sha256").update(`mac ${label}`).digest("hex");
  return `fa:16:3e:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}

/** `length` bytes for a label, not to be guessed without the seed. At most 8160 bytes, HKDF-SHA256's limit. */
export function derivedBytes(seed: string, label: string, length: number): Buffer {
  return Buffer.from(hkdfSync("sha256", Buffer.from(seed, "hex"), "", label, length));
}

/** Fingerprint of a secret: tells whether it changed, and nothing else without the seed. */
export function secretDigest(seed: string, value: unknown): string {
  return createHmac("sha256", Buffer.from(seed, "hex"))
    .update(JSON.stringify(value) ?? "undefined")
    .digest("base64url");
}
