/**
 * tls.SelfSignedCert, tls.CertRequest and tls.LocallySignedCert: real X.509 documents, made as the provider (Go's
 * crypto/x509) makes them.
 */
import "reflect-metadata";
import { createHash, createPrivateKey, createPublicKey, webcrypto, type KeyObject } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { derivedBytes } from "../identity";
import { words, type Created, type Creation, type ResourceTypes } from "../resourceType";
import type { Properties } from "../values";

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const subjectAndNames = words("subject dnsNames ipAddresses uris");
const issuing = words("allowedUses validityPeriodHours");
const authority = words("isCaCertificate maxPathLength setSubjectKeyId");

/** Key usages of the provider's `allowedUses`; all others are extended usages. */
const keyUsages: Readonly<Record<string, x509.KeyUsageFlags>> = {
  digital_signature: x509.KeyUsageFlags.digitalSignature,
  content_commitment: x509.KeyUsageFlags.nonRepudiation,
  key_encipherment: x509.KeyUsageFlags.keyEncipherment,
  data_encipherment: x509.KeyUsageFlags.dataEncipherment,
  key_agreement: x509.KeyUsageFlags.keyAgreement,
  cert_signing: x509.KeyUsageFlags.keyCertSign,
  crl_signing: x509.KeyUsageFlags.cRLSign,
  encipher_only: x509.KeyUsageFlags.encipherOnly,
  decipher_only: x509.KeyUsageFlags.decipherOnly,
};

/** RFC 5280, section 4.2.1.12. */
const extendedUsages: Readonly<Record<string, string>> = {
  any_extended: "2.5.29.37.0",
  server_auth: "1.3.6.1.5.5.7.3.1",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  timestamping: "1.3.6.1.5.5.7.3.8",
  ocsp_signing: "1.3.6.1.5.5.7.3.9",
};

export const certificateTypes: ResourceTypes = {
  "tls:index/selfSignedCert:SelfSignedCert": {
    required: [...issuing, "privateKeyPem"],
    optional: [...subjectAndNames, ...authority, ...words("setAuthorityKeyId earlyRenewalHours")],
    replaces: new Set([...issuing, "privateKeyPem", ...subjectAndNames, ...authority, "setAuthorityKeyId"]),
    create: keepOr(async (creation) => {
      const { inputs } = creation;
      const key = createPrivateKey(inputs.privateKeyPem as string);
      const publicKey = spki(key);
      return issue(creation, {
        subject: nameOf(inputs.subject),
        issuer: nameOf(inputs.subject),
        publicKey,
        names: namesOf(inputs),
        signingKey: key,
        authorityKeyId: inputs.setAuthorityKeyId === true ? await keyId(publicKey) : undefined,
      });
    }),
  },
  "tls:index/certRequest:CertRequest": {
    required: ["privateKeyPem"],
    optional: subjectAndNames,
    replaces: new Set(["privateKeyPem", ...subjectAndNames]),
    create: keepOr(async ({ identity, inputs }) => {
      const key = createPrivateKey(inputs.privateKeyPem as string);
      const { algorithm, keys } = await importPair(key);
      const names = namesOf(inputs);
      const request = await x509.Pkcs10CertificateRequestGenerator.create({
        name: nameOf(inputs.subject),
        keys,
        signingAlgorithm: algorithm,
        extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
      });
      return { id: sha1(identity), outputs: { certRequestPem: pem(request), keyAlgorithm: providerAlgorithm(key) } };
    }),
  },
  "tls:index/locallySignedCert:LocallySignedCert": {
    required: [...issuing, ...words("caCertPem caPrivateKeyPem certRequestPem")],
    optional: [...authority, "earlyRenewalHours"],
    replaces: new Set([...issuing, ...authority, ...words("caCertPem caPrivateKeyPem certRequestPem")]),
    create: keepOr(async (creation) => {
      const { inputs } = creation;
      const request = new x509.Pkcs10CertificateRequest(inputs.certRequestPem);
      const ca = new x509.X509Certificate(inputs.caCertPem);
      const signingKey = createPrivateKey(inputs.caPrivateKeyPem as string);
      if (!spki(signingKey).equals(Buffer.from(ca.publicKey.rawData)))
        throw new Error("caPrivateKeyPem is not the key of caCertPem");
      const created = await issue(creation, {
        subject: request.subjectName.toJSON(),
        issuer: ca.subjectName.toJSON(),
        publicKey: Buffer.from(request.publicKey.rawData),
        names:
          request.extensions.find((extension) => extension instanceof x509.SubjectAlternativeNameExtension)?.names
            .items ?? [],
        signingKey,
        authorityKeyId: ca.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId,
      });
      return {
        ...created,
        outputs: { ...created.outputs, caKeyAlgorithm: providerAlgorithm(signingKey), keyAlgorithm: undefined },
      };
    }),
  },
};

/** A certificate that a previous run issued stands for as long as its inputs do, as it would in Pulumi's state. */
function keepOr(create: (creation: Creation) => Promise<Created>): (creation: Creation) => Promise<Created> {
  return async (creation) => {
    const { id, ...outputs } = creation.previous ?? {};
    return creation.unchanged && typeof id === "string" ? { id, outputs } : create(creation);
  };
}

