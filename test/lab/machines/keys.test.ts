import { createPrivateKey, X509Certificate } from "node:crypto";
import { createLabKeys } from "../../../lab/machines/keys";

describe("keys of a lab cluster", () => {
  it("are three CAs with kubeadm's names, ten years each, whose certificates fit their keys", async () => {
    const now = new Date("2026-01-01T00:00:00Z");
    const { secrets } = await createLabKeys("lab", now);
    const cas = [secrets.clusterCa, secrets.etcdCa, secrets.frontProxyCa].map((ca) => ({
      ...ca,
      certificate: new X509Certificate(ca.certificatePem),
    }));
    expect(cas.map(({ certificate }) => certificate.subject)).toEqual([
      "CN=kubernetes",
      "CN=etcd-ca",
      "CN=front-proxy-ca",
    ]);
    for (const { certificate, privateKeyPem } of cas) {
      expect(certificate.ca).toBe(true);
      expect(certificate.checkPrivateKey(createPrivateKey(privateKeyPem))).toBe(true);
      expect(new Date(certificate.validTo)).toEqual(new Date(now.getTime() + 10 * 365 * 24 * 3_600_000));
    }
    expect(secrets.bootstrapToken).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
    expect(Buffer.from(secrets.encryptionKey, "base64")).toHaveLength(32);
  });

  it("include an administrator of kubeadm's revocable group, signed by the cluster CA", async () => {
    const { secrets, admin } = await createLabKeys("lab", new Date());
    const certificate = new X509Certificate(admin.certificatePem);
    expect(certificate.subject.split("\n")).toEqual(["CN=lab-admin", "O=kubeadm:cluster-admins"]);
    expect(certificate.verify(new X509Certificate(secrets.clusterCa.certificatePem).publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(admin.privateKeyPem))).toBe(true);
  });
});
