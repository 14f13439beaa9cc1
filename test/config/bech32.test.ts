import { bech32Bytes } from "../../src/config/bech32";

/** Test vectors of BIP 173: text, prefix, and how many bytes it holds. */
const sound: readonly [string, string, number][] = [
  ["A12UEL5L", "a", 0],
  ["a12uel5l", "a", 0],
  [
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio",
    0,
  ],
  ["abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef", 20],
  ["11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j", "1", 51],
  ["split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "split", 30],
  ["?1ezyfcl", "?", 0],
];

const unsound: readonly [string, string, string][] = [
  ["no separator", "pzry9x0s0muk", "pzry9x0s0muk"],
  ["an empty prefix", "1pzry9x0s0muk", ""],
  ["a letter of no value", "x1b4n0q5v", "x"],
  ["a checksum that is too short", "li1dgmt3", "li"],
  ["a checksum of the prefix in upper case", "A1G7SGD8", "a"],
  ["letters of both cases", "A12uEL5L", "a"],
  ["another prefix", "a12uel5l", "b"],
  ["a letter too few", "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3", "split"],
  ["a letter altered", "split1cheo2y9e2w", "split"],
];

describe("Bech32", () => {
  it.each(sound)("is read: %s", (text, prefix, length) => {
    expect(bech32Bytes(text, prefix)).toHaveLength(length);
  });

  it("holds the bytes of BIP 173's example", () => {
    expect(bech32Bytes("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef")?.toString("hex")).toBe(
      "00443214c74254b635cf84653a56d7c675be77df",
    );
  });

  it.each(unsound)("is refused: %s", (_, text, prefix) => {
    expect(bech32Bytes(text, prefix)).toBeUndefined();
  });
});
