/** The three networks of a cluster: apart from each other, from reserved ranges, and large enough. */
import { counted } from "../counted";
import { addressCount, contains, overlaps, prefixLength } from "../cidr";
import { nodeSharePrefix } from "../clusterConfig";
import { reservedRanges } from "../schema/primitives";
import type { Checked } from "./rule";
import { rule, when } from "./rule";

type Networks = Pick<Checked, "network" | "kubernetes">;
type NetworkKey = "network.cidr" | "kubernetes.podCidr" | "kubernetes.serviceCidr";

function clusterNetworks({ network, kubernetes }: Networks): Record<NetworkKey, string> {
  return {
    "network.cidr": network.cidr,
    "kubernetes.podCidr": kubernetes.podCidr,
    "kubernetes.serviceCidr": kubernetes.serviceCidr,
  };
}

/**
 * Private and shared address space (RFC 1918, RFC 6598) that a colliding network can move to, in the order of proposal.
 */
const spare: readonly string[] = [
  "192.168.0.0/16",
  "172.16.0.0/16",
  "172.24.0.0/16",
  "10.244.0.0/16",
  "10.96.0.0/16",
  "10.200.0.0/16",
  "100.64.0.0/16",
];

/** A network that overlaps none of `taken`. */
function proposal(taken: readonly string[]): string | undefined {
  return spare.find((candidate) => taken.every((network) => !overlaps(candidate, network)));
}

/** The machines' network is the site's and the hardest to change, so it is never the one to move. */
export const networksApart = rule(["network", "kubernetes"], (config) => {
  const networks = clusterNetworks(config);
  /** The networks as they would be if the user followed the sentences so far, so that two proposals never collide. */
  const mended = { ...networks };
  const pairs: [NetworkKey, NetworkKey][] = [
    ["kubernetes.podCidr", "network.cidr"],
    ["kubernetes.serviceCidr", "network.cidr"],
    ["kubernetes.serviceCidr", "kubernetes.podCidr"],
  ];
  return pairs.flatMap(([moved, kept]) => {
    if (!overlaps(networks[moved], networks[kept])) return [];
    const free = proposal([
      ...Object.values(networks),
      ...Object.entries(mended).flatMap(([key, network]) => (key === moved ? [] : [network])),
    ]);
    mended[moved] = free ?? mended[moved];
    const example = free === undefined ? "that overlaps neither of the others" : `such as ${free}`;
    return [
      `${moved} is "${networks[moved]}" but overlaps ${kept} "${networks[kept]}"; set ${moved} to a free network ${example}.`,
    ];
  });
});

export const networksUsable = rule(["network", "kubernetes"], (config) =>
  Object.entries(clusterNetworks(config)).flatMap(([key, network]) => {
    const hit = reservedRanges.find(({ range }) => overlaps(network, range));
    return hit === undefined
      ? []
      : [`${key} is "${network}" but overlaps ${hit.range} (${hit.name}); use a network of private addresses.`];
  }),
);

/** kube-apiserver and kubeadm refuse a service CIDR of more than 20 bits (MaximumBitsForServiceSubnet). */
const widestServicePrefix = 12;
/**
 * The platform alone makes some dozens of Services, and the cluster DNS takes the tenth address: 256 addresses are the
 * least that is of use.
 */
const narrowestServicePrefix = 24;

export const serviceCidrSize = rule(["kubernetes"], ({ kubernetes }) => {
  const prefix = prefixLength(kubernetes.serviceCidr);
  return when(
    prefix < widestServicePrefix || prefix > narrowestServicePrefix,
    () =>
      `kubernetes.serviceCidr is "${kubernetes.serviceCidr}" but its prefix must be from /${widestServicePrefix} (the widest that kube-apiserver takes) to /${narrowestServicePrefix}.`,
  );
});

/**
 * kubeadm refuses a pod CIDR that is narrower than a node's share, or wider by more than 16 bits
 * (PodSubnetNodeMaskMaxDiff).
 */
const mostBitsAboveShare = 16;
/** Calico deals out no shares; upstream's own, a /24, keeps the bounds sensible. */
const calicoSharePrefix = 24;
/** Calico gives addresses to nodes in blocks of a /26 (its default blockSize). */
const calicoBlockPrefix = 26;

const sharePrefix = ({ kubernetes, cni }: Pick<Checked, "kubernetes" | "cni">) =>
  cni.kind === "none" ? nodeSharePrefix(kubernetes.maxPodsPerNode) : calicoSharePrefix;

export const podCidrSize = rule(["kubernetes", "cni"], ({ kubernetes, cni }) => {
  const prefix = prefixLength(kubernetes.podCidr);
  const share = sharePrefix({ kubernetes, cni });
  return when(
    prefix < share - mostBitsAboveShare || prefix > share,
    () =>
      `kubernetes.podCidr is "${kubernetes.podCidr}" but its prefix must be from /${share - mostBitsAboveShare} to /${share} with cni.kind "${cni.kind}" and ${counted(kubernetes.maxPodsPerNode, "pod")} per node.`,
  );
});

function machineCount({ controlPlane, nodePools }: Pick<Checked, "controlPlane" | "nodePools">): number {
  return nodePools.reduce<number>((sum, pool) => sum + pool.count, controlPlane.replicas);
}

