/** SSH private keys, in OpenSSH's own form or in one of the forms of PEM that OpenSSL reads. */
import { createPrivateKey } from "node:crypto";

const magic = Buffer.from("openssh-key-v1\0");

/** Whether the text is a whole private key that no passphrase protects. */
export function isSshPrivateKey(text: string): boolean {
  const [, label, body, end] =
    /^-----BEGIN ([A-Z ]*PRIVATE KEY)-----\n([\s\S]+)\n-----END ([A-Z ]*)-----$/.exec(text) ?? [];
  if (label === undefined || body === undefined || end !== label) return false;
  if (label === "OPENSSH PRIVATE KEY") return isOpensshKey(body.replace(/\s/g, ""));
  try {
    createPrivateKey(text);
    return true;
  } catch {
    return false;
  }
}

/** The magic, three texts about the cipher, how many keys, each public key, and the private part (PROTOCOL.key). */
function isOpensshKey(base64: string): boolean {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.toString("base64").replace(/=+$/, "") !== base64.replace(/=+$/, "")) return false;
  if (!bytes.subarray(0, magic.length).equals(magic)) return false;
  let at = magic.length;
  /** The next field; undefined when it would go beyond the end. */
  const field = () => {
    if (at + 4 > bytes.length) return undefined;
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    return at > bytes.length ? undefined : bytes.subarray(at - length, at);
  };
  const cipher = field()?.toString();
  const about = [field(), field()];
  if (cipher !== "none" || about.includes(undefined) || at + 4 > bytes.length) return false;
  const keys = bytes.readUInt32BE(at);
  at += 4;
  const parts = [field(), field()];
  return keys === 1 && !parts.includes(undefined) && at === bytes.length;
}
