import { parse } from "yaml";
import { computedSettings } from "../../src/config/clusterConfig";
import { chartSettings } from "../../src/config/platformComponents";
import { renderClusterSettings } from "../../src/platform/clusterSettings";
import { keyPair } from "../bootstrap/backupMachine";
import { configWith, flux } from "./config";

describe("renderClusterSettings", () => {
  it("has every computed entry, empty where the configuration has no such thing, and the stack's own", () => {
    expect(
      renderClusterSettings(configWith({ flux: { ...flux, settings: { LOG_RETENTION_DAYS: "14" } } }), "10.20.0.5"),
    ).toEqual({
      CLUSTER_NAME: "dev",
      STACK: "dev",
      POD_CIDR: "192.168.0.0/16",
      SERVICE_CIDR: "10.96.0.0/12",
      NODE_CIDR: "10.10.0.0/22",
      API_SERVER_HOST: "10.20.0.5",
      API_SERVER_PORT: "6443",
      DNS_DOMAIN: "cluster.local",
      OIDC_ISSUER_URL: "",
      OIDC_CLIENT_ID: "",
      OIDC_GROUPS_PREFIX: "",
      HTTP_PROXY: "",
      NO_PROXY: "",
      KUBELET_INSECURE_TLS: "false",
      ETCD_BACKUP_LATE_SECONDS: "",
      LOG_RETENTION_DAYS: "14",
    });
  });

  it("tells of OIDC, and of the proxy without its password", () => {
    const settings = renderClusterSettings(
      configWith({
        oidc: { issuerUrl: "https://id.example.org/realms/staff", clientId: "kubernetes" },
        proxy: { httpProxy: "http://proxyuser:hunter2@proxy.example.org:3128", noProxy: [".example.org"] },
      }),
      "10.20.0.5",
    );
    expect(settings).toMatchObject({
      OIDC_ISSUER_URL: "https://id.example.org/realms/staff",
      OIDC_CLIENT_ID: "kubernetes",
      OIDC_GROUPS_PREFIX: "oidc:",
      HTTP_PROXY: "http://proxy.example.org:3128",
      NO_PROXY:
        "localhost,127.0.0.1,169.254.169.254,10.20.0.5,10.10.0.0/22,192.168.0.0/16,10.96.0.0/12,.svc,.cluster.local,.example.org",
    });
    expect(JSON.stringify(settings)).not.toMatch(/hunter2|proxyuser/);
  });

  it.each(["123456789012345678", "1e3", "0x1F", "010", "on", "190:20:30", "2026-01-05", "null", "kubernetes", "a.b@c"])(
    "keeps client id %s a text when Flux puts it into YAML",
    (clientId) => {
      const oidc = { issuerUrl: "https://id.example.org", clientId };
      const { OIDC_CLIENT_ID: entry } = renderClusterSettings(configWith({ oidc }), "h");
      for (const version of ["1.1", "1.2"] as const)
        expect(parse(`client_id: ${entry}\n`, { version })).toEqual({ client_id: clientId });
    },
  );

  it("lets metrics-server verify kubelets exactly where the cluster issues their certificates", () => {
    const insecure = (values: Record<string, unknown>) =>
      renderClusterSettings(configWith(values), "h")["KUBELET_INSECURE_TLS"];
    expect([
      insecure({ flux }),
      insecure({ flux, kubernetes: { kubeletServingCertificate: "selfSigned" } }),
      insecure({}),
    ]).toEqual(["false", "true", "true"]);
  });

  it("has the age from which a backup is too old where there are backups: two intervals and an hour", () => {
    const { certificate } = keyPair("backups");
    const backup = { endpoint: "https://s3.example.org", bucket: "backups", recipient: certificate, intervalHours: 4 };
    const values = {
      kubernetes: { etcd: { backup } },
      credentials: { etcdBackup: { accessKeyId: "a", secretAccessKey: "s" } },
    };
    expect(renderClusterSettings(configWith(values), "h")["ETCD_BACKUP_LATE_SECONDS"]).toBe("32400");
  });

  it("takes every chart from the site's registry, unless a setting names another place for some", () => {
    const own = { ...flux, settings: { KYVERNO_CHARTS: "https://charts.example.org/kyverno" } };
    const settings = renderClusterSettings(
      configWith({ flux: own, platform: { chartRegistry: "oci://registry.example.org/charts" } }),
      "h",
    );
    const sources = Object.entries(settings).filter(([name]) => /_CHARTS(_TYPE)?$/.test(name));
    expect(sources).toHaveLength(2 * chartSettings.length);
    expect(settings).toMatchObject({
      CERT_MANAGER_CHARTS: "oci://registry.example.org/charts",
      CERT_MANAGER_CHARTS_TYPE: "oci",
      ENVOY_GATEWAY_CHARTS: "oci://registry.example.org/charts",
      ENVOY_GATEWAY_CHARTS_TYPE: "oci",
      KYVERNO_CHARTS: "https://charts.example.org/kyverno",
      KYVERNO_CHARTS_TYPE: "default",
    });
  });

  it("is told to the configuration's checks by the same names", () => {
    expect(Object.keys(renderClusterSettings(configWith(), "h")).sort()).toEqual([...computedSettings].sort());
  });
});
