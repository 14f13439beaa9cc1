/** SSH private keys, in OpenSSH's own form or in one of the forms of PEM that OpenSSL reads. */
import { createPrivateKey } from "node:crypto";
import { decoded, sshField } from "./keyBytes";

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
  const bytes = decoded(base64);
  if (bytes?.subarray(0, magic.length).equals(magic) !== true) return false;
  const cipher = sshField(bytes.subarray(magic.length));
  if (cipher?.field.toString() !== "none") return false;
  const keys = afterFields(cipher.rest, 2);
  if (keys === undefined || keys.length < 4 || keys.readUInt32BE(0) !== 1) return false;
  return afterFields(keys.subarray(4), 2)?.length === 0;
}

/** What follows so many fields; undefined when one of them is not whole. */
function afterFields(bytes: Buffer, count: number): Buffer | undefined {
  let rest: Buffer | undefined = bytes;
  for (let index = 0; index < count && rest !== undefined; index++) rest = sshField(rest)?.rest;
  return rest;
}
