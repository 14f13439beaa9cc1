/** SSH private keys, in OpenSSH's own form or in one of the forms of PEM that OpenSSL reads. */
import { createPrivateKey } from "node:crypto";
import { decoded, sshField } from "./keyBytes";
import { cutShort, hasPassphrase, type WantedKey } from "./keyForms";

const magic = Buffer.from("openssh-key-v1\0");

/** The key that Flux shows to a Git server. */
export const sshPrivateKey: WantedKey = {
  name: "an SSH private key, from its BEGIN line to its END line",
  forms: ["opensshPrivate", "pemPrivate"],
  source: "give the private half of the deploy key",
  conversions: { putty: "convert it with puttygen FILE -O private-openssh" },
  onlyOne: "keep the one that the Git server knows",
  problem: (text) => {
    if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) return hasPassphrase;
    const [, label, body, end] =
      /^-----BEGIN ([A-Z ]*PRIVATE KEY)-----\r?\n([\s\S]+)\r?\n-----END ([A-Z ]*)-----$/.exec(text) ?? [];
    if (label === undefined || body === undefined || end !== label) return cutShort;
    if (label === "OPENSSH PRIVATE KEY") return opensshProblem(body.replace(/\s/g, ""));
    try {
      createPrivateKey(text);
      return undefined;
    } catch {
      return cutShort;
    }
  },
};

/** The magic, three texts about the cipher, how many keys, each public key, and the private part (PROTOCOL.key). */
function opensshProblem(base64: string): string | undefined {
  const bytes = decoded(base64);
  if (bytes?.subarray(0, magic.length).equals(magic) !== true) return cutShort;
  const cipher = sshField(bytes.subarray(magic.length));
  const keys = cipher && afterFields(cipher.rest, 2);
  if (keys === undefined || keys.length < 4 || keys.readUInt32BE(0) !== 1) return cutShort;
  if (afterFields(keys.subarray(4), 2)?.length !== 0) return cutShort;
  return cipher?.field.toString() === "none" ? undefined : hasPassphrase;
}

/** What follows so many fields; undefined when one of them is not whole. */
function afterFields(bytes: Buffer, count: number): Buffer | undefined {
  let rest: Buffer | undefined = bytes;
  for (let index = 0; index < count && rest !== undefined; index++) rest = sshField(rest)?.rest;
  return rest;
}
