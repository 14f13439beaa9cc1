/**
 * tls.PrivateKey: real keys of the only kind that the program creates. They derive from the run's seed, so that a
 * second run of the same stack has the same.
 */
import { createECDH, createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { derivedBytes } from "../identity";
import { words, type Creation, type ResourceTypes } from "../resourceType";

/** Order of the curve P-256 (FIPS 186-4, D.1.2.3). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

export const keyTypes: ResourceTypes = {
  // privateKeyOpenssh and what else is for SSH is not computed: nothing here logs in with a generated key.
  "tls:index/privateKey:PrivateKey": {
    required: ["algorithm"],
    replaces: new Set(words("algorithm ecdsaCurve rsaBits")),
    check: ({ algorithm, ecdsaCurve }) => {
      if (algorithm !== "ECDSA" || ecdsaCurve !== "P256") throw new Error("only keys of ECDSA on P256 are simulated");
    },
    create: (creation) => {
      const key = privateKey(creation);
      const publicKey = createPublicKey(key);
      return {
        id: createHash("sha1")
          .update(publicKey.export({ type: "spki", format: "der" }))
          .digest("hex"),
        outputs: {
          privateKeyPem: key.export({ type: "sec1", format: "pem" }),
          privateKeyPemPkcs8: key.export({ type: "pkcs8", format: "pem" }),
          publicKeyPem: publicKey.export({ type: "spki", format: "pem" }),
        },
      };
    },
  },
};

function privateKey({ seed, identity }: Creation): KeyObject {
  // 16 bytes more than the order has, so that the remainder is as good as uniform (FIPS 186-5, A.2.1).
  const wide = BigInt(`0x${derivedBytes(seed, identity, 32 + 16).toString("hex")}`);
  const scalar = Buffer.from(((wide % (order - 1n)) + 1n).toString(16).padStart(64, "0"), "hex");
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  const [d, x, y] = [scalar, point.subarray(1, 33), point.subarray(33)].map((part) => part.toString("base64url"));
  return createPrivateKey({ key: { kty: "EC", crv: "P-256", d, x, y }, format: "jwk" });
}
