/** Each kind of mistake with a key is told by one sentence, in whichever key of the configuration it was made. */
import { generateKeyPairSync } from "node:crypto";
import { parseClusterConfig } from "../../src/config/parse";
import { caCertificate } from "../bootstrap/samples";
import { newAgeKeys } from "../../lab/ageKeys";
import { minimal, sentencesOf } from "./fixtures";

const age = newAgeKeys();
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pemPrivate = rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const locked = rsa.privateKey
  .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "hunter2" })
  .toString();
const pemPublic = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
const ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJhc3Rpb24ga2V5IGZvciB0ZXN0cyBvbmx5LCAzMiBi";
const armour = (label: string, body: string) => `-----BEGIN ${label}-----\n\n${body}\n-----END ${label}-----\n`;
const pgp = armour("PGP PUBLIC KEY BLOCK", Buffer.from([0x98, 1, 4]).toString("base64"));
const certificate = caCertificate;
const inOneLine = (text: string) => text.trim().replaceAll("\n", " ");

const https = { url: "https://git.example.org/platform/cluster.git" };
const overSsh = { url: "ssh://git@git.example.org/platform/cluster.git" };
const git = { privateKey: pemPrivate, knownHosts: `git.example.org ${ssh}` };
const cloudProvider = { authUrl: "https://keystone.example.org:5000", region: "one" };

/** Where keys stand: the path in sentences, and the configuration that has `key` there. */
const places = {
  authorizedKey: ["ssh.authorizedKeys[0]", (key: string) => ({ ssh: { authorizedKeys: [key] } })],
  commitSigner: ["flux.commitSigners[0]", (key: string) => ({ flux: { ...https, commitSigners: [key] } })],
  signingKey: [
    "packageMirror.signingKey",
    (key: string) => ({
      packageSource: "mirror",
      packageMirror: { kubernetesUrl: "https://mirror.example.org/k8s", signingKey: key },
    }),
  ],
  extraCa: ["extraCas[0]", (key: string) => ({ extraCas: [key] })],
  cloudCa: [
    "cloudProvider.ca",
    (key: string) => ({
      cloudProvider: { ...cloudProvider, ca: key },
      credentials: { openstack: { id: "a", secret: "b" } },
    }),
  ],
  gitKey: [
    "credentials.git.privateKey",
    (key: string) => ({ flux: overSsh, credentials: { git: { ...git, privateKey: key } } }),
  ],
  knownHosts: [
    "credentials.git.knownHosts",
    (key: string) => ({ flux: overSsh, credentials: { git: { ...git, knownHosts: key } } }),
  ],
  ageKey: ["credentials.sopsAgeKey", (key: string) => ({ flux: https, credentials: { sopsAgeKey: key } })],
} as const;
type Place = keyof typeof places;

const isSecret = (place: Place) => place === "gitKey" || place === "ageKey";
const parse = (place: Place, key: string) => parseClusterConfig({ ...minimal, ...places[place][1](key) }, "dev");

const wanted: Readonly<Record<Place, string>> = {
  authorizedKey: "one line of an OpenSSH public key (ssh-ed25519 AAAA... name)",
  commitSigner: "an OpenSSH or an armoured PGP public key",
  signingKey: "ASCII-armoured PGP public keys",
  extraCa: "a PEM certificate",
  cloudCa: "a PEM certificate",
  gitKey: "an SSH private key, from its BEGIN line to its END line",
  knownHosts: "whole lines of a known_hosts file",
  ageKey: "an age secret key (AGE-SECRET-KEY-1...)",
};
const givenAway = "make a new pair, as it stood here for all to read";
const truncated = "must be whole; this one was cut short or altered, so copy it again";
const preface = "must begin with the key itself; remove the quotes, names or options before it";
const broken = "must be one line; remove the line breaks within it and after it";
const lost = "must have the line breaks of its file; this text lost them, so copy the file as it is";
const another = (place: Place, found: string, remedy: string) =>
  `must be ${wanted[place]}; this is ${found}, so ${remedy}`;

