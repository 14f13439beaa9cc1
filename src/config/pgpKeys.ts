/** ASCII-armoured PGP public keys: one block or several, with the comments that people and tools write around them. */
import { decoded } from "./keyBytes";
import { cutShort, type WantedKey } from "./keyForms";

const begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const end = "-----END PGP PUBLIC KEY BLOCK-----";
const header = /^[A-Za-z][A-Za-z0-9-]*: /;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;
const checksum = /^=[A-Za-z0-9+/]{4}$/;

/** One block or several. */
export const pgpKeys: WantedKey = {
  name: "ASCII-armoured PGP public keys",
  forms: ["pgpPublic"],
  source: "give the output of gpg --armor --export KEY",
  problem: (text) => (pgpPublicKeys(text) === undefined ? cutShort : undefined),
};

/**
 * Each block by itself, without headers such as "Comment: ...": rpm refuses headers that it does not know, and apt
 * reads no more than the first block of a file. Undefined when there is no block, or one that is no public key, was cut
 * short or was altered.
 */
export function pgpPublicKeys(text: string): string[] | undefined {
  const blocks: string[] = [];
  let body: string[] | undefined;
  for (const line of text.split(/\r?\n/).map((each) => each.trim())) {
    if (body === undefined) {
      if (line === begin) body = [];
      // Another kind of block, a private key above all, or an END without its BEGIN.
      else if (line.startsWith("-----")) return undefined;
    } else if (line === end) {
      if (!isPublicKey(body)) return undefined;
      blocks.push([begin, "", ...body, end, ""].join("\n"));
      body = undefined;
    } else if (base64.test(line) || checksum.test(line)) {
      if (line !== "") body.push(line);
    } else if (body.length > 0 || !header.test(line)) return undefined;
  }
  return body === undefined && blocks.length > 0 ? blocks : undefined;
}

/** Whether the lines of a block hold whole packets, the first of them a public key (RFC 9580, sections 4 and 6). */
function isPublicKey(lines: readonly string[]): boolean {
  const text = lines.filter((line) => !checksum.test(line)).join("");
  const sum = lines.find((line) => checksum.test(line));
  const bytes = decoded(text);
  if (bytes === undefined) return false;
  if (sum !== undefined && sum !== `=${crc24(bytes).toString("base64")}`) return false;
  return packetTags(bytes)?.[0] === publicKeyTag;
}

const publicKeyTag = 6;

/** The kinds of the packets; undefined when their lengths do not fill `bytes` exactly. */
function packetTags(bytes: Buffer): number[] | undefined {
  const tags: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const first = bytes.readUInt8(at);
    const isNew = (first & 0x40) !== 0;
    const found =
      (first & 0x80) === 0 ? undefined : isNew ? newLength(bytes, at + 1) : oldLength(bytes, at + 1, first & 3);
    if (found === undefined) return undefined;
    tags.push(isNew ? first & 0x3f : (first >> 2) & 0xf);
    at = found.body + found.length;
  }
  return at === bytes.length ? tags : undefined;
}

interface PacketLength {
  /** Offset of the packet's body. */
  readonly body: number;
  readonly length: number;
}

/** A length of 1, 2 or 4 bytes; keys have none of undetermined length. */
function oldLength(bytes: Buffer, at: number, kind: number): PacketLength | undefined {
  const size = [1, 2, 4][kind];
  if (size === undefined || at + size > bytes.length) return undefined;
  return { body: at + size, length: bytes.readUIntBE(at, size) };
}

/** A length of 1, 2 or 5 bytes; keys have none in parts. */
function newLength(bytes: Buffer, at: number): PacketLength | undefined {
  const [first = 256, second] = bytes.subarray(at);
  if (first < 192) return { body: at + 1, length: first };
  if (first < 224 && second !== undefined) return { body: at + 2, length: ((first - 192) << 8) + second + 192 };
  return first === 255 ? oldLength(bytes, at + 1, 2) : undefined;
}

/** The checksum of a block (RFC 9580, section 6.1.1). */
function crc24(bytes: Buffer): Buffer {
  let sum = 0xb704ce;
  for (const byte of bytes) {
    sum ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) {
      sum <<= 1;
      if ((sum & 0x1000000) !== 0) sum ^= 0x1864cfb;
    }
  }
  return Buffer.from([(sum >> 16) & 0xff, (sum >> 8) & 0xff, sum & 0xff]);
}
