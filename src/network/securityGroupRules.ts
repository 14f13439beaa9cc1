/** What may talk to what, as data: one row per purpose. Whatever no row allows, Neutron drops. */
import { apiServerPort, type ClusterConfig } from "../config/clusterConfig";

/** `node` holds every machine of the cluster; `control-plane` the control-plane machines besides. */
export type SecurityGroupName = "node" | "control-plane" | "bastion";
type Remote = { readonly group: SecurityGroupName } | { readonly cidr: string };
type Ports =
  | { readonly protocol: "tcp" | "udp"; readonly from: number; readonly to: number }
  | { readonly protocol: "icmp" | "ipip" | "vrrp" | "any" };

export interface SecurityGroupRule {
  /** The group whose machines are protected. */
  readonly group: SecurityGroupName;
  readonly direction: "ingress" | "egress";
  /** Purpose in a word or two; part of the rule's name. */
  readonly purpose: string;
  readonly reason: string;
  readonly ports: Ports;
  readonly remote: Remote;
}

const tcp = (port: number): Ports => tcpRange(port, port);
const tcpRange = (from: number, to: number): Ports => ({ protocol: "tcp", from, to });
const udp = (port: number): Ports => udpRange(port, port);
const udpRange = (from: number, to: number): Ports => ({ protocol: "udp", from, to });
const protocol = (name: "icmp" | "ipip" | "vrrp" | "any"): Ports => ({ protocol: name });

const world = "0.0.0.0/0";
const node: Remote = { group: "node" };
const controlPlane: Remote = { group: "control-plane" };
const cidr = (value: string): Remote => ({ cidr: value });

/** Groups that a configuration needs: the bastion's only where there is a bastion. */
export function securityGroupNames(config: ClusterConfig): SecurityGroupName[] {
  return config.ssh.bastion === undefined ? ["node", "control-plane"] : ["node", "control-plane", "bastion"];
}

/**
 * All rules of a cluster, in a stable order. Ingress is open to a CIDR outside the cluster only where the configuration
 * names that CIDR. What two purposes allow alike is one rule, that of the first: Neutron refuses a second.
 */
export function securityGroupRules(config: ClusterConfig): SecurityGroupRule[] {
  const allowed = ({ group, direction, ports, remote }: SecurityGroupRule) =>
    JSON.stringify([group, direction, ports, remote]);
  const rules = rulesByPurpose(config);
  const firsts = new Map(rules.map((rule, index) => [allowed(rule), index] as const).reverse());
  return rules.filter((rule, index) => firsts.get(allowed(rule)) === index);
}

