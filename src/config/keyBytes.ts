/** What keys of SSH and PGP are written in. */

/** The bytes of a base64 text, with or without its padding; undefined when it was cut short or altered. */
export function decoded(base64: string): Buffer | undefined {
  const bytes = Buffer.from(base64, "base64");
  const plain = (text: string) => text.replace(/=+$/, "");
  return plain(bytes.toString("base64")) === plain(base64) ? bytes : undefined;
}

/** The first field of SSH's, which its length precedes, and what follows it; undefined when it is not whole. */
export function sshField(bytes: Buffer): { readonly field: Buffer; readonly rest: Buffer } | undefined {
  if (bytes.length < 4) return undefined;
  const end = 4 + bytes.readUInt32BE(0);
  return end > bytes.length ? undefined : { field: bytes.subarray(4, end), rest: bytes.subarray(end) };
}
