import { cinderNodePlugin } from "../../src/platform/cinderNodePlugin";
import { configWith } from "./config";

describe("Cinder's plugin on the nodes", () => {
  const podOf = (version: string) => {
    const config = configWith();
    return cinderNodePlugin({ kubernetes: { ...config.kubernetes, version } }).template.spec;
  };

  it("is given no Secret and no configuration", () => {
    const { volumes, containers } = podOf("1.35.10");
    expect(volumes.flatMap((volume) => Object.keys(volume)).sort()).toEqual([
      ...Array.from(volumes, () => "hostPath"),
      ...Array.from(volumes, () => "name"),
    ]);
    expect(JSON.stringify(containers)).not.toMatch(/cloud-config|secret|"env/i);
  });

  it("serves nodes, not the cluster, at the socket that the kubelet is told", () => {
    const { containers, volumes } = podOf("1.35.10");
    expect(containers.map(({ args }) => args.at(-1))).toEqual([
      "--kubelet-registration-path=/var/lib/kubelet/plugins/cinder.csi.openstack.org/csi.sock",
      "--csi-address=/csi/csi.sock",
      "--provide-controller-service=false",
    ]);
    expect(volumes[0]!.hostPath.path).toBe("/var/lib/kubelet/plugins/cinder.csi.openstack.org");
    for (const { volumeMounts } of containers)
      for (const { name } of volumeMounts) expect(volumes.map((volume) => volume.name)).toContain(name);
  });

  it.each([
    ["1.34.13", "v1.34.0"],
    ["1.35.10", "v1.35.0"],
    ["1.36.6", "v1.36.0"],
  ])("is of the release for Kubernetes %s", (version, expected) => {
    expect(podOf(version).containers.at(-1)!.image).toBe(`registry.k8s.io/provider-os/cinder-csi-plugin:${expected}`);
  });
});
