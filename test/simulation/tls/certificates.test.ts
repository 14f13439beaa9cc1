/**
 * Keys and certificates of the simulation are real: Node's own X.509 verifies them. That Kubernetes accepts them is
 * shown by the tests with kubeadm.
 */
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import * as tls from "@pulumi/tls";
import { simulate, type Simulated } from "../../../simulation";

const cert = (run: Simulated, type: string, name: string) =>
  new X509Certificate(run.resource(type, name).outputs.certPem as string);

function authority(algorithm: string, more: Partial<tls.SelfSignedCertArgs> = {}) {
  const key = new tls.PrivateKey("ca-key", { algorithm, ...(algorithm === "ECDSA" ? { ecdsaCurve: "P256" } : {}) });
  const ca = new tls.SelfSignedCert("ca", {
    privateKeyPem: key.privateKeyPem,
    isCaCertificate: true,
    allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
    subject: { commonName: "kubernetes", organization: "Example" },
    validityPeriodHours: 24,
    ...more,
  });
  return { key, ca };
}

function leaf({ key, ca }: ReturnType<typeof authority>) {
  const own = new tls.PrivateKey("leaf-key", { algorithm: "ECDSA", ecdsaCurve: "P384" });
  const request = new tls.CertRequest("leaf-request", {
    privateKeyPem: own.privateKeyPem,
    subject: { commonName: "admin", organization: "kubeadm:cluster-admins" },
    dnsNames: ["api.example.org"],
    ipAddresses: ["10.0.0.10"],
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
  it.each(["ECDSA", "RSA", "ED25519"])("form a chain that verifies, with a CA of %s", async (algorithm) => {
    const run = await simulate(() => {
      leaf(authority(algorithm));
    });
    const ca = cert(run, "SelfSignedCert", "ca");
    const issued = cert(run, "LocallySignedCert", "leaf");
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(issued.verify(ca.publicKey)).toBe(true);
    expect(issued.checkIssued(ca)).toBe(true);
    expect(run.resource("SelfSignedCert", "ca").outputs).toMatchObject({
      keyAlgorithm: algorithm,
      readyForRenewal: false,
    });
    expect(run.resource("LocallySignedCert", "leaf").outputs.caKeyAlgorithm).toBe(algorithm);
  });

  it("carry subject, names, usages and validity as asked", async () => {
    const run = await simulate(() => {
      leaf(authority("ECDSA"));
    });
    const ca = cert(run, "SelfSignedCert", "ca");
    const issued = cert(run, "LocallySignedCert", "leaf");
    expect(ca.subject).toBe("O=Example\nCN=kubernetes");
    expect({ ca: ca.ca, leaf: issued.ca }).toEqual({ ca: true, leaf: false });
    expect(issued.subject).toBe("O=kubeadm:cluster-admins\nCN=admin");
    expect(issued.subjectAltName).toBe("DNS:api.example.org, IP Address:10.0.0.10");
    expect(issued.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    const { validityStartTime, validityEndTime } = run.resource("LocallySignedCert", "leaf").outputs as Record<
      string,
      string
    >;
    expect(Date.parse(validityEndTime ?? "") - Date.parse(validityStartTime ?? "")).toBe(3_600_000);
    expect(new Date(issued.validTo).toISOString().replace(".000Z", "Z")).toBe(validityEndTime);
  });

  it("stay as they are while their inputs do, and are issued again when they change", async () => {
    const program = (hours: number) => () => void leaf(authority("ECDSA", { validityPeriodHours: hours }));
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
      const { ca } = authority("ECDSA");
      const other = new tls.PrivateKey("other", { algorithm: "ECDSA", ecdsaCurve: "P256" });
      leaf({ key: other, ca });
    };
    await expect(simulate(program)).rejects.toThrow(
      "LocallySignedCert::leaf: caPrivateKeyPem is not the key of caCertPem",
    );
  });

  it("are refused for a usage that the provider does not have", async () => {
    await expect(
      simulate(() => {
        authority("ECDSA", { allowedUses: ["cert_singing"] });
      }),
    ).rejects.toThrow("allowedUses has no cert_singing; it has digital_signature");
  });
});

describe("keys", () => {
  it.each([
    ["ECDSA", { ecdsaCurve: "P256" }, "EC PRIVATE KEY", "ecdsa-sha2-nistp256"],
    ["ECDSA", { ecdsaCurve: "P384" }, "EC PRIVATE KEY", "ecdsa-sha2-nistp384"],
    ["RSA", { rsaBits: 2048 }, "RSA PRIVATE KEY", "ssh-rsa"],
    ["ED25519", {}, "PRIVATE KEY", "ssh-ed25519"],
  ])("of %s %j are pairs, in the provider's encodings", async (algorithm, args, header, ssh) => {
    const run = await simulate(() => {
      new tls.PrivateKey("k", { algorithm, ...args });
    });
    const outputs = run.resource("PrivateKey", "k").outputs as Record<string, string>;
    const derived = createPublicKey(createPrivateKey(outputs.privateKeyPem as string)).export({
      type: "spki",
      format: "pem",
    });
    expect(outputs.privateKeyPem?.split("\n")[0]).toBe(`-----BEGIN ${header}-----`);
    expect(outputs.privateKeyPemPkcs8?.split("\n")[0]).toBe("-----BEGIN PRIVATE KEY-----");
    expect(outputs.publicKeyPem).toBe(derived);
    expect(outputs.publicKeyOpenssh?.split(" ")[0]).toBe(ssh);
    expect(run.resource("PrivateKey", "k").secretOutputs).toEqual([
      "privateKeyOpenssh",
      "privateKeyPem",
      "privateKeyPemPkcs8",
    ]);
  });

  it("of a previous run come back, other runs have others", async () => {
    const program = () => ({ key: new tls.PrivateKey("k", { algorithm: "ECDSA", ecdsaCurve: "P256" }).publicKeyPem });
    const key = (run: Simulated) => run.resource("PrivateKey", "k").outputs.privateKeyPem;
    const first = await simulate(program);
    expect(key(await simulate(program, { previous: first.toPrevious() }))).toBe(key(first));
    expect(key(await simulate(program))).not.toBe(key(first));
  });

  it("on a curve that Kubernetes refuses are refused", async () => {
    await expect(
      simulate(() => {
        new tls.PrivateKey("k", { algorithm: "ECDSA" });
      }),
    ).rejects.toThrow("ecdsaCurve P224 is not simulated");
  });
});
