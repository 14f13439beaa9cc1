/** SSH public keys as they travel: what OpenSSH reads out of the base64 of a key's line. */
import { decoded, sshField } from "./keyBytes";
import { brokenLine, cutShort, type WantedKey } from "./keyForms";

/** Bytes of what follows the type in a key, field by field; "any" is a field of whatever length. */
const fieldsAfterType: Readonly<Record<string, readonly (number | "any")[]>> = {
  "ssh-ed25519": [32],
  "ssh-rsa": ["any", "any"],
  "ecdsa-sha2-nistp256": [8, 65],
  "ecdsa-sha2-nistp384": [8, 97],
  "ecdsa-sha2-nistp521": [8, 133],
  "sk-ssh-ed25519@openssh.com": [32, "any"],
  "sk-ecdsa-sha2-nistp256@openssh.com": [8, 65, "any"],
};

/** The types of keys that are understood, as they begin a line of authorized_keys. */
const sshKeyTypes: readonly string[] = Object.keys(fieldsAfterType);

/** Bits of the shortest RSA key that sshd takes on the RHEL family (RequiredRSASize of its DEFAULT crypto policy). */
const shortestRsaBits = 2048;

/**
 * Why sshd would pass over the key, as a part of a sentence; undefined when it is sound. `type` is the word before the
 * base64 text (RFC 4253, section 6.6; RFC 5656; RFC 8709; OpenSSH's PROTOCOL.u2f).
 */
function sshKeyProblem(type: string, base64: string): string | undefined {
  const expected = Object.hasOwn(fieldsAfterType, type) ? fieldsAfterType[type] : undefined;
  if (expected === undefined) return `must be of one of the types ${sshKeyTypes.join(", ")}`;
  const bytes = decoded(base64);
  if (bytes === undefined) return cutShort;
  const [typeWithin, ...fields] = fieldsOf(bytes) ?? [];
  if (typeWithin === undefined || fields.length !== expected.length) return cutShort;
  if (typeWithin.toString("latin1") !== type) return `must begin with the type of the key itself, not with ${type}`;
  if (expected.some((length, index) => length !== "any" && fields[index]?.length !== length)) return cutShort;
  const bits = ((fields[1]?.length ?? 0) - (fields[1]?.[0] === 0 ? 1 : 0)) * 8;
  return type === "ssh-rsa" && bits < shortestRsaBits
    ? `must have at least ${shortestRsaBits} bits, as sshd refuses shorter RSA keys; make one with ssh-keygen -t ed25519`
    : undefined;
}

/** The fields of a key; undefined when they do not fill `bytes` exactly. */
function fieldsOf(bytes: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const first = sshField(rest);
    if (first === undefined) return undefined;
    fields.push(first.field);
    rest = first.rest;
  }
  return fields;
}

/** A line of a .pub file. */
export const sshKeyLine: WantedKey = {
  name: "one line of an OpenSSH public key (ssh-ed25519 AAAA... name)",
  forms: ["sshPublic"],
  source: "copy the line of a .pub file in ~/.ssh",
  conversions: {
    ssh2Public: "convert it with ssh-keygen -i -f FILE",
    pemPublic: "convert it with ssh-keygen -i -m PKCS8 -f FILE",
  },
  onlyOne: "give each a list item of its own",
  problem: (line) => {
    if (/[\r\n]/.test(line)) return brokenLine;
    const [, type = "", base64 = ""] = /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})( .*)?$/.exec(line) ?? [];
    return type === "" ? cutShort : sshKeyProblem(type, base64);
  },
};

/** Lines of a known_hosts file: comments, and the key of a host each. */
export const knownHosts: WantedKey = {
  name: "whole lines of a known_hosts file",
  forms: ["sshPublic"],
  source: "give what `ssh-keyscan HOST` prints",
  hasPreface: true,
  problem: (text) => {
    for (const line of text.split(/\r?\n/).filter((each) => !/^(#.*|\s*)$/.test(each))) {
      const [, type, base64] = /^(?:@\S+ )?\S+ (\S+) ([A-Za-z0-9+/=]+)( .*)?$/.exec(line) ?? [];
      if (type === undefined || base64 === undefined) return cutShort;
      const problem = sshKeyProblem(type, base64);
      if (problem !== undefined) return problem;
    }
    return undefined;
  },
};
