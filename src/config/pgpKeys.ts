/** ASCII-armoured PGP public keys: one block or several, with the comments that people and tools write around them. */

const begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const end = "-----END PGP PUBLIC KEY BLOCK-----";
const header = /^[A-Za-z][A-Za-z0-9-]*: /;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;
const checksum = /^=[A-Za-z0-9+/]{4}$/;

/**
 * Each block by itself, without headers such as "Comment: ...": rpm refuses headers that it does not know, and apt
 * reads no more than the first block of a file. Undefined when there is no block, or one that is cut short or not
 * base64.
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
      if (!body.some((each) => !checksum.test(each))) return undefined;
      blocks.push([begin, "", ...body, end, ""].join("\n"));
      body = undefined;
    } else if (base64.test(line) || checksum.test(line)) {
      if (line !== "") body.push(line);
    } else if (body.length > 0 || !header.test(line)) return undefined;
  }
  return body === undefined && blocks.length > 0 ? blocks : undefined;
}
