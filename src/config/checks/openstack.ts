/** What the network section and the API endpoint ask of OpenStack together. */
import { counted } from "../counted";
import { addressCount, contains, nthAddress } from "../cidr";
import { reservedTags } from "../clusterConfig";
import { rule, when } from "./rule";

export const subnetNeedsNetwork = rule(["network"], ({ network }) => [
  ...when(
    network.subnetId !== undefined && network.networkId === undefined,
    () =>
      `network.subnetId is "${String(network.subnetId)}" but network.networkId is absent; set it to the network of that subnet.`,
  ),
  ...when(
    network.subnetId !== undefined && network.routerId !== undefined,
    () =>
      `network.routerId is "${String(network.routerId)}" but network.subnetId names an existing subnet, whose router is taken as it is; remove network.routerId.`,
  ),
  ...when(
    network.subnetId !== undefined && network.dnsServers.length > 0,
    () =>
      `network.dnsServers is set but has no effect on the existing subnet of network.subnetId; remove it, or set the resolvers on that subnet.`,
  ),
]);

export const floatingIpNeedsExternalNetwork = rule(
  ["network", "apiEndpoint", "ssh"],
  ({ network, apiEndpoint, ssh }) => {
    if (network.externalNetwork !== undefined) return [];
    const remedy = "network.externalNetwork is absent; name the external network, or set it to false";
    return [
      ...when(
        apiEndpoint.kind !== "external" && apiEndpoint.floatingIp,
        () => `apiEndpoint.floatingIp is true but ${remedy}.`,
      ),
      ...when(ssh.bastion?.floatingIp === true, () => `ssh.bastion.floatingIp is true (its default) but ${remedy}.`),
    ];
  },
);

export const apiEndpointAddress = rule(["network", "apiEndpoint"], ({ network, apiEndpoint }) => {
  if (apiEndpoint.kind === "external" || apiEndpoint.address === undefined) return [];
  const { address } = apiEndpoint;
  const wrong = `apiEndpoint.address is "${address}" but`;
  if (!contains(network.cidr, address)) return [`${wrong} must lie within network.cidr "${network.cidr}".`];
  const last = addressCount(network.cidr) - 1;
  return [
    ...when(
      address === nthAddress(network.cidr, 0),
      () => `${wrong} is the network address of network.cidr "${network.cidr}"; choose another.`,
    ),
    ...when(
      last > 0 && address === nthAddress(network.cidr, last),
      () => `${wrong} is the broadcast address of network.cidr "${network.cidr}"; choose another.`,
    ),
    // Neutron gives the first address of a subnet to its gateway unless told otherwise.
    ...when(
      network.subnetId === undefined && last > 1 && address === nthAddress(network.cidr, 1),
      () => `${wrong} is the gateway of network.cidr "${network.cidr}"; choose another.`,
    ),
  ];
});

/**
 * Ports that control-plane machines already listen on, by Kubernetes' "Ports and Protocols", Calico's and the machines'
 * own.
 */
const takenPorts: Readonly<Record<number, string>> = {
  22: "SSH",
  53: "DNS",
  179: "Calico's BGP",
  2379: "etcd",
  2380: "etcd",
  2381: "etcd's metrics",
  5473: "Calico's Typha",
  9098: "Calico's Typha health check",
  9099: "Calico's health check",
  10248: "the kubelet's health check",
  10249: "kube-proxy's metrics",
  10250: "the kubelet",
  10256: "kube-proxy's health check",
  10257: "kube-controller-manager",
  10259: "kube-scheduler",
};

/** A virtual IP leads straight to the machines, so its port must be free on them; a load balancer listens elsewhere. */
export const virtualIpPort = rule(["apiEndpoint"], ({ apiEndpoint }) => {
  if (apiEndpoint.kind !== "virtualIp") return [];
  const { port } = apiEndpoint;
  const user = port >= 30000 && port <= 32767 ? "NodePorts" : takenPorts[port];
  return when(
    user !== undefined,
    () =>
      `apiEndpoint.port is ${port} but that port of the control-plane machines belongs to ${String(user)}; use 6443, or 443.`,
  );
});

/**
 * A name below the cluster's own domain is answered by the cluster DNS, so machines and pods would not agree on the
 * endpoint.
 */
export const endpointOutsideClusterDomain = rule(["apiEndpoint", "kubernetes"], ({ apiEndpoint, kubernetes }) =>
  when(
    apiEndpoint.kind === "external" && `.${apiEndpoint.host.toLowerCase()}`.endsWith(`.${kubernetes.dnsDomain}`),
    () =>
      `apiEndpoint.host is "${apiEndpoint.kind === "external" ? apiEndpoint.host : ""}" but lies within kubernetes.dnsDomain "${kubernetes.dnsDomain}", which only the cluster itself resolves; use a name of your site's DNS.`,
  ),
);

export const bastionNeedsKeys = rule(["ssh"], ({ ssh }) =>
  when(
    ssh.bastion !== undefined && ssh.authorizedKeys.length === 0,
    () =>
      "ssh.bastion is set but ssh.authorizedKeys is empty, so nobody could log in to it; add a public key or remove the bastion.",
  ),
);

/** Neutron stores a tag of at most 60 characters; a tag of ours is `key=value`. */
const longestTag = 60;

export const tagLength = rule(["tags"], ({ tags }) =>
  Object.entries(tags).flatMap(([key, value]) =>
    when(
      key.length + 1 + value.length > longestTag,
      () =>
        `tags.${key} makes the tag "${key}=..." of ${counted(key.length + 1 + value.length, "character")} but Neutron takes at most ${longestTag}; shorten it.`,
    ),
  ),
);

/** Keys that the program itself writes on servers and network resources, and by which it finds them again. */
export const tagOfProgram = rule(["tags"], ({ tags }) =>
  Object.keys(tags).flatMap((key) =>
    when(
      reservedTags.some((reserved) => reserved === key),
      () => `tags has "${key}" but the program itself marks what it owns with that key; choose another.`,
    ),
  ),
);