const sound: readonly [Place, string, string][] = [
  ["authorizedKey", "a key with its comment", `${ssh} ops@example.org`],
  ["commitSigner", "a key of OpenSSH", ssh],
  ["commitSigner", "a key of PGP", pgp],
  ["signingKey", "two keys with the words that gpg writes before them", `pub rsa4096\n${pgp}${pgp}`],
  ["extraCa", "a certificate", certificate],
  ["gitKey", "a key in PEM", pemPrivate],
  ["knownHosts", "a host's keys with a comment", `# git:22\ngit.example.org ${ssh}\n[git]:2222 ${ssh}\n`],
  ["ageKey", "the old and the new key", `# a comment\n${age.secret}\n${newAgeKeys().secret}\n`],
];

const unsound: readonly [Place, string, string, string][] = [
  // Cut short.
  ["authorizedKey", "a key cut short", ssh.slice(0, -4), truncated],
  ["commitSigner", "a PGP key without its end", pgp.slice(0, -10), truncated],
  ["signingKey", "a key without its end", pgp.slice(0, -10), truncated],
  ["extraCa", "a certificate cut short", certificate.replace(/\n.{20}/, "\n"), truncated],
  ["cloudCa", "a certificate cut short", certificate.trim().slice(0, -10), truncated],
  ["gitKey", "a key without its end", pemPrivate.trim().slice(0, -10), truncated],
  ["knownHosts", "a key cut short", `git.example.org ${ssh.slice(0, -4)}`, truncated],
  ["ageKey", "a key cut short", age.secret.slice(0, -1), truncated],
  // Private where a public one is wanted.
  ["authorizedKey", "a private key", pemPrivate, another("authorizedKey", "a PEM private key", givenAway)],
  ["authorizedKey", "an age secret key", age.secret, another("authorizedKey", "an age secret key", givenAway)],
  [
    "commitSigner",
    "a private PGP key",
    armour("PGP PRIVATE KEY BLOCK", "mQENBF"),
    another("commitSigner", "a PGP private key", givenAway),
  ],
  ["signingKey", "a private key", pemPrivate, another("signingKey", "a PEM private key", givenAway)],
  [
    "extraCa",
    "a certificate with its key",
    `${certificate}\n${pemPrivate}`,
    another("extraCa", "a PEM private key", givenAway),
  ],
  ["cloudCa", "a private key", pemPrivate, another("cloudCa", "a PEM private key", givenAway)],
  [
    "knownHosts",
    "a private key",
    armour("OPENSSH PRIVATE KEY", "b3BlbnNz"),
    another("knownHosts", "an OpenSSH private key", givenAway),
  ],
  // Public where a private one is wanted.
  [
    "gitKey",
    "a public key",
    ssh,
    another("gitKey", "an OpenSSH public key", "give the private half of the deploy key"),
  ],
  [
    "ageKey",
    "a public key",
    age.public,
    another("ageKey", "an age public key", "give the content of the file that age-keygen wrote"),
  ],
  // Of another kind.
  [
    "authorizedKey",
    "a key of PGP",
    pgp,
    another("authorizedKey", "a PGP public key", "copy the line of a .pub file in ~/.ssh"),
  ],
  [
    "authorizedKey",
    "a key in PEM",
    pemPublic,
    another("authorizedKey", "a PEM public key", "convert it with ssh-keygen -i -m PKCS8 -f FILE"),
  ],
  [
    "authorizedKey",
    "a key in SSH2's form",
    "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n",
    another("authorizedKey", "an SSH2 public key", "convert it with ssh-keygen -i -f FILE"),
  ],
  [
    "authorizedKey",
    "a path",
    "~/.ssh/id_ed25519.pub",
    `must be ${wanted.authorizedKey}; copy the line of a .pub file in ~/.ssh`,
  ],
  [
    "commitSigner",
    "a certificate",
    certificate,
    another("commitSigner", "a certificate", "copy the line of a .pub file in ~/.ssh"),
  ],
  [
    "signingKey",
    "a signature",
    armour("PGP SIGNATURE", "iQ"),
    another("signingKey", "a PGP message or signature", "give the output of gpg --armor --export KEY"),
  ],
  [
    "extraCa",
    "a certificate request",
    armour("CERTIFICATE REQUEST", "MIIB"),
    another("extraCa", "a certificate request", "give that of the CA, from its BEGIN line to its END line"),
  ],
  [
    "extraCa",
    "a certificate with OpenSSL's trust",
    armour("TRUSTED CERTIFICATE", "MIIB"),
    another("extraCa", "a trusted certificate of OpenSSL", "convert it with openssl x509 -in FILE"),
  ],
  [
    "gitKey",
    "a key of PuTTY",
    "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n",
    another("gitKey", "a PuTTY private key", "convert it with puttygen FILE -O private-openssh"),
  ],
  [
    "gitKey",
    "an age secret key",
    age.secret,
    another("gitKey", "an age secret key", "give the private half of the deploy key"),
  ],
  [
    "ageKey",
    "a key of SSH",
    pemPrivate,
    another("ageKey", "a PEM private key", "give the content of the file that age-keygen wrote"),
  ],
  [
    "ageKey",
    "a plugin's key",
    "AGE-PLUGIN-YUBIKEY-1QQQQ",
    "must be a key of age itself, as Flux has no plugins; make one with age-keygen",
  ],
  ["knownHosts", "a host", "git.example.org", `must be ${wanted.knownHosts}; give what \`ssh-keyscan HOST\` prints`],
  // Two in one value.
  [
    "authorizedKey",
    "two keys",
    `${ssh}\n${ssh}`,
    "must be only one; this text has 2, so give each a list item of its own",
  ],
  [
    "commitSigner",
    "two PGP keys",
    `${pgp}${pgp}`,
    "must be only one; this text has 2, so give each a list item of its own",
  ],
  [
    "extraCa",
    "a bundle",
    `${certificate}\n${certificate}`,
    "must be only one; this text has 2, so give each a list item of its own",
  ],
  [
    "cloudCa",
    "a bundle",
    `${certificate}\n${certificate}`,
    "must be only one; this text has 2, so keep the one of the CA",
  ],
  [
    "gitKey",
    "two keys",
    `${pemPrivate}${pemPrivate}`,
    "must be only one; this text has 2, so keep the one that the Git server knows",
  ],
  // Under a passphrase.
  [
    "gitKey",
    "a key under a passphrase",
    locked,
    "must be without a passphrase; take it off a copy with ssh-keygen -p -f FILE",
  ],
  [
    "ageKey",
    "an encrypted file",
    armour("AGE ENCRYPTED FILE", "YWdl"),
    another("ageKey", "a file that age encrypted", "decrypt it with age -d FILE"),
  ],
  // Line breaks.
  ["authorizedKey", "a key broken into lines", ssh.replace(/(.{40})/, "$1\n"), broken],
  ["authorizedKey", "a key with a line break after it", `${ssh}\n`, broken],
  ["ageKey", "a key broken into lines", age.secret.replace(/(.{40})/, "$1\n"), broken],
  ["signingKey", "a key in one line", inOneLine(pgp), lost],
  ["extraCa", "a certificate in one line", inOneLine(certificate), lost],
  ["gitKey", "a key whose line breaks are written as \\n", pemPrivate.trim().replaceAll("\n", "\\n"), lost],
  // Something before the key.
  ["authorizedKey", "a key in quotes", `"${ssh}"`, preface],
  ["authorizedKey", "a key with options", `from="10.0.0.0/8" ${ssh}`, preface],
  ["commitSigner", "a key with the principal of an allowed_signers file", `ann@example.org ${ssh}`, preface],
  ["extraCa", "a certificate with the words that openssl writes before it", `subject=CN = CA\n${certificate}`, preface],
  ["gitKey", "a key in quotes", `"${pemPrivate.trim()}"`, preface],
  ["ageKey", "a key with the name of a variable", `SOPS_AGE_KEY=${age.secret}`, preface],
];

describe("a key of the configuration", () => {
  it.each(sound)("is taken: %s, %s", (place, _, key) => {
    expect(() => parse(place, key)).not.toThrow();
  });

  it.each(unsound)("is refused without being shown: %s, %s", (place, _, key, problem) => {
    const value = isSecret(place) ? "[secret]" : `a text of ${key.length} characters`;
    expect(sentencesOf(() => parse(place, key))).toEqual([`${places[place][0]} is ${value} but ${problem}.`]);
  });

  it("is told in fewer than 40 words", () => {
    const long = unsound
      .map(([place, , , problem]) => `${places[place][0]} is a text of 1234 characters but ${problem}.`)
      .filter((sentence) => sentence.split(" ").length >= 40);
    expect(long).toEqual([]);
  });

  it("is not shown where something else is wanted", () => {
    const [sentence] = sentencesOf(() => parseClusterConfig({ ...minimal, clusterName: age.secret }, "dev"));
    expect(sentence).toContain(`clusterName is a text of ${age.secret.length} characters but must be lower-case`);
  });
});
