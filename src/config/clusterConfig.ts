/** The one value that the rest of the program reads: plain, readonly, complete. */
import type { ParsedCluster } from "./schema";

type DeepReadonly<T> = T extends (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;
type Required1<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };

/**
 * A parsed and checked stack configuration. It extends what the schema yields by the values that are derived from other
 * fields: `clusterName`, `os.cgroup`, `kubernetes.kubeletServingCertificate`, `stack`, `podMtu` (bytes) and
 * `clusterDnsIp`.
 */
export type ClusterConfig = DeepReadonly<
  Required1<Omit<ParsedCluster, "os" | "kubernetes">, "clusterName"> & {
    /** Name of the Pulumi stack. */
    stack: string;
    os: Required1<ParsedCluster["os"], "cgroup">;
    kubernetes: Required1<ParsedCluster["kubernetes"], "kubeletServingCertificate">;
    /** MTU of pods in bytes: the network's MTU less what the CNI's encapsulation adds (VXLAN 50, IPIP 20, none 0). */
    podMtu: number;
    /** Address of the cluster DNS Service: the tenth of the service CIDR, as kubeadm computes it. */
    clusterDnsIp: string;
  }
>;

export type NodePoolConfig = ClusterConfig["nodePools"][number];
export type ApiEndpointConfig = ClusterConfig["apiEndpoint"];

/**
 * Prefix length of each node's share of the pod CIDR, where kube-controller-manager deals it out (any CNI but Calico):
 * twice the addresses of the pods a node may run, as upstream has its /24 for 110 pods, so that an address rests a
 * while before it is used again.
 */
export function nodeSharePrefix(maxPodsPerNode: number): number {
  return 32 - Math.ceil(Math.log2(2 * maxPodsPerNode));
}

/**
 * Port that the API server of every control-plane machine listens on. A virtual IP leads straight to a machine, so that
 * its port is the API server's; a load balancer or an external endpoint leads to 6443, whatever its own port is.
 */
export function apiServerPort(config: Pick<ClusterConfig, "apiEndpoint">): number {
  return config.apiEndpoint.kind === "virtualIp" ? config.apiEndpoint.port : 6443;
}

/**
 * Name of a machine, which is its node's name too, by its pool and index: stable, so that scaling or replacing renames
 * no other. Control plane and bastion count as pools of those names; the bastion has no index.
 */
export function machineName(clusterName: string, pool: string, index?: number): string {
  return `${clusterName}-${pool}${index === undefined ? "" : `-${index}`}`;
}

/**
 * Entries of the ConfigMap `cluster-settings` that the program computes: its contract with gitops/ (docs/platform.md).
 */
export const computedSettings = [
  "CLUSTER_NAME",
  "STACK",
  "POD_CIDR",
  "SERVICE_CIDR",
  "NODE_CIDR",
  "API_SERVER_HOST",
  "API_SERVER_PORT",
  "DNS_DOMAIN",
  "OIDC_ISSUER_URL",
  "OIDC_CLIENT_ID",
  "OIDC_GROUPS_PREFIX",
  "HTTP_PROXY",
  "NO_PROXY",
  "KUBELET_INSECURE_TLS",
  "ETCD_BACKUP_LATE_SECONDS",
] as const;

/** Keys under which the program itself marks servers and network resources; `tags` may use none of them. */
export const reservedTags = [
  "kubernetes-cluster",
  "kubernetes-role",
  "kubernetes-pool",
  "template-digest",
  "creation-digest",
] as const;
