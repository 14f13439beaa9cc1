/** Bech32 (BIP 173), in which age writes its keys: letters that are hard to confuse, and a checksum of six of them. */

const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const checksumLength = 6;
/** Bits that one letter holds. */
const letterBits = 5;

/**
 * What a text with this prefix (in lower case, without the "1" after it) holds; undefined when it was cut short or
 * altered. Its letters are all upper case or all lower case.
 */
export function bech32Bytes(text: string, prefix: string): Buffer | undefined {
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return undefined;
  if (prefix === "" || !lower.startsWith(`${prefix}1`)) return undefined;
  const values = Array.from(lower.slice(prefix.length + 1), (letter) => alphabet.indexOf(letter));
  const codes = [...Buffer.from(prefix)];
  const checked = [...codes.map((code) => code >> letterBits), 0, ...codes.map((code) => code & 31), ...values];
  if (values.length < checksumLength || values.includes(-1) || checksum(checked) !== 1) return undefined;
  return bytesOf(values.slice(0, -checksumLength));
}

/** The polynomial of BIP 173. */
function checksum(values: readonly number[]): number {
  const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  return values.reduce((sum, value) => {
    const shifted = ((sum & 0x1ffffff) << letterBits) ^ value;
    return generator.reduce((result, term, bit) => ((sum >> (25 + bit)) & 1 ? result ^ term : result), shifted);
  }, 1);
}

/** Undefined when what is left of the last letter, less than its five bits, is not zero. */
function bytesOf(values: readonly number[]): Buffer | undefined {
  const bits = values.map((value) => value.toString(2).padStart(letterBits, "0")).join("");
  const rest = bits.length % 8;
  if (rest >= letterBits || bits.slice(bits.length - rest).includes("1")) return undefined;
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
}
