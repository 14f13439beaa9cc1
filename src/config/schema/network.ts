/** Network and API endpoint: what OpenStack gives the cluster to stand on. */
import { z } from "zod";
import { type Moment, takesEffect } from "../effects";
import { choice, cidr, flag, host, id, ipv4, listOf, matching, port, section, text, whole } from "./primitives";

/** glibc's MAXNS (resolv.conf(5)), and Kubernetes' MaxDNSNameservers. */
const mostResolvers = 3;

export const networkSchema = section({
  cidr: cidr
    .default("10.10.0.0/22")
    .describe("Node CIDR: the IPv4 subnet of the machines. With `subnetId` it must be the CIDR of that subnet.")
    .meta(
      takesEffect(
        ["openstack", "machine", "kubernetes"],
        "A subnet cannot change its CIDR: it would be replaced, and every machine in it loses its network.",
        "destructive",
      ),
    ),
  networkId: id
    .optional()
    .describe("Existing network to use. Absent: a network is created.")
    .meta(
      takesEffect(
        ["openstack", "machine", "kubernetes"],
        "The machines would be moved to another network: the cluster loses its own.",
        "destructive",
      ),
    ),
  subnetId: id
    .optional()
    .describe("Existing subnet of `networkId` to use; its router is taken as it is. Absent: a subnet is created.")
    .meta(
      takesEffect(
        ["openstack", "machine", "kubernetes"],
        "The machines would be moved to another subnet: the cluster loses its own.",
        "destructive",
      ),
    ),
  routerId: id
    .optional()
    .describe(
      "Existing router to attach the created subnet to. Absent: a router is created when `externalNetwork` is set.",
    )
    .meta(
      takesEffect(
        "openstack",
        "The subnet leaves its router and joins another; connections to the outside break.",
        "disruptive",
      ),
    ),
  externalNetwork: text
    .optional()
    .describe(
      "Name of the external network: gateway of the created router and pool of the floating IPs. Absent: no router gateway, no floating IPs.",
    )
    .meta(
      takesEffect(
        "openstack",
        "The router gets another gateway: connections to the outside break, and machines appear under another address there. Floating IPs that the cluster has are given back and others taken.",
        "disruptive",
      ),
    ),
  dnsServers: z
    .array(ipv4, { error: "must be a list" })
    .max(mostResolvers, {
      error: `must name at most ${mostResolvers} resolvers, as machines and pods (glibc, kubelet) pass over any further`,
    })
    .default([])
    .describe(
      `Resolvers that the created subnet hands out, at most ${mostResolvers}: machines ask them, and CoreDNS for the pods. Empty: Neutron's own.`,
    )
    .meta(takesEffect("openstack", "Machines learn of them when they renew their address or reboot.")),
  mtu: whole(1280, 9216)
    .default(1442)
    .describe(
      "MTU of the Neutron network, in bytes; the pod MTU is derived from it. 1442 is what Geneve (OVN) leaves of an underlay of 1500, and fits VXLAN (1450) as well.",
    )
    .meta(
      takesEffect(
        ["openstack", "kubernetes"],
        "Interfaces of machines and pods that exist keep the old MTU until they are replaced; a larger one loses large packets between old and new.",
        "disruptive",
      ),
    ),
})
  .prefault({})
  .describe("OpenStack network of the machines: created, or given.");

const common = {
  port: port
    .default(6443)
    .describe("TCP port of the Kubernetes API at the endpoint.")
    .meta(
      takesEffect(
        ["openstack", "machine", "kubernetes"],
        "Every kubelet and kubeconfig names the old port, where nothing would answer any more: the cluster is lost.",
        "destructive",
      ),
    ),
  allowedCidrs: listOf(cidr)
    .describe("Networks that may reach the API, besides the machines themselves. Empty: nobody else.")
    .meta(takesEffect("openstack", "Networks that are taken out cannot reach the API any more.", "disruptive")),
};
const floatingIp = flag
  .default(false)
  .describe("Reach the API from outside through a floating IP of `network.externalNetwork`.")
  .meta(
    takesEffect(
      ["openstack", "kubernetes"],
      "The API servers' certificates keep the names they were created with: they do not hold a floating IP that comes later, so that nobody can verify the API there.",
      "destructive",
    ),
  );