function rulesByPurpose(config: ClusterConfig): SecurityGroupRule[] {
  const ingress = (
    group: SecurityGroupName,
    purpose: string,
    ports: Ports,
    remote: Remote,
    reason: string,
  ): SecurityGroupRule => ({
    group,
    direction: "ingress",
    purpose,
    ports,
    remote,
    reason,
  });
  const nodeCidr = cidr(config.network.cidr);
  const api = tcp(apiServerPort(config));
  return [
    ...securityGroupNames(config).map((group): SecurityGroupRule => ({
      group,
      direction: "egress",
      purpose: "out",
      ports: protocol("any"),
      remote: cidr(world),
      reason: "packages, images, DNS, time and the cloud's own API; traffic of pods is limited by network policies",
    })),
    ingress("node", "kubelet", tcp(10250), node, "API servers and the metrics server call the kubelet"),
    ingress("node", "node-metrics", tcp(9100), node, "Prometheus asks the node exporter"),
    ingress("node", "ping", protocol("icmp"), node, "path MTU discovery and fault finding between machines"),
    ingress(
      "node",
      "node-ports-tcp",
      tcpRange(30000, 32767),
      nodeCidr,
      "load balancers in the node subnet reach Services of type LoadBalancer",
    ),
    ingress(
      "node",
      "node-ports-udp",
      udpRange(30000, 32767),
      nodeCidr,
      "load balancers in the node subnet reach Services of type LoadBalancer",
    ),
    ...cniRules(config, ingress),
    ingress("control-plane", "api", api, node, "kubelets and pods call the API"),
    ...(config.apiEndpoint.kind === "loadBalancer"
      ? [
          ingress(
            "control-plane",
            "api-load-balancer",
            api,
            nodeCidr,
            "the load balancer's traffic and health checks come from the node subnet",
          ),
        ]
      : []),
    ...config.apiEndpoint.allowedCidrs.map((allowed) =>
      ingress("control-plane", "api", api, cidr(allowed), "apiEndpoint.allowedCidrs"),
    ),
    ingress("control-plane", "etcd", tcpRange(2379, 2380), controlPlane, "etcd clients and peers"),
    ingress("control-plane", "etcd-metrics", tcp(2381), node, "Prometheus asks etcd; the port serves nothing else"),
    ingress(
      "control-plane",
      "controller-metrics",
      tcpRange(10257, 10259),
      node,
      "Prometheus asks controller managers and scheduler",
    ),
    ...(config.apiEndpoint.kind === "virtualIp"
      ? [ingress("control-plane", "vrrp", protocol("vrrp"), controlPlane, "keepalived agrees who holds the virtual IP")]
      : []),
    ...config.ssh.allowedCidrs.map((allowed) => ingress("node", "ssh", tcp(22), cidr(allowed), "ssh.allowedCidrs")),
    ...(config.ssh.bastion === undefined
      ? []
      : [
          ingress("node", "ssh", tcp(22), { group: "bastion" }, "log-in by way of the bastion"),
          ...config.ssh.bastion.allowedCidrs.map((allowed) =>
            ingress("bastion", "ssh", tcp(22), cidr(allowed), "ssh.bastion.allowedCidrs"),
          ),
        ]),
  ];
}

function cniRules(
  config: ClusterConfig,
  ingress: (
    group: SecurityGroupName,
    purpose: string,
    ports: Ports,
    remote: Remote,
    reason: string,
  ) => SecurityGroupRule,
): SecurityGroupRule[] {
  if (config.cni.kind === "none") {
    return [ingress("node", "pods", protocol("any"), node, "whatever the CNI that you bring needs between machines")];
  }
  const typha = ingress("node", "calico-typha", tcp(5473), node, "Calico's nodes read their state from Typha");
  const bgp = ingress("node", "calico-bgp", tcp(179), node, "Calico's nodes tell each other their routes");
  switch (config.cni.encapsulation) {
    case "vxlan":
      return [typha, ingress("node", "calico-vxlan", udp(4789), node, "pod traffic in VXLAN")];
    case "ipip":
      return [typha, bgp, ingress("node", "calico-ipip", protocol("ipip"), node, "pod traffic in IP-in-IP")];
    case "none":
      return [
        typha,
        bgp,
        ingress("node", "pods", protocol("any"), cidr(config.kubernetes.podCidr), "pod traffic as it is"),
      ];
  }
}

/**
 * As the provider takes a protocol; undefined for any. Of those that Neutron knows by name it refuses IP-in-IP, which
 * is 4 among the numbers of IP protocols (resourceNetworkingSecGroupRuleV2Protocol of the Terraform provider 1.54).
 */
export function providerProtocol(protocol: Ports["protocol"]): string | undefined {
  if (protocol === "any") return undefined;
  return protocol === "ipip" ? "4" : protocol;
}

/**
 * Name of a rule by what it allows: a changed row becomes another rule and never edits one in place (every field of a
 * Neutron rule is fixed at birth).
 */
export function securityGroupRuleName(rule: SecurityGroupRule): string {
  const remote = "group" in rule.remote ? rule.remote.group : rule.remote.cidr.replace(/[./]/g, "-");
  const ports =
    "from" in rule.ports
      ? `${rule.ports.protocol}-${rule.ports.from}${rule.ports.to === rule.ports.from ? "" : `-${rule.ports.to}`}`
      : rule.ports.protocol;
  return [rule.group, rule.purpose, rule.direction === "ingress" ? "from" : "to", remote, ports].join("-");
}
