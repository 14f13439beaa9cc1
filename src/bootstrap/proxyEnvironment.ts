/**
 * Proxy settings: computed once, given to containerd, kubelet, package manager, log-in shells and (by kubeadm) the
 * control plane.
 */
import type { ClusterConfig } from "../config/clusterConfig";
import { operatingSystem } from "../config/operatingSystems";
import { contains } from "../config/cidr";
import type { MachineFile } from "./inputs";
import { etcDirectory, textFile } from "./machineFile";

export const proxyEnvironmentPath = `${etcDirectory}/proxy.env`;

/**
 * Hosts, domains and networks reached without the proxy, each once: the cluster's own first, then those of the
 * configuration.
 */
export function noProxyEntries(config: ClusterConfig, endpointHost: string): string[] {
  const { dnsDomain, podCidr, serviceCidr } = config.kubernetes;
  return [
    ...new Set([
      "localhost",
      "127.0.0.1",
      "169.254.169.254",
      endpointHost,
      config.network.cidr,
      podCidr,
      serviceCidr,
      ".svc",
      `.${dnsDomain}`,
      ...(config.proxy?.noProxy ?? []),
    ]),
  ];
}

/**
 * The files that carry the proxy; none without one. Both spellings are set because programs differ in which they read.
 */
export function proxyFiles(config: ClusterConfig, endpointHost: string): MachineFile[] {
  if (config.proxy === undefined) return [];
  const { httpProxy, httpsProxy = httpProxy } = config.proxy;
  // curl before 7.86, which dnf is built on, knows no CIDRs: what they cover is named by its address.
  const noProxy = [
    ...new Set([...noProxyEntries(config, endpointHost), ...directMirrors(config).map(({ hostname }) => hostname)]),
  ];
  const variables = { http_proxy: httpProxy, https_proxy: httpsProxy, no_proxy: noProxy.join(",") };
  // Quoted so that systemd and a shell read the same text; the schema admits no quotes within.
  const lines = Object.entries(variables).flatMap(([name, value]) => [
    `${name}='${value}'`,
    `${name.toUpperCase()}='${value}'`,
  ]);
  const dropIn = `[Service]\nEnvironmentFile=${proxyEnvironmentPath}\n`;
  return [
    // Only root reads it: a proxy's URL may hold a password.
    textFile(proxyEnvironmentPath, lines.join("\n"), "0600"),
    textFile(
      "/etc/profile.d/openstack-kubernetes-proxy.sh",
      `[ ! -r ${proxyEnvironmentPath} ] || { set -a; . ${proxyEnvironmentPath}; set +a; }\n`,
    ),
    textFile("/etc/systemd/system/containerd.service.d/10-proxy.conf", dropIn),
    textFile("/etc/systemd/system/kubelet.service.d/05-proxy.conf", dropIn),
    ...(operatingSystem(config).packageManager === "apt"
      ? [textFile("/etc/apt/apt.conf.d/90-openstack-kubernetes-proxy", aptProxy(config, httpProxy, httpsProxy), "0600")]
      : []),
  ];
}

/**
 * apt knows no CIDRs and no suffixes, so the repositories of the configuration that need no proxy are named one by one.
 */
function aptProxy(config: ClusterConfig, httpProxy: string, httpsProxy: string): string {
  const direct = directMirrors(config).map(
    ({ protocol, hostname }) => `Acquire::${protocol.replace(":", "")}::Proxy::${hostname} "DIRECT";`,
  );
  return [
    `Acquire::http::Proxy ${JSON.stringify(httpProxy)};`,
    `Acquire::https::Proxy ${JSON.stringify(httpsProxy)};`,
    ...new Set(direct),
  ].join("\n");
}

/** Package mirrors that are reached without the proxy; none where there is no proxy. */
export function directMirrors(config: ClusterConfig): URL[] {
  if (config.proxy === undefined) return [];
  const noProxy = noProxyEntries(config, "");
  return [config.packageMirror?.kubernetesUrl, config.packageMirror?.containerdUrl]
    .flatMap((url) => (url === undefined ? [] : [new URL(url)]))
    .filter(({ hostname }) => bypassesProxy(hostname, noProxy));
}

/** Whether a host is reached without the proxy: named, below a named domain, or an address of a named network. */
export function bypassesProxy(host: string, noProxy: readonly string[]): boolean {
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(host);
  return noProxy.some((entry) => {
    if (entry.includes("/")) return isAddress && contains(entry, host);
    const domain = entry.replace(/^\./, "");
    return host === domain || host.endsWith(`.${domain}`);
  });
}
