import { generateKeyPairSync } from "node:crypto";
import { cutShort, hasPassphrase, keyProblem } from "../../src/config/keyForms";
import { sshPrivateKey } from "../../src/config/sshPrivateKey";

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

const underPassphrase = (type: "pkcs8" | "pkcs1") =>
  rsa.privateKey.export({ type, format: "pem", cipher: "aes-256-cbc", passphrase: "secret" }).toString().trim();

describe("a private key of SSH", () => {
  it.each<[string, string]>([
    ["OpenSSH's form", pem(openssh("none"))],
    ["PKCS 8", ed25519.privateKey.export({ type: "pkcs8", format: "pem" }).toString().trim()],
    ["PKCS 1", rsa.privateKey.export({ type: "pkcs1", format: "pem" }).toString().trim()],
  ])("is taken in %s", (_, text) => {
    expect(keyProblem(sshPrivateKey, text)).toBeUndefined();
  });

  it("is taken with line breaks of Windows", () => {
    expect(keyProblem(sshPrivateKey, pem(openssh("none")).replaceAll("\n", "\r\n"))).toBeUndefined();
  });

  it.each<[string, string, string]>([
    ["cut short", pem(openssh("none").subarray(0, -3)), cutShort],
    ["followed by something", pem(Buffer.concat([openssh("none"), Buffer.from("x")])), cutShort],
    ["one of two", pem(openssh("none", 2)), cutShort],
    ["another file's", pem(Buffer.from("not a key")), cutShort],
    ["not base64", pem(openssh("none")).replace("b3B", "b*B"), cutShort],
    ["of two labels", pem(openssh("none")).replace("END OPENSSH", "END RSA"), cutShort],
    [
      "a PEM cut short",
      pem(ed25519.privateKey.export({ type: "pkcs8", format: "der" }).subarray(0, -3), "PRIVATE KEY"),
      cutShort,
    ],
    ["under a passphrase", pem(openssh("aes256-ctr")), hasPassphrase],
    ["a PEM under a passphrase", underPassphrase("pkcs8"), hasPassphrase],
    ["an old PEM under a passphrase", underPassphrase("pkcs1"), hasPassphrase],
  ])("is refused: %s", (_, text, sentence) => {
    expect(keyProblem(sshPrivateKey, text)).toBe(sentence);
  });
});
