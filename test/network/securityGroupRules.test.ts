import type { ClusterConfig } from "../../src/config/clusterConfig";
import { parseClusterConfig } from "../../src/config/parse";
import {
  providerProtocol,
  securityGroupNames,
  securityGroupRuleName,
  securityGroupRules,
  type SecurityGroupRule,
} from "../../src/network/securityGroupRules";
import { minimalStack } from "../fixtures/minimalStack";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me";
const config = (changes: Record<string, unknown> = {}): ClusterConfig =>
  parseClusterConfig({ ...minimalStack, ...changes }, "test");
const names = (rules: readonly SecurityGroupRule[]) => rules.map(securityGroupRuleName);
const ingress = (of: ClusterConfig) => securityGroupRules(of).filter(({ direction }) => direction === "ingress");

describe("security-group rules", () => {
  it("are exactly these for the smallest configuration", () => {
    expect(names(securityGroupRules(config()))).toEqual([
      "node-out-to-0-0-0-0-0-any",
      "control-plane-out-to-0-0-0-0-0-any",
      "node-kubelet-from-node-tcp-10250",
      "node-node-metrics-from-node-tcp-9100",
      "node-ping-from-node-icmp",
      "node-node-ports-tcp-from-10-10-0-0-22-tcp-30000-32767",
      "node-node-ports-udp-from-10-10-0-0-22-udp-30000-32767",
      "node-calico-typha-from-node-tcp-5473",
      "node-calico-vxlan-from-node-udp-4789",
      "control-plane-api-from-node-tcp-6443",
      "control-plane-api-load-balancer-from-10-10-0-0-22-tcp-6443",
      "control-plane-etcd-from-control-plane-tcp-2379-2380",
      "control-plane-etcd-metrics-from-node-tcp-2381",
      "control-plane-controller-metrics-from-node-tcp-10257-10259",
    ]);
  });

  it("let nothing in from outside the cluster's own network unless the configuration names it", () => {
    const remotes = ingress(config()).map(({ remote }) => ("cidr" in remote ? remote.cidr : remote.group));
    expect(new Set(remotes)).toEqual(new Set(["node", "control-plane", "10.10.0.0/22"]));
  });

  it("open the API to each allowed CIDR, one rule each", () => {
    const rules = ingress(
      config({
        apiEndpoint: { kind: "external", host: "api.example.org", allowedCidrs: ["10.0.0.0/8", "172.16.0.0/12"] },
      }),
    );
    expect(names(rules).filter((name) => name.startsWith("control-plane-api"))).toEqual([
      "control-plane-api-from-node-tcp-6443",
      "control-plane-api-from-10-0-0-0-8-tcp-6443",
      "control-plane-api-from-172-16-0-0-12-tcp-6443",
    ]);
  });

  it("hold one rule where two purposes allow the same, as Neutron refuses a second", () => {
    const rules = securityGroupRules(
      config({ apiEndpoint: { kind: "loadBalancer", allowedCidrs: ["10.10.0.0/22", "10.0.0.0/8"] } }),
    );
    expect(names(rules).filter((name) => name.startsWith("control-plane-api"))).toEqual([
      "control-plane-api-from-node-tcp-6443",
      "control-plane-api-load-balancer-from-10-10-0-0-22-tcp-6443",
      "control-plane-api-from-10-0-0-0-8-tcp-6443",
    ]);
  });

  it("open the port that the API server listens on, which a virtual IP leads straight to", () => {
    const rules = ingress(config({ apiEndpoint: { kind: "virtualIp", port: 443, allowedCidrs: ["10.0.0.0/8"] } }));
    expect(names(rules).filter((name) => name.startsWith("control-plane-api"))).toEqual([
      "control-plane-api-from-node-tcp-443",
      "control-plane-api-from-10-0-0-0-8-tcp-443",
    ]);
  });

  it("let control-plane machines agree on the virtual IP, and only them", () => {
    const rules = ingress(config({ apiEndpoint: { kind: "virtualIp" } }));
    expect(
      rules.filter(({ ports }) => ports.protocol === "vrrp").map(({ group, remote }) => ({ group, remote })),
    ).toEqual([{ group: "control-plane", remote: { group: "control-plane" } }]);
  });

  it("keep etcd to the control plane", () => {
    const etcd = ingress(config()).filter(({ ports }) => "from" in ports && ports.from <= 2379 && ports.to >= 2379);
    expect(etcd.map(({ group, remote }) => ({ group, remote }))).toEqual([
      { group: "control-plane", remote: { group: "control-plane" } },
    ]);
  });

  it.each([
    [
      { kind: "calico", encapsulation: "vxlan" },
      ["node-calico-typha-from-node-tcp-5473", "node-calico-vxlan-from-node-udp-4789"],
    ],
    [
      { kind: "calico", encapsulation: "ipip" },
      ["node-calico-typha-from-node-tcp-5473", "node-calico-bgp-from-node-tcp-179", "node-calico-ipip-from-node-ipip"],
    ],
    [
      { kind: "calico", encapsulation: "none" },
      [
        "node-calico-typha-from-node-tcp-5473",
        "node-calico-bgp-from-node-tcp-179",
        "node-pods-from-192-168-0-0-16-any",
      ],
    ],
    [{ kind: "none" }, ["node-pods-from-node-any"]],
  ])("give the CNI %j what it needs", (cni, expected) => {
    expect(names(ingress(config({ cni }))).filter((name) => name.includes("calico") || name.includes("pods"))).toEqual(
      expected,
    );
  });

  it("lead log-ins by way of the bastion, and to the bastion from its own CIDRs", () => {
    const withBastion = config({
      ssh: { authorizedKeys: [key], bastion: { flavor: "small", allowedCidrs: ["10.1.0.0/16"], floatingIp: false } },
    });
    expect(securityGroupNames(withBastion)).toEqual(["node", "control-plane", "bastion"]);
    expect(names(ingress(withBastion)).filter((name) => name.includes("ssh"))).toEqual([
      "node-ssh-from-bastion-tcp-22",
      "bastion-ssh-from-10-1-0-0-16-tcp-22",
    ]);
  });

  it("have a name each, however many there are", () => {
    const all = names(
      securityGroupRules(
        config({
          apiEndpoint: { kind: "virtualIp", allowedCidrs: ["10.0.0.0/8", "10.0.0.0/9"] },
          ssh: {
            allowedCidrs: ["10.0.0.0/8"],
            authorizedKeys: [key],
            bastion: { flavor: "small", allowedCidrs: ["10.0.0.0/8"], floatingIp: false },
          },
        }),
      ),
    );
    expect(new Set(all).size).toBe(all.length);
  });

  it.each(["vxlan", "ipip", "none"])(
    "name protocols as the provider takes them, with pods carried by %s",
    (encapsulation) => {
      // Terraform provider 1.54, openstack/networking_secgroup_rule_v2.go: these names of IPv4's, or a number.
      const taken = /^(ah|dccp|egp|esp|gre|icmp|igmp|ospf|pgm|rsvp|sctp|tcp|udp|udplite|vrrp|\d+)$/;
      const rules = securityGroupRules(config({ cni: { encapsulation }, apiEndpoint: { kind: "virtualIp" } }));
      const sent = rules.flatMap(({ ports }) => providerProtocol(ports.protocol) ?? []);
      expect(sent.filter((protocol) => !taken.test(protocol))).toEqual([]);
      expect(sent.includes("4")).toBe(encapsulation === "ipip");
    },
  );
});
