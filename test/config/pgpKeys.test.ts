import { pgpPublicKeys } from "../../src/config/pgpKeys";

const block = (bytes: readonly number[], sum = "") =>
  `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${Buffer.from(bytes).toString("base64")}\n${sum}\n-----END PGP PUBLIC KEY BLOCK-----`;

const publicKey = [0x98, 1, 4];
const identity = [0xb4, 2, 0x61, 0x62];

describe("blocks of PGP", () => {
  it.each<[string, readonly number[], string]>([
    ["a key", publicKey, ""],
    ["a key with its checksum", publicKey, "=0TYy"],
    ["a key with an identity", [...publicKey, ...identity], ""],
    ["lengths of two and four bytes", [0x99, 0, 1, 4, 0x9a, 0, 0, 0, 1, 4], ""],
    ["the newer lengths", [0xc6, 1, 4, 0xc6, 192, 0, ...Array<number>(192).fill(1), 0xc6, 255, 0, 0, 0, 1, 4], ""],
  ])("are taken: %s", (_, bytes, sum) => {
    expect(pgpPublicKeys(block(bytes, sum))).toHaveLength(1);
  });

  it.each<[string, readonly number[], string]>([
    ["another checksum", publicKey, "=0TYz"],
    ["a packet cut short", [0x98, 9, 4], ""],
    ["a private key", [0x94, 1, 4], ""],
    ["an identity first", [...identity, ...publicKey], ""],
    ["no packet", [0, 0, 0], ""],
    ["nothing", [], ""],
    ["a length of unknown size", [0x9b, 1, 4], ""],
    ["a length in parts", [0xc6, 224, 4], ""],
  ])("are refused: %s", (_, bytes, sum) => {
    expect(pgpPublicKeys(block(bytes, sum))).toBeUndefined();
  });
});