const address = (what: string, ...moments: Moment[]) =>
  ipv4
    .optional()
    .describe(`Address of ${what} within \`network.cidr\`. Absent: Neutron chooses.`)
    .meta(
      takesEffect(
        ["openstack", "kubernetes", ...moments],
        "Every kubelet and kubeconfig names the old address: the cluster is lost, unless this is the old address.",
        "destructive",
      ),
    );
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
        address: address("the load balancer"),
        provider: octaviaProvider
          .default("amphora")
          .describe("Octavia provider, for instance amphora or ovn.")
          .meta(
            takesEffect(
              "openstack",
              "A load balancer cannot change its provider: it would be replaced, and the API has another address afterwards.",
              "destructive",
            ),
          ),
        flavorId: id
          .optional()
          .describe("Octavia flavor. Absent: the provider's default.")
          .meta(
            takesEffect(
              "openstack",
              "A load balancer cannot change its flavor: it would be replaced, and the API has another address afterwards.",
              "destructive",
            ),
          ),
        idleTimeoutMinutes: whole(1, 1440)
          .default(60)
          .describe(
            "How long a watch may be silent before Octavia closes it, in minutes. Octavia's own 50 seconds would cut watches, exec and logs.",
          )
          .meta(takesEffect("openstack", "Open connections to the API may break once.")),
      }).describe("An Octavia load balancer in front of the control plane."),
      section({
        kind: z.literal("virtualIp").describe("Chooses this kind of endpoint."),
        ...common,
        floatingIp,
        address: address("the virtual IP", "machine"),
        virtualRouterId: whole(1, 255)
          .default(51)
          .describe("VRRP id of keepalived; must differ between clusters in one subnet.")
          .meta(
            takesEffect(
              "machine",
              "Control-plane machines that exist keep the old id. While both ids are in use, two machines hold the virtual IP.",
              "destructive",
            ),
          ),
      }).describe(
        "A reserved Neutron port, held by one control-plane machine at a time (keepalived); needs no Octavia.",
      ),
      section({
        kind: z.literal("external").describe("Chooses this kind of endpoint."),
        ...common,
        port: common.port.meta(
          takesEffect(
            ["machine", "kubernetes"],
            "Every kubelet and kubeconfig names the old port: nodes and people lose the API unless both answer.",
            "destructive",
          ),
        ),
        host: host
          .describe("Host name or address that leads to port 6443 of every control-plane machine.")
          .meta(
            takesEffect(
              ["cluster", "kubernetes", "machine"],
              "Every kubelet and kubeconfig names the old host, and the API servers' certificates do not name the new one.",
              "destructive",
            ),
          ),
      }).describe("A load balancer or DNS name that somebody else runs."),
    ],
    { error: "must be one of: loadBalancer, virtualIp, external" },
  )
  .describe("The stable address of the Kubernetes API.")
  .meta(
    takesEffect(
      ["openstack", "machine", "kubernetes"],
      "Every kubelet and kubeconfig names the old endpoint: nodes and people lose the API.",
      "destructive",
    ),
  );

export const cniSchema = section({
  kind: choice("calico", "none")
    .default("calico")
    .describe("`none`: nodes stay NotReady until somebody installs a CNI."),
  encapsulation: choice("vxlan", "ipip", "none")
    .default("vxlan")
    .describe(
      "How Calico carries pod traffic between machines; `none` needs a Neutron network that lets pod addresses pass.",
    )
    .meta(
      takesEffect(
        ["kubernetes", "openstack"],
        "Calico changes how packets travel, node by node, and restarts: connections between pods break, and pods keep the old MTU until they restart.",
        "disruptive",
      ),
    ),
})
  .prefault({})
  .describe("Pod network.")
  .meta(
    takesEffect(
      ["kubernetes", "openstack", "machine"],
      "The pod network is installed, or removed: then pods lose their network.",
      "destructive",
    ),
  );
