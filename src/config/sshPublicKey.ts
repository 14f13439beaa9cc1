/** SSH public keys as they travel: what OpenSSH reads out of the base64 of a key's line. */
import { decoded, sshField } from "./keyBytes";

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
export function sshKeyProblem(type: string, base64: string): string | undefined {
  const expected = Object.hasOwn(fieldsAfterType, type) ? fieldsAfterType[type] : undefined;
  if (expected === undefined) return `must be of one of the types ${sshKeyTypes.join(", ")}`;
  const cutShort = "must be a whole key; this one was cut short or altered, so copy its line again";
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

/** Why a text is not even a public key of SSH, as a part of a sentence; undefined when it may be one. */
function pastedByMistake(text: string): string | undefined {
  if (/BEGIN PGP/.test(text)) return "must be a key of OpenSSH, not of PGP; copy the line of a .pub file in ~/.ssh";
  if (/PRIVATE KEY|PuTTY-User-Key-File|AGE-SECRET-KEY-/.test(text))
    return "must be the public key, the line of the .pub file; this is the private key, so make a new pair, as it stood here for all to read";
  if (/BEGIN SSH2 PUBLIC KEY/.test(text)) return "must be in OpenSSH's form; convert it with ssh-keygen -i -f FILE";
  if (/BEGIN (CERTIFICATE|PUBLIC KEY|RSA PUBLIC KEY)/.test(text))
    return "must be in OpenSSH's form; convert it with ssh-keygen -i -m PKCS8 -f FILE";
  return undefined;
}

/** Also what a value that is no text is told. */
export const notAKeyLine = "must be one line of an OpenSSH public key, for instance ssh-ed25519 AAAA... name";

/** What is wrong with a line of a .pub file, as a part of a sentence; undefined when it is sound. */
export function sshKeyLineProblem(line: string): string | undefined {
  const [, type = "", base64 = ""] = /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})( [^\r\n]*)?$/.exec(line) ?? [];
  return pastedByMistake(line) ?? (type === "" ? notAKeyLine : sshKeyProblem(type, base64));
}
