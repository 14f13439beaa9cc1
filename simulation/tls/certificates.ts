/**
 * tls.SelfSignedCert, tls.CertRequest and tls.LocallySignedCert: real X.509 documents, made as the provider (Go's
 * crypto/x509) makes them.
 */
import "reflect-metadata";
import { createHash, createPrivateKey, createPublicKey, webcrypto, type KeyObject } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { derivedBytes } from "../identity";
import { words, type Created, type Creation, type ResourceTypes } from "../resourceType";

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const issuing = words("allowedUses validityPeriodHours");
const authority = words("isCaCertificate setSubjectKeyId");
const signature = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Those of the provider's `allowedUses` that the program asks for. */
const keyUsages: Readonly<Record<string, x509.KeyUsageFlags>> = {
  digital_signature: x509.KeyUsageFlags.digitalSignature,
  key_encipherment: x509.KeyUsageFlags.keyEncipherment,
  cert_signing: x509.KeyUsageFlags.keyCertSign,
  crl_signing: x509.KeyUsageFlags.cRLSign,
};

/** RFC 5280, section 4.2.1.12. */
const extendedUsages: Readonly<Record<string, string>> = { client_auth: "1.3.6.1.5.5.7.3.2" };

export const certificateTypes: ResourceTypes = {
  "tls:index/selfSignedCert:SelfSignedCert": {
    required: [...issuing, "privateKeyPem"],
    replaces: new Set([...issuing, ...authority, "privateKeyPem", "subject"]),
    create: keepOr(async (creation) => {
      const { inputs } = creation;
      const key = createPrivateKey(inputs.privateKeyPem as string);
      const subject = nameOf(inputs.subject);
      return issue(creation, { subject, issuer: subject, publicKey: spki(key), signingKey: key });
    }),
  },
  "tls:index/certRequest:CertRequest": {
    required: ["privateKeyPem"],
    replaces: new Set(["privateKeyPem", "subject"]),
    create: keepOr(async ({ identity, inputs }) => {
      const key = createPrivateKey(inputs.privateKeyPem as string);
      const request = await x509.Pkcs10CertificateRequestGenerator.create({
        name: nameOf(inputs.subject),
        keys: { privateKey: await signingKeyOf(key), publicKey: await verifyingKeyOf(spki(key)) },
        signingAlgorithm: signature,
      });
      const id = createHash("sha1").update(identity).digest("hex");
      return { id, outputs: { certRequestPem: pem(request), keyAlgorithm } };
    }),
  },
  "tls:index/locallySignedCert:LocallySignedCert": {
    required: [...issuing, ...words("caCertPem caPrivateKeyPem certRequestPem")],
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
        signingKey,
        authorityKeyId: ca.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId,
      });
      return { ...created, outputs: { ...created.outputs, caKeyAlgorithm: keyAlgorithm, keyAlgorithm: undefined } };
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
  const extensions: x509.Extension[] = [];
  // Flags joined by | are a number to TypeScript.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
  if (uses.some((use) => Object.hasOwn(keyUsages, use))) extensions.push(new x509.KeyUsagesExtension(flags, true));
  if (extended.length > 0) extensions.push(new x509.ExtendedKeyUsageExtension(extended, false));
  extensions.push(new x509.BasicConstraintsExtension(isCa, undefined, true));
  // Go gives every CA a subject key id, asked for or not.
  if (isCa || inputs.setSubjectKeyId === true)
    extensions.push(new x509.SubjectKeyIdentifierExtension(await keyId(details.publicKey), false));
  if (details.authorityKeyId !== undefined)
    extensions.push(new x509.AuthorityKeyIdentifierExtension(details.authorityKeyId, false));

  const start = new Date(Math.floor(Date.now() / 1000) * 1000);
  const end = new Date(start.getTime() + (inputs.validityPeriodHours as number) * 3_600_000);
  // 127 bits and never 0, so that the number is positive and has a fixed length.
  const serial = derivedBytes(seed, `${identity} serial ${start.toISOString()}`, 16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial.toString("hex"),
    subject: details.subject,
    issuer: details.issuer,
    notBefore: start,
    notAfter: end,
    publicKey: await verifyingKeyOf(details.publicKey),
    signingKey: await signingKeyOf(details.signingKey),
    signingAlgorithm: signature,
    extensions,
  });
  return {
    id: BigInt(`0x${serial.toString("hex")}`).toString(),
    outputs: {
      certPem: pem(certificate),
      keyAlgorithm,
      readyForRenewal: false,
      validityStartTime: start.toISOString().replace(".000Z", "Z"),
      validityEndTime: end.toISOString().replace(".000Z", "Z"),
    },
  };
}

/** Attributes in the order in which Go writes a name. */
function nameOf(subject: unknown): x509.JsonName {
  const { organization, commonName } = (subject ?? {}) as { organization?: string; commonName?: string };
  return [...(organization === undefined ? [] : [{ O: [organization] }]), { CN: [commonName ?? ""] }];
}

const keyAlgorithm = "ECDSA";

function signingKeyOf(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", pkcs8, signature, true, ["sign"]);
}

const verifyingKeyOf = (publicKey: Buffer): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey("spki", publicKey, signature, true, ["verify"]);

function spki(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

/** SHA-1 of the key's bits without their header (RFC 5280, section 4.2.1.2, method 1), hexadecimal. */
async function keyId(publicKey: Buffer): Promise<string> {
  return Buffer.from(await new x509.PublicKey(publicKey).getKeyIdentifier()).toString("hex");
}

/** PEM with the line end that Go writes. */
function pem(document: { toString(format: "pem"): string }): string {
  return `${document.toString("pem")}\n`;
}
