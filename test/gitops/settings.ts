/** The ConfigMap `cluster-settings` as Pulumi writes it, for the clusters of these tests; docs/gitops.md has the table. */
const facts = {
  POD_CIDR: "192.168.0.0/16",
  SERVICE_CIDR: "10.96.0.0/12",
  NODE_CIDR: "10.20.0.0/22",
  DNS_DOMAIN: "cluster.local",
  OIDC_ISSUER_URL: "https://id.example.org/realms/staff",
  OIDC_CLIENT_ID: "kubernetes",
  OIDC_GROUPS_PREFIX: "oidc:",
  HTTP_PROXY: "",
  NO_PROXY: "",
};

export const clusterSettings = (stack: "dev" | "prod"): Readonly<Record<string, string>> => ({
  ...facts,
  CLUSTER_NAME: stack,
  STACK: stack,
  API_SERVER_HOST: `${stack}.k8s.example.org`,
});
