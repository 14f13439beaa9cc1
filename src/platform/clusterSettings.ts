/**
 * The ConfigMap by which cluster facts and a stack's sizes reach gitops/: Flux puts its entries in place of `${NAME}`.
 */
import { stringify } from "yaml";
import { backupLateHours } from "../bootstrap/etcdBackup";
import { noProxyEntries } from "../bootstrap/proxyEnvironment";
import type { ClusterConfig, computedSettings } from "../config/clusterConfig";
import { chartSettings, chartTypeSetting } from "../config/platformComponents";

export const clusterSettingsName = "cluster-settings";

/**
 * Every computed entry is always there, empty where the configuration has no such thing, so that `${NAME:=default}`
 * works in Git and a strict substitution never fails. No entry is secret: a proxy's password is left out of its URL.
 * @param apiServerHost Host that the nodes reach the API at.
 */
export function renderClusterSettings(config: ClusterConfig, apiServerHost: string): Record<string, string> {
  const { kubernetes, oidc, proxy } = config;
  const { backup } = kubernetes.etcd;
  const computed: Record<(typeof computedSettings)[number], string> = {
    CLUSTER_NAME: config.clusterName,
    STACK: config.stack,
    POD_CIDR: kubernetes.podCidr,
    SERVICE_CIDR: kubernetes.serviceCidr,
    NODE_CIDR: config.network.cidr,
    API_SERVER_HOST: apiServerHost,
    API_SERVER_PORT: String(config.apiEndpoint.port),
    DNS_DOMAIN: kubernetes.dnsDomain,
    OIDC_ISSUER_URL: oidc?.issuerUrl ?? "",
    OIDC_CLIENT_ID: oidc === undefined ? "" : asYamlText(oidc.clientId),
    OIDC_GROUPS_PREFIX: oidc?.groupsPrefix ?? "",
    HTTP_PROXY: proxy === undefined ? "" : withoutCredentials(proxy.httpProxy),
    NO_PROXY: proxy === undefined ? "" : noProxyEntries(config, apiServerHost).join(","),
    KUBELET_INSECURE_TLS: String(kubernetes.kubeletServingCertificate === "selfSigned"),
    ETCD_BACKUP_LATE_SECONDS: backup === undefined ? "" : String(backupLateHours(backup.intervalHours) * 3600),
  };
  return { ...config.flux?.settings, ...chartSources(config), ...computed };
}

/**
 * Where charts come from at a site that says so, each with the kind of the repository; nothing where it is upstream's,
 * which stands in Git. `platform.chartRegistry` stands in for all that `flux.settings` does not name.
 */
export function chartSources({ flux, platform }: Pick<ClusterConfig, "flux" | "platform">): Record<string, string> {
  return Object.fromEntries(
    chartSettings.flatMap((setting) => {
      const source = flux?.settings[setting] ?? platform.chartRegistry;
      if (source === undefined) return [];
      const type = source.startsWith("oci://") ? "oci" : "default";
      return [
        [setting, source],
        [chartTypeSetting(setting), type],
      ];
    }),
  );
}

/**
 * A text with quotes where YAML would read a number or the like: Flux puts the entries in place of `${NAME}` before it
 * reads the YAML, and kustomize has taken away the quotes that stood around `${NAME}` in Git. For entries that are
 * whole values there.
 */
function asYamlText(text: string): string {
  return stringify(text, { compat: "yaml-1.1", lineWidth: 0 }).trimEnd();
}

function withoutCredentials(address: string): string {
  const url = new URL(address);
  url.username = "";
  url.password = "";
  return url.href.replace(/\/$/, "");
}
