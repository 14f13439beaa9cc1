/** Values of Calico's chart (tigera-operator). */
import type { ClusterConfig } from "../config/clusterConfig";
import { onControlPlane } from "./placement";

/**
 * As in Calico's Installation API; without encapsulation and with IP-in-IP, nodes learn each other's routes by BGP,
 * with VXLAN from the datastore.
 */
const encapsulations = {
  vxlan: { encapsulation: "VXLAN", bgp: "Disabled" },
  ipip: { encapsulation: "IPIP", bgp: "Enabled" },
  none: { encapsulation: "None", bgp: "Enabled" },
} as const;

/**
 * The pod network as the configuration has it. Calico's flow collector and its web page stay off: nobody here asked for
 * them.
 */
export function calicoValues({ cni, podMtu, kubernetes }: Pick<ClusterConfig, "cni" | "podMtu" | "kubernetes">) {
  const { encapsulation, bgp } = encapsulations[cni.encapsulation];
  return {
    installation: {
      enabled: true,
      calicoNetwork: {
        bgp,
        mtu: podMtu,
        // Kubernetes' own, which the kubelet is told (node-ip): machines may have further networks, and the virtual IP
        // of keepalived is in the node's subnet too.
        nodeAddressAutodetectionV4: { kubernetes: "NodeInternalIP" },
        // 26: Calico's own block size, 64 addresses at a time per node.
        ipPools: [
          {
            name: "default-ipv4-ippool",
            cidr: kubernetes.podCidr,
            blockSize: 26,
            encapsulation,
            natOutgoing: "Enabled",
            nodeSelector: "all()",
          },
        ],
      },
    },
    apiServer: { enabled: true },
    goldmane: { enabled: false },
    whisker: { enabled: false },
    // The chart's own tolerations let it run before there is a network.
    affinity: onControlPlane.affinity,
    // The release calico-crds owns them.
    manageCRDs: false,
  };
}
