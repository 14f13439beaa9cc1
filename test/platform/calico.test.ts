import { calicoValues } from "../../src/platform/calico";
import { configWith } from "./config";

describe("calicoValues", () => {
  it.each([
    ["vxlan", { encapsulation: "VXLAN", bgp: "Disabled", mtu: 1400 }],
    ["ipip", { encapsulation: "IPIP", bgp: "Enabled", mtu: 1430 }],
    ["none", { encapsulation: "None", bgp: "Enabled", mtu: 1450 }],
  ])("carry pods by %s, with the MTU that leaves room for it", (encapsulation, expected) => {
    const { calicoNetwork } = calicoValues(configWith({ cni: { encapsulation }, network: { mtu: 1450 } })).installation;
    expect({
      encapsulation: calicoNetwork.ipPools[0]!.encapsulation,
      bgp: calicoNetwork.bgp,
      mtu: calicoNetwork.mtu,
    }).toEqual(expected);
  });

  it("take the pod CIDR from the configuration, and the nodes' addresses from Kubernetes", () => {
    const values = calicoValues(configWith({ kubernetes: { podCidr: "172.20.0.0/16" } }));
    expect(values.installation.calicoNetwork).toMatchObject({
      ipPools: [{ cidr: "172.20.0.0/16", natOutgoing: "Enabled", nodeSelector: "all()" }],
      nodeAddressAutodetectionV4: { kubernetes: "NodeInternalIP" },
    });
  });

  it("leave the CRDs to the release that installs them", () => {
    expect(calicoValues(configWith()).manageCRDs).toBe(false);
  });
});
