/**
 * tls.PrivateKey: real keys. Elliptic ones derive from the run's seed, so that a second run of the same stack has the
 * same; RSA keys are new each time.
 */
import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
} from "node:crypto";
import { promisify } from "node:util";
import { derivedBytes } from "../identity";
import { words, type Creation, type ResourceTypes } from "../resourceType";
import type { Properties } from "../values";

/** Names of a curve in tls, OpenSSL and JWK, its order, and its name in OpenSSH. */
const curves = {
  P256: {
    openssl: "prime256v1",
    jwk: "P-256",
    ssh: "nistp256",
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  P384: {
    openssl: "secp384r1",
    jwk: "P-384",
    ssh: "nistp384",
    order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
} as const;

export const keyTypes: ResourceTypes = {
  // privateKeyOpenssh is not computed: nothing here logs in with a generated key.
  "tls:index/privateKey:PrivateKey": {
    required: ["algorithm"],
    optional: words("ecdsaCurve rsaBits"),
    replaces: new Set(words("algorithm ecdsaCurve rsaBits")),
    create: async (creation) => {
      const key = await privateKey(creation);
      return { id: createHash("sha1").update(spki(key)).digest("hex"), outputs: describeKey(key) };
    },
  },
};

async function privateKey({ seed, identity, inputs }: Creation): Promise<KeyObject> {
  switch (inputs.algorithm) {
    case "ECDSA":
      return ellipticKey(seed, identity, (inputs.ecdsaCurve as string | undefined) ?? "P224");
    case "ED25519":
      // The fixed head of a PKCS #8 document for Ed25519 (RFC 8410, section 7), then the 32 bytes of the key.
      return createPrivateKey({
        key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), derivedBytes(seed, identity, 32)]),
        format: "der",
        type: "pkcs8",
      });
    case "RSA":
      return (
        await promisify(generateKeyPair)("rsa", { modulusLength: (inputs.rsaBits as number | undefined) ?? 2048 })
      ).privateKey;
    default:
      throw new Error(`algorithm is ${JSON.stringify(inputs.algorithm)}; tls.PrivateKey knows RSA, ECDSA and ED25519`);
  }
}

function ellipticKey(seed: string, identity: string, curveName: string): KeyObject {
  if (!Object.hasOwn(curves, curveName)) {
    throw new Error(
      `ecdsaCurve ${curveName} is not simulated (the provider's default is P224, which Kubernetes refuses): choose ${Object.keys(curves).join(" or ")}`,
    );
  }
  const curve = curves[curveName as keyof typeof curves];
  const bytes = (curve.order.toString(16).length + 1) / 2;
  // 16 bytes more than the order has, so that the remainder is as good as uniform (FIPS 186-5, A.2.1).
  const wide = BigInt(`0x${derivedBytes(seed, identity, Math.floor(bytes) + 16).toString("hex")}`);
  const scalar = Buffer.from(
    ((wide % (curve.order - 1n)) + 1n).toString(16).padStart(Math.floor(bytes) * 2, "0"),
    "hex",
  );
  const ecdh = createECDH(curve.openssl);
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  const half = (point.length - 1) / 2;
  const jwk = {
    kty: "EC",
    crv: curve.jwk,
    d: scalar.toString("base64url"),
    x: point.subarray(1, 1 + half).toString("base64url"),
    y: point.subarray(1 + half).toString("base64url"),
  };
  return createPrivateKey({ key: jwk, format: "jwk" });
}

function spki(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

/**
 * The outputs of a key; PEM kinds as the provider chooses them: SEC 1 for ECDSA, PKCS #1 for RSA, PKCS #8 for Ed25519.
 */
function describeKey(key: KeyObject): Properties {
  const pkcs8 = key.export({ type: "pkcs8", format: "pem" }) as string;
  const traditional = { ec: "sec1", rsa: "pkcs1" } as const;
  const kind = key.asymmetricKeyType as string;
  const blob = sshPublicKey(key);
  return {
    privateKeyPem:
      kind in traditional
        ? key.export({ type: traditional[kind as keyof typeof traditional], format: "pem" } as {
            type: "pkcs1";
            format: "pem";
          })
        : pkcs8,
    privateKeyPemPkcs8: pkcs8,
    publicKeyPem: createPublicKey(key).export({ type: "spki", format: "pem" }),
    publicKeyOpenssh: `${blob.subarray(4, 4 + blob.readUInt32BE(0)).toString()} ${blob.toString("base64")}\n`,
    publicKeyFingerprintMd5: (createHash("md5").update(blob).digest("hex").match(/../g) ?? []).join(":"),
    publicKeyFingerprintSha256: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`,
  };
}

/** The public key in OpenSSH's wire form (RFC 4253, section 6.6; RFC 5656; RFC 8709). */
function sshPublicKey(key: KeyObject): Buffer {
  const jwk = createPublicKey(key).export({ format: "jwk" });
  const bytes = (value: string | undefined) => Buffer.from(value ?? "", "base64url");
  // A leading zero keeps a number positive.
  const number = (value: Buffer) => ((value[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), value]) : value);
  const parts: Record<string, () => Buffer[]> = {
    RSA: () => [Buffer.from("ssh-rsa"), number(bytes(jwk.e)), number(bytes(jwk.n))],
    OKP: () => [Buffer.from("ssh-ed25519"), bytes(jwk.x)],
    EC: () => {
      const name = Object.values(curves).find((curve) => curve.jwk === jwk.crv)?.ssh ?? "";
      return [
        Buffer.from(`ecdsa-sha2-${name}`),
        Buffer.from(name),
        Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)]),
      ];
    },
  };
  const fields = parts[jwk.kty as string]?.() ?? [];
  return Buffer.concat(
    fields.map((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(field.length);
      return Buffer.concat([length, field]);
    }),
  );
}
