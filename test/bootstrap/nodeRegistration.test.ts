import { controlPlaneRegistration, mayBeSetByKubelet, workerRegistration } from "../../src/bootstrap/nodeRegistration";
import { sampleConfig } from "./samples";

describe("the registration of a node", () => {
  const cloudProvider = { authUrl: "https://keystone.example.org:5000/v3", region: "RegionOne" };
  const credentials = { openstack: { id: "id", secret: "secret" } };
  const argumentNames = (registration: object) =>
    (registration as { kubeletExtraArgs: { name: string }[] }).kubeletExtraArgs.map(({ name }) => name);

  it("waits for the cloud controller manager where there will be one, and only there", () => {
    const without = sampleConfig();
    const external = sampleConfig({ cloudProvider, credentials });
    expect([
      argumentNames(controlPlaneRegistration(without)),
      argumentNames(controlPlaneRegistration(external)),
    ]).toEqual([
      ["config-dir", "node-ip"],
      ["cloud-provider", "config-dir", "node-ip"],
    ]);
    expect(argumentNames(workerRegistration(external, external.nodePools[0]!))).toEqual([
      "cloud-provider",
      "config-dir",
      "node-ip",
    ]);
  });
});

describe("labels that a kubelet may set on its own node", () => {
  it.each([
    ["tier", true],
    ["example.org/team", true],
    ["kubelet.kubernetes.io/x", true],
    ["node.kubernetes.io/x", true],
    ["a.node.kubernetes.io/x", true],
    ["mykubernetes.io/x", true],
    ["node-role.kubernetes.io/worker", false],
    ["node-restriction.kubernetes.io/x", false],
    ["kubernetes.io/x", false],
    ["k8s.io/x", false],
    ["topology.k8s.io/x", false],
  ])("%s: %s", (key, allowed) => {
    expect(mayBeSetByKubelet(key)).toBe(allowed);
  });
});
