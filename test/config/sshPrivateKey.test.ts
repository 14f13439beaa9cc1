import { generateKeyPairSync } from "node:crypto";
import { isSshPrivateKey } from "../../src/config/sshPrivateKey";

const pem = (bytes: Buffer, label = "OPENSSH PRIVATE KEY") =>
  `-----BEGIN ${label}-----\n${bytes.toString("base64")}\n-----END ${label}-----`;

/** As ssh-keygen writes it: the outer form only, which is what is looked at. */
function openssh(cipher: string, keys = 1): Buffer {
  const field = (content: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, Buffer.from(content)]);
  };
  const fields = [
    field(cipher),
    field("none"),
    field(""),
    Buffer.from([0, 0, 0, keys]),
    field("public"),
    field("private"),
  ];
  return Buffer.concat([Buffer.from("openssh-key-v1\0"), ...fields]);
}

const ed25519 = generateKeyPairSync("ed25519");
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

describe("a private key of SSH", () => {
  it.each<[string, string]>([
    ["OpenSSH's form", pem(openssh("none"))],
    ["PKCS 8", ed25519.privateKey.export({ type: "pkcs8", format: "pem" }).toString().trim()],
    ["PKCS 1", rsa.privateKey.export({ type: "pkcs1", format: "pem" }).toString().trim()],
  ])("is taken in %s", (_, text) => {
    expect(isSshPrivateKey(text)).toBe(true);
  });

  it.each<[string, string]>([
    ["cut short", pem(openssh("none").subarray(0, -3))],
    ["followed by something", pem(Buffer.concat([openssh("none"), Buffer.from("x")]))],
    ["under a passphrase", pem(openssh("aes256-ctr"))],
    ["one of two", pem(openssh("none", 2))],
    ["another file's", pem(Buffer.from("not a key"))],
    ["not base64", pem(openssh("none")).replace("b3B", "b*B")],
    [
      "a PEM cut short",
      pem(ed25519.privateKey.export({ type: "pkcs8", format: "der" }).subarray(0, -3), "PRIVATE KEY"),
    ],
    [
      "a PEM under a passphrase",
      rsa.privateKey
        .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" })
        .toString()
        .trim(),
    ],
    ["a public key", ed25519.publicKey.export({ type: "spki", format: "pem" }).toString().trim()],
    ["of two labels", pem(openssh("none")).replace("END OPENSSH", "END RSA")],
  ])("is refused: %s", (_, text) => {
    expect(isSshPrivateKey(text)).toBe(false);
  });
});
