/**
 * Keys of a lab cluster: what src/pki makes with Pulumi, made here with the platform's own cryptography from the same
 * catalogue.
 */
import "reflect-metadata";
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  type KeyObject,
  webcrypto,
} from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { CertificateAuthority, ControlPlaneSecrets } from "../../src/pki/secrets";
import {
  adminGroup,
  adminValidityHours,
  caValidityHours,
  certificateAuthorities,
  type CaName,
} from "../../src/pki/catalogue";

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Plain values that fit a JSON file, so that a machine can be added to a cluster that already runs. */
export interface LabKeys {
  readonly secrets: ControlPlaneSecrets;
  readonly admin: { readonly certificatePem: string; readonly privateKeyPem: string };
}

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** New keys for a cluster; CAs live ten years, the admin certificate one. */
export async function createLabKeys(clusterName: string, now: Date): Promise<LabKeys> {
  const [cluster, etcd, frontProxy] = [
    await createCa("cluster", now),
    await createCa("etcd", now),
    await createCa("front-proxy", now),
  ];
  const serviceAccount = keyPair();
  const adminKey = keyPair();
  return {
    secrets: {
      clusterCa: cluster,
      etcdCa: etcd,
      frontProxyCa: frontProxy,
      serviceAccount: {
        publicKeyPem: serviceAccount.publicKey.export({ type: "spki", format: "pem" }) as string,
        privateKeyPem: sec1(serviceAccount),
      },
      encryptionKey: randomBytes(32).toString("base64"),
      bootstrapToken: `${randomBytes(3).toString("hex")}.${randomBytes(8).toString("hex")}`,
    },
    admin: {
      certificatePem: await clientCertificate(`CN=${clusterName}-admin, O=${adminGroup}`, adminKey, cluster, now),
      privateKeyPem: sec1(adminKey),
    },
  };
}

function keyPair(): KeyPair {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** The form in which @pulumi/tls hands out its keys. */
function sec1(pair: KeyPair): string {
  return pair.privateKey.export({ type: "sec1", format: "pem" }) as string;
}

async function webKeys(pair: KeyPair): Promise<webcrypto.CryptoKeyPair> {
  const privateKey = await webcrypto.subtle.importKey(
    "pkcs8",
    pair.privateKey.export({ type: "pkcs8", format: "der" }),
    algorithm,
    true,
    ["sign"],
  );
  const publicKey = await webcrypto.subtle.importKey(
    "spki",
    pair.publicKey.export({ type: "spki", format: "der" }),
    algorithm,
    true,
    ["verify"],
  );
  return { privateKey, publicKey };
}

const hoursFrom = (now: Date, hours: number) => new Date(now.getTime() + hours * 3_600_000);
/** A minute of grace, for machines whose clock is a little behind. */
const notBefore = (now: Date) => new Date(now.getTime() - 60_000);

async function createCa(name: CaName, now: Date): Promise<CertificateAuthority> {
  const pair = keyPair();
  const keys = await webKeys(pair);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(8).toString("hex"),
    name: `CN=${certificateAuthorities[name].commonName}`,
    notBefore: notBefore(now),
    notAfter: hoursFrom(now, caValidityHours),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: `${certificate.toString("pem")}\n`, privateKeyPem: sec1(pair) };
}

async function clientCertificate(subject: string, pair: KeyPair, ca: CertificateAuthority, now: Date): Promise<string> {
  const caKey = createPrivateKey(ca.privateKeyPem);
  const signing = await webKeys({ privateKey: caKey, publicKey: createPublicKey(caKey) });
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(8).toString("hex"),
    subject,
    issuer: new x509.X509Certificate(ca.certificatePem).subject,
    notBefore: notBefore(now),
    notAfter: hoursFrom(now, adminValidityHours),
    signingAlgorithm: algorithm,
    publicKey: (await webKeys(pair)).publicKey,
    signingKey: signing.privateKey,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}