/** Widest network that is proposed when one is too small; wider ones are hard to find free. */
function wideEnough(cidr: string, addresses: number): string {
  return `/${Math.min(prefixLength(cidr) - 1, 32 - Math.ceil(Math.log2(addresses)))}`;
}

export const podCidrHoldsNodes = rule(
  ["kubernetes", "cni", "controlPlane", "nodePools"],
  ({ kubernetes, cni, ...machines }) => {
    const share = sharePrefix({ kubernetes, cni });
    // A prefix out of bounds has its own sentence.
    if (prefixLength(kubernetes.podCidr) > share) return [];
    // With Calico one address more than pods: the tunnel's own on each node.
    const blocks = Math.ceil((kubernetes.maxPodsPerNode + 1) / 2 ** (32 - calicoBlockPrefix));
    const [addressesEach, need] =
      cni.kind === "none"
        ? [2 ** (32 - share), `a /${share} each for ${counted(kubernetes.maxPodsPerNode, "pod")}`]
        : [
            blocks * 2 ** (32 - calicoBlockPrefix),
            `${counted(blocks, "Calico block")} of a /${calicoBlockPrefix} each for ${counted(kubernetes.maxPodsPerNode, "pod")}`,
          ];
    const needed = machineCount(machines) * addressesEach;
    return when(
      needed > addressCount(kubernetes.podCidr),
      () =>
        `kubernetes.podCidr is "${kubernetes.podCidr}" but too small for ${counted(machineCount(machines), "machine")} with ${need}; use a ${wideEnough(
          kubernetes.podCidr,
          needed,
        )} or wider, fewer machines, or a lower kubernetes.maxPodsPerNode.`,
    );
  },
);

/**
 * Addresses that a node CIDR needs beside one per machine: network and broadcast address (2), gateway (1), DHCP or
 * metadata ports of Neutron (3), API endpoint with the two ports of an Octavia amphora pair (3), bastion (1), and
 * Services of type LoadBalancer (6).
 */
const overheadAddresses = 16;

export const nodeCidrHoldsMachines = rule(["network", "controlPlane", "nodePools"], ({ network, ...machines }) => {
  const needed = machineCount(machines) + overheadAddresses;
  return when(
    addressCount(network.cidr) < needed,
    () =>
      `network.cidr is "${network.cidr}" with ${counted(addressCount(network.cidr), "address", "addresses")} but ${needed} are needed (${counted(machineCount(machines), "machine")} and ${overheadAddresses} for gateway, DHCP, API endpoint, bastion and load balancers); use a ${wideEnough(network.cidr, needed)} or wider.`,
  );
});

/** Nodes that upstream Kubernetes supports in one cluster (its "Considerations for large clusters"). */
const mostNodes = 5000;

export const nodesSupported = rule(["controlPlane", "nodePools"], (machines) =>
  when(
    machineCount(machines) > mostNodes,
    () =>
      `nodePools add up to ${counted(machineCount(machines), "machine")} with the control plane, but Kubernetes supports at most ${mostNodes} nodes; lower the counts.`,
  ),
);

/**
 * Literal addresses outside the cluster that the config names: traffic to one within the pod or service CIDR would
 * never leave the machine.
 */
export const addressesOutsideCluster = rule(
  ["network", "kubernetes", "apiEndpoint", "ntpServers", "proxy", "oidc", "registryMirrors", "packageMirror", "flux"],
  (config) => {
    const { kubernetes, network, apiEndpoint } = config;
    const urlHost = (url: string | undefined) => (url === undefined ? undefined : new URL(url).hostname);
    const hosts: readonly (readonly [string, string | undefined])[] = [
      ...network.dnsServers.map((address, index) => [`network.dnsServers[${index}]`, address] as const),
      ...config.ntpServers.map((server, index) => [`ntpServers[${index}]`, server] as const),
      ["apiEndpoint.host", apiEndpoint.kind === "external" ? apiEndpoint.host : undefined],
      ["proxy.httpProxy", urlHost(config.proxy?.httpProxy)],
      ["proxy.httpsProxy", urlHost(config.proxy?.httpsProxy)],
      ["oidc.issuerUrl", urlHost(config.oidc?.issuerUrl)],
      ["packageMirror.kubernetesUrl", urlHost(config.packageMirror?.kubernetesUrl)],
      ["packageMirror.containerdUrl", urlHost(config.packageMirror?.containerdUrl)],
      ["flux.url", urlHost(config.flux?.url)],
      ...config.registryMirrors.flatMap(({ endpoints }, mirror) =>
        endpoints.map(
          (endpoint, index) => [`registryMirrors[${mirror}].endpoints[${index}]`, urlHost(endpoint)] as const,
        ),
      ),
    ];
    return hosts.flatMap(([key, host]) =>
      (["podCidr", "serviceCidr"] as const).flatMap((cidr) =>
        when(
          host !== undefined && /^\d+(\.\d+){3}$/.test(host) && contains(kubernetes[cidr], host),
          () =>
            `${key} is at ${String(host)}, an address within kubernetes.${cidr} "${kubernetes[cidr]}", where machines could not reach it; change one of the two.`,
        ),
      ),
    );
  },
);
