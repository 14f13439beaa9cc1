/**
 * Keys and certificates of the simulation are real: Node's own X.509 verifies them. That Kubernetes accepts them is
 * shown by the tests with kubeadm.
 */
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import * as tls from "@pulumi/tls";
import { simulate, type Simulated } from "../../../simulation";

const cert = (run: Simulated, type: string, name: string) =>
  new X509Certificate(run.resource(type, name).outputs.certPem as string);

const kind = { algorithm: "ECDSA", ecdsaCurve: "P256" };

function authority(more: Partial<tls.SelfSignedCertArgs> = {}) {
  const key = new tls.PrivateKey("ca-key", kind);
  const ca = new tls.SelfSignedCert("ca", {
    privateKeyPem: key.privateKeyPem,
    isCaCertificate: true,
    allowedUses: ["cert_signing", "digital_signature"],
    subject: { commonName: "kubernetes", organization: "Example" },
    validityPeriodHours: 24,
    ...more,
  });
  return { key, ca };
}

function leaf({ key, ca }: ReturnType<typeof authority>) {
  const own = new tls.PrivateKey("leaf-key", kind);
  const request = new tls.CertRequest("leaf-request", {
    privateKeyPem: own.privateKeyPem,
    subject: { commonName: "admin", organization: "kubeadm:cluster-admins" },
  });
  return new tls.LocallySignedCert("leaf", {
    certRequestPem: request.certRequestPem,
    caCertPem: ca.certPem,
    caPrivateKeyPem: key.privateKeyPem,
    allowedUses: ["client_auth", "digital_signature"],
    validityPeriodHours: 1,
  });
}

describe("certificates", () => {
  it("form a chain that verifies", async () => {
    const run = await simulate(() => {
      leaf(authority());
    });
    const ca = cert(run, "SelfSignedCert", "ca");
    const issued = cert(run, "LocallySignedCert", "leaf");
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(issued.verify(ca.publicKey)).toBe(true);
    expect(issued.checkIssued(ca)).toBe(true);
    expect(run.resource("SelfSignedCert", "ca").outputs).toMatchObject({
      keyAlgorithm: "ECDSA",
      readyForRenewal: false,
    });
    expect(run.resource("LocallySignedCert", "leaf").outputs.caKeyAlgorithm).toBe("ECDSA");
  });

  it("carry subject, usages and validity as asked", async () => {
    const run = await simulate(() => {
      leaf(authority());
    });
    const ca = cert(run, "SelfSignedCert", "ca");
    const issued = cert(run, "LocallySignedCert", "leaf");
    expect(ca.subject).toBe("O=Example\nCN=kubernetes");
    expect({ ca: ca.ca, leaf: issued.ca }).toEqual({ ca: true, leaf: false });
    expect(issued.subject).toBe("O=kubeadm:cluster-admins\nCN=admin");
    expect(issued.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    const { validityStartTime, validityEndTime } = run.resource("LocallySignedCert", "leaf").outputs as Record<
      string,
      string
    >;
    expect(Date.parse(validityEndTime ?? "") - Date.parse(validityStartTime ?? "")).toBe(3_600_000);
    expect(new Date(issued.validTo).toISOString().replace(".000Z", "Z")).toBe(validityEndTime);
  });

  it("stay as they are while their inputs do, and are issued again when they change", async () => {
    const program = (hours: number) => () => void leaf(authority({ validityPeriodHours: hours }));
    const first = await simulate(program(24));
    const again = await simulate(program(24), { previous: first.toPrevious() });
    const changed = await simulate(program(25), { previous: first.toPrevious() });
    const all = (run: Simulated) => [
      run.resource("SelfSignedCert", "ca").outputs,
      run.resource("LocallySignedCert", "leaf").outputs,
    ];
    expect(all(again)).toEqual(all(first));
    expect(changed.resource("SelfSignedCert", "ca").change).toEqual({
      operation: "replace",
      changed: ["validityPeriodHours"],
      replacing: ["validityPeriodHours"],
      ignored: [],
    });
    expect(changed.resource("LocallySignedCert", "leaf").change?.replacing).toEqual(["caCertPem"]);
  });

  it("are refused when the CA's key is another one", async () => {
    const program = () => {
      const { ca } = authority();
      const other = new tls.PrivateKey("other", kind);
      leaf({ key: other, ca });
    };
    await expect(simulate(program)).rejects.toThrow(
      "LocallySignedCert::leaf: caPrivateKeyPem is not the key of caCertPem",
    );
  });

  it("are refused for a usage that the provider does not have", async () => {
    await expect(
      simulate(() => {
        authority({ allowedUses: ["cert_singing"] });
      }),
    ).rejects.toThrow("allowedUses has no cert_singing; it has digital_signature");
  });
});

describe("keys", () => {
  it("are pairs, in the provider's encodings", async () => {
    const run = await simulate(() => {
      new tls.PrivateKey("k", kind);
    });
    const outputs = run.resource("PrivateKey", "k").outputs as Record<string, string>;
    const derived = createPublicKey(createPrivateKey(outputs.privateKeyPem as string)).export({
      type: "spki",
      format: "pem",
    });
    expect(outputs.privateKeyPem?.split("\n")[0]).toBe("-----BEGIN EC PRIVATE KEY-----");
    expect(outputs.privateKeyPemPkcs8?.split("\n")[0]).toBe("-----BEGIN PRIVATE KEY-----");
    expect(outputs.publicKeyPem).toBe(derived);
    expect(run.resource("PrivateKey", "k").secretOutputs).toEqual([
      "privateKeyOpenssh",
      "privateKeyPem",
      "privateKeyPemPkcs8",
    ]);
  });

  it("of a previous run come back, other runs have others", async () => {
    const program = () => ({ key: new tls.PrivateKey("k", kind).publicKeyPem });
    const key = (run: Simulated) => run.resource("PrivateKey", "k").outputs.privateKeyPem;
    const first = await simulate(program);
    expect(key(await simulate(program, { previous: first.toPrevious() }))).toBe(key(first));
    expect(key(await simulate(program))).not.toBe(key(first));
  });

  it("of another kind than the program creates are refused", async () => {
    await expect(
      simulate(() => {
        new tls.PrivateKey("k", { algorithm: "ECDSA" });
      }),
    ).rejects.toThrow("only keys of ECDSA on P256 are simulated");
  });
});
