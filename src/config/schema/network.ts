/** Network and API endpoint: what OpenStack gives the cluster to stand on. */
import { z } from "zod";
import { choice, cidr, flag, host, id, ipv4, listOf, matching, port, section, text, whole } from "./primitives";

export const networkSchema = section({
  cidr: cidr
    .default("10.10.0.0/22")
    .describe("Node CIDR: the IPv4 subnet of the machines. With `subnetId` it must be the CIDR of that subnet."),
  networkId: id.optional().describe("Existing network to use. Absent: a network is created."),
  subnetId: id
    .optional()
    .describe("Existing subnet of `networkId` to use; its router is taken as it is. Absent: a subnet is created."),
  routerId: id
    .optional()
    .describe(
      "Existing router to attach the created subnet to. Absent: a router is created when `externalNetwork` is set.",
    ),
  externalNetwork: text
    .optional()
    .describe(
      "Name of the external network: gateway of the created router and pool of the floating IPs. Absent: no router gateway, no floating IPs.",
    ),
  dnsServers: listOf(ipv4).describe("Resolvers that the created subnet hands out. Empty: Neutron's own."),
  mtu: whole(1280, 9216)
    .default(1442)
    .describe(
      "MTU of the Neutron network, in bytes; the pod MTU is derived from it. 1442 is what Geneve (OVN) leaves of an underlay of 1500, and fits VXLAN (1450) as well.",
    ),
})
  .prefault({})
  .describe("OpenStack network of the machines: created, or given.");

const common = {
  port: port.default(6443).describe("TCP port of the Kubernetes API at the endpoint."),
  allowedCidrs: listOf(cidr).describe(
    "Networks that may reach the API, besides the machines themselves. Empty: nobody else.",
  ),
};
const floatingIp = flag
  .default(false)
  .describe("Reach the API from outside through a floating IP of `network.externalNetwork`.");
export const octaviaProvider = matching(
  "name",
  "must be the name of an Octavia provider, for instance amphora or ovn",
  /^[a-z0-9][-_a-z0-9]*$/,
);

export const apiEndpointSchema = z
  .discriminatedUnion(
    "kind",
    [
      section({
        kind: z.literal("loadBalancer").describe("Chooses this kind of endpoint."),
        ...common,
        floatingIp,
        provider: octaviaProvider.default("amphora").describe("Octavia provider, for instance amphora or ovn."),
        flavorId: id.optional().describe("Octavia flavor. Absent: the provider's default."),
        idleTimeoutMinutes: whole(1, 1440)
          .default(60)
          .describe(
            "How long a watch may be silent before Octavia closes it, in minutes. Octavia's own 50 seconds would cut watches, exec and logs.",
          ),
      }).describe("An Octavia load balancer in front of the control plane."),
      section({
        kind: z.literal("virtualIp").describe("Chooses this kind of endpoint."),
        ...common,
        floatingIp,
        address: ipv4.optional().describe("Address of the virtual IP within `network.cidr`. Absent: Neutron chooses."),
        virtualRouterId: whole(1, 255)
          .default(51)
          .describe("VRRP id of keepalived; must differ between clusters in one subnet."),
      }).describe(
        "A reserved Neutron port, held by one control-plane machine at a time (keepalived); needs no Octavia.",
      ),
      section({
        kind: z.literal("external").describe("Chooses this kind of endpoint."),
        ...common,
        host: host.describe("Host name or address that leads to port 6443 of every control-plane machine."),
      }).describe("A load balancer or DNS name that somebody else runs."),
    ],
    { error: "must be one of: loadBalancer, virtualIp, external" },
  )
  .describe("The stable address of the Kubernetes API.");

export const cniSchema = section({
  kind: choice("calico", "none")
    .default("calico")
    .describe("`none`: nodes stay NotReady until somebody installs a CNI."),
  encapsulation: choice("vxlan", "ipip", "none")
    .default("vxlan")
    .describe(
      "How Calico carries pod traffic between machines; `none` needs a Neutron network that lets pod addresses pass.",
    ),
})
  .prefault({})
  .describe("Pod network.");
