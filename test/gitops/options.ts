/** Every option of every choice (docs/gitops.md, "Choices"), with what a site must set to pick it. */

/** By option: its choice's setting first, then the settings that it cannot do without. */
export const options: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "acme-dns-01": {
    ACME: "acme-dns-01",
    ACME_EMAIL: "platform@example.org",
    ACME_DNS_SERVER: "10.0.0.53:53",
    ACME_DNS_KEY_NAME: "cluster",
  },
  "acme-http-01": { ACME: "acme-http-01", ACME_EMAIL: "platform@example.org" },
  "acme-webhook": {
    ACME: "acme-webhook",
    ACME_EMAIL: "platform@example.org",
    ACME_WEBHOOK_GROUP: "acme.example.org",
    ACME_WEBHOOK_SOLVER: "designate",
    ACME_WEBHOOK_CONFIG: '{"zone": "example.org."}',
  },
  "gitlab-runner": { RUNNERS: "gitlab-runner", GITLAB_URL: "https://gitlab.example.org" },
  headlamp: { UI: "headlamp" },
  "ingress-nginx": { SECOND_INGRESS: "ingress-nginx" },
  "kubernetes-dashboard": { UI: "kubernetes-dashboard" },
  kured: { REBOOTS: "kured" },
  opensearch: { LOGS: "opensearch", OPENSEARCH_HOST: "opensearch.example.org" },
  slack: { NOTIFICATIONS: "slack" },
  snapshots: { SNAPSHOTS: "snapshots" },
  trident: {
    NETAPP: "trident",
    TRIDENT_MANAGEMENT_ADDRESS: "10.0.0.11",
    TRIDENT_DATA_ADDRESS: "10.0.0.12",
    TRIDENT_SVM: "kubernetes",
  },
};
