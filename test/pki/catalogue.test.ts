import { adminGroup, caValidityHours, daysUntil, encryptionKey, expiryWarning } from "../../src/pki/catalogue";

const now = new Date("2030-01-01T00:00:00Z");

describe("certificate catalogue", () => {
  it("gives CAs ten years", () => {
    expect(caValidityHours).toBe(87_600);
  });

  it("makes the admin no member of system:masters, whom RBAC cannot revoke", () => {
    expect(adminGroup).toBe("kubeadm:cluster-admins");
  });

  it("makes 32 bytes of key from a seed", () => {
    expect(Buffer.from(encryptionKey("abc"), "base64").toString("hex")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  it("counts whole days, negative once a certificate has expired", () => {
    expect(daysUntil("2030-01-11T12:00:00Z", now)).toBe(10);
    expect(daysUntil("2029-12-31T00:00:00Z", now)).toBe(-1);
  });

  it.each([
    ["2030-03-02T00:00:00Z", undefined],
    [
      "2030-03-01T23:00:00Z",
      "The admin certificate expires in 59 days (2030-03-01T23:00:00Z): see docs/runbooks/certificates.md.",
    ],
    [
      "2029-12-22T00:00:00Z",
      "The admin certificate expired 10 days ago (2029-12-22T00:00:00Z): see docs/runbooks/certificates.md.",
    ],
  ])("warns of a certificate that ends %s", (end, warning) => {
    expect(expiryWarning("admin certificate", end, now)).toBe(warning);
  });
});
