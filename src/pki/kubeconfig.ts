/** The admin kubeconfig, computed from the CA: nobody logs in to a machine to fetch it. */
import { parse, stringify } from "yaml";

interface AdminKubeconfigInput {
  readonly clusterName: string;
  /** Host that operators reach the API at. */
  readonly host: string;
  readonly port: number;
  readonly clusterCaCertificatePem: string;
  readonly clientCertificatePem: string;
  readonly clientKeyPem: string;
}

/** Renders a kubeconfig with one cluster, one user and one context, the current one. The result holds a private key. */
export function renderAdminKubeconfig(input: AdminKubeconfigInput): string {
  const base64 = (pem: string) => Buffer.from(pem, "utf8").toString("base64");
  const user = `${input.clusterName}-admin`;
  const context = `${user}@${input.clusterName}`;
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: input.clusterName,
        cluster: {
          server: `https://${input.host}:${input.port}`,
          "certificate-authority-data": base64(input.clusterCaCertificatePem),
        },
      },
    ],
    users: [
      {
        name: user,
        user: {
          "client-certificate-data": base64(input.clientCertificatePem),
          "client-key-data": base64(input.clientKeyPem),
        },
      },
    ],
    contexts: [{ name: context, context: { cluster: input.clusterName, user } }],
    "current-context": context,
  };
  // kubectl reads YAML 1.1, where a cluster called on or 1e3 would be no text without quotes.
  return stringify(kubeconfig, { compat: "yaml-1.1" });
}

/** What an admin kubeconfig was rendered from, read back from the outputs of a stack; holds a private key. */
export function readAdminKubeconfig(kubeconfig: string): Omit<AdminKubeconfigInput, "clusterName"> {
  const { clusters, users } = parse(kubeconfig) as {
    clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
    users: [{ user: { "client-certificate-data": string; "client-key-data": string } }];
  };
  const pem = (base64: string) => Buffer.from(base64, "base64").toString("utf8");
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  const { hostname, port } = new URL(cluster.server);
  return {
    host: hostname,
    port: port === "" ? 443 : Number(port),
    clusterCaCertificatePem: pem(cluster["certificate-authority-data"]),
    clientCertificatePem: pem(user["client-certificate-data"]),
    clientKeyPem: pem(user["client-key-data"]),
  };
}
