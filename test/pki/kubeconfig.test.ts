import { parse } from "yaml";
import { readAdminKubeconfig, renderAdminKubeconfig } from "../../src/pki/kubeconfig";

describe("admin kubeconfig", () => {
  it("holds one cluster, one user and the context of both", () => {
    const rendered = renderAdminKubeconfig({
      clusterName: "dev",
      host: "10.0.0.5",
      port: 6443,
      clusterCaCertificatePem: "CA",
      clientCertificatePem: "CERTIFICATE",
      clientKeyPem: "KEY",
    });
    expect(parse(rendered)).toEqual({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "dev", cluster: { server: "https://10.0.0.5:6443", "certificate-authority-data": "Q0E=" } }],
      users: [
        { name: "dev-admin", user: { "client-certificate-data": "Q0VSVElGSUNBVEU=", "client-key-data": "S0VZ" } },
      ],
      contexts: [{ name: "dev-admin@dev", context: { cluster: "dev", user: "dev-admin" } }],
      "current-context": "dev-admin@dev",
    });
  });

  it("is read back as what it was rendered from", () => {
    const access = {
      host: "api.example.org",
      port: 443,
      clusterCaCertificatePem: "CA",
      clientCertificatePem: "CERTIFICATE",
      clientKeyPem: "KEY",
    };
    expect(readAdminKubeconfig(renderAdminKubeconfig({ clusterName: "dev", ...access }))).toEqual(access);
  });
});
