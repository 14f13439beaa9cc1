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
  const noProxy = noProxyEntries(config, endpointHost);
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
      ? [
          textFile(
            "/etc/apt/apt.conf.d/90-openstack-kubernetes-proxy",
            aptProxy(config, httpProxy, httpsProxy, noProxy),
            "0600",
          ),
        ]
      : []),
  ];
}

/**
 * apt knows no CIDRs and no suffixes, so the repositories of the configuration that need no proxy are named one by one.
 */
function aptProxy(config: ClusterConfig, httpProxy: string, httpsProxy: string, noProxy: readonly string[]): string {
  const mirrors = [config.packageMirror?.kubernetesUrl, config.packageMirror?.containerdUrl].flatMap((url) =>
    url === undefined ? [] : [new URL(url)],
  );
  const direct = mirrors
    .filter(({ hostname }) => bypassesProxy(hostname, noProxy))
    .map(({ protocol, hostname }) => `Acquire::${protocol.replace(":", "")}::Proxy::${hostname} "DIRECT";`);
  return [
    `Acquire::http::Proxy ${JSON.stringify(httpProxy)};`,
    `Acquire::https::Proxy ${JSON.stringify(httpsProxy)};`,
    ...new Set(direct),
  ].join("\n");
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