interface Issue {
  readonly subject: x509.JsonName;
  readonly issuer: x509.JsonName;
  /** DER, SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  readonly names: readonly x509.GeneralName[];
  readonly signingKey: KeyObject;
  readonly authorityKeyId?: string;
}

async function issue({ seed, identity, inputs }: Creation, details: Issue): Promise<Created> {
  const uses = inputs.allowedUses as string[];
  const strange = uses.filter((use) => !Object.hasOwn(keyUsages, use) && !Object.hasOwn(extendedUsages, use));
  if (strange.length > 0)
    throw new Error(
      `allowedUses has no ${strange.join(", ")}; it has ${[...Object.keys(keyUsages), ...Object.keys(extendedUsages)].join(", ")}`,
    );
  const isCa = inputs.isCaCertificate === true;
  const flags: number = uses.map((use): number => keyUsages[use] ?? 0).reduce((sum, bit) => sum | bit, 0);
  const extended = uses.flatMap((use) => extendedUsages[use] ?? []);
  const subjectKey = await webcrypto.subtle.importKey(
    "spki",
    details.publicKey,
    importAlgorithm(createPublicKey({ key: details.publicKey, format: "der", type: "spki" })),
    true,
    ["verify"],
  );
  const extensions: x509.Extension[] = [];
  // Flags joined by | are a number to TypeScript.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
  if (uses.some((use) => Object.hasOwn(keyUsages, use))) extensions.push(new x509.KeyUsagesExtension(flags, true));
  if (extended.length > 0) extensions.push(new x509.ExtendedKeyUsageExtension(extended, false));
  extensions.push(new x509.BasicConstraintsExtension(isCa, isCa ? pathLength(inputs.maxPathLength) : undefined, true));
  // Go gives every CA a subject key id, asked for or not.
  if (isCa || inputs.setSubjectKeyId === true)
    extensions.push(new x509.SubjectKeyIdentifierExtension(await keyId(details.publicKey), false));
  if (details.authorityKeyId !== undefined)
    extensions.push(new x509.AuthorityKeyIdentifierExtension(details.authorityKeyId, false));
  if (details.names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension([...details.names]));

  const start = new Date(Math.floor(Date.now() / 1000) * 1000);
  const end = new Date(start.getTime() + (inputs.validityPeriodHours as number) * 3_600_000);
  const { algorithm, keys } = await importPair(details.signingKey);
  // 127 bits and never 0, so that the number is positive and has a fixed length.
  const serial = derivedBytes(seed, `${identity} serial ${start.toISOString()}`, 16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial.toString("hex"),
    subject: details.subject,
    issuer: details.issuer,
    notBefore: start,
    notAfter: end,
    publicKey: subjectKey,
    signingKey: keys.privateKey,
    signingAlgorithm: algorithm,
    extensions,
  });
  return {
    id: BigInt(`0x${serial.toString("hex")}`).toString(),
    outputs: {
      certPem: pem(certificate),
      keyAlgorithm: providerAlgorithm(details.signingKey),
      readyForRenewal: false,
      validityStartTime: start.toISOString().replace(".000Z", "Z"),
      validityEndTime: end.toISOString().replace(".000Z", "Z"),
    },
  };
}

/** The provider takes -1, its default, for "no limit". */
function pathLength(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/** Attributes in the order in which Go writes a name. */
function nameOf(subject: unknown): x509.JsonName {
  const given = (subject ?? {}) as Properties;
  const attributes: [string, unknown][] = [
    ["C", given.country],
    ["O", given.organization],
    ["OU", given.organizationalUnit],
    ["L", given.locality],
    ["ST", given.province],
    ["2.5.4.9", given.streetAddresses],
    ["2.5.4.17", given.postalCode],
    ["CN", given.commonName],
    ["2.5.4.5", given.serialNumber],
  ];
  return attributes
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([type, value]) => ({ [type]: Array.isArray(value) ? (value as string[]) : [value as string] }));
}

function namesOf(inputs: Properties): x509.GeneralName[] {
  const list = (type: "dns" | "ip" | "url", values: unknown) =>
    ((values ?? []) as string[]).map((value) => new x509.GeneralName(type, value));
  return [...list("dns", inputs.dnsNames), ...list("ip", inputs.ipAddresses), ...list("url", inputs.uris)];
}

type SigningAlgorithm = { name: string; namedCurve?: string; hash?: string };

function importAlgorithm(key: KeyObject): SigningAlgorithm {
  switch (key.asymmetricKeyType) {
    case "ec":
      return { name: "ECDSA", namedCurve: key.asymmetricKeyDetails?.namedCurve === "secp384r1" ? "P-384" : "P-256" };
    case "rsa":
      return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    default:
      return { name: "Ed25519" };
  }
}

/** The key for webcrypto, and the signature algorithm that Go chooses for it. */
async function importPair(key: KeyObject): Promise<{ algorithm: SigningAlgorithm; keys: webcrypto.CryptoKeyPair }> {
  const algorithm = importAlgorithm(key);
  const privateKey = await webcrypto.subtle.importKey(
    "pkcs8",
    key.export({ type: "pkcs8", format: "der" }),
    algorithm,
    true,
    ["sign"],
  );
  const publicKey = await webcrypto.subtle.importKey("spki", spki(key), algorithm, true, ["verify"]);
  return {
    algorithm: { ...algorithm, hash: algorithm.namedCurve === "P-384" ? "SHA-384" : "SHA-256" },
    keys: { privateKey, publicKey },
  };
}

function providerAlgorithm(key: KeyObject): string {
  return { ec: "ECDSA", rsa: "RSA" }[key.asymmetricKeyType as string] ?? "ED25519";
}

function spki(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

/** SHA-1 of the key's bits without their header (RFC 5280, section 4.2.1.2, method 1), hexadecimal. */
async function keyId(publicKey: Buffer): Promise<string> {
  return Buffer.from(await new x509.PublicKey(publicKey).getKeyIdentifier()).toString("hex");
}

function sha1(data: string | Buffer): string {
  return createHash("sha1").update(data).digest("hex");
}

/** PEM with the line end that Go writes. */
function pem(document: { toString(format: "pem"): string }): string {
  return `${document.toString("pem")}\n`;
}
