import { choosePlatform } from "../../../lab/openstack/platform";

const pulumi = (name: string, missing: readonly string[] = []) => ({
  name,
  owner: "pulumi" as const,
  dependsOn: [],
  missing,
});
const flux = (name: string, missing: readonly string[] = [], dependsOn: readonly string[] = []) => ({
  name,
  owner: "flux" as const,
  dependsOn,
  missing,
});
const complete = [pulumi("cni"), pulumi("cloudProvider"), pulumi("flux")];

describe("the platform of a lab", () => {
  it("is whole where every image is at hand", () => {
    expect(choosePlatform([...complete, flux("guards"), flux("controllers")])).toEqual({ without: {}, suspended: {} });
  });

  it("leaves out a part with the names of what is missing, and keeps the others", () => {
    const parts = [pulumi("cni"), pulumi("cloudProvider", ["ccm:1", "chart csi-2.tgz"]), pulumi("flux")];
    expect(choosePlatform(parts).without).toEqual({ cloudProvider: "missing ccm:1, chart csi-2.tgz" });
  });

  it("has no pods at all without Calico", () => {
    const { without } = choosePlatform([pulumi("cni", ["calico/node:1"]), pulumi("cloudProvider"), pulumi("flux")]);
    expect(without).toEqual({
      cni: "missing calico/node:1",
      cloudProvider: "its pods wait for Calico",
      flux: "its pods wait for Calico",
    });
  });

  it("suspends a Kustomization without its images, and what waits for it, in whatever order they stand", () => {
    const parts = [
      ...complete,
      flux("ingress", [], ["certificates"]),
      flux("certificates", [], ["controllers"]),
      flux("controllers", ["kyverno:1"]),
      flux("guards"),
    ];
    expect(choosePlatform(parts).suspended).toEqual({
      controllers: "missing kyverno:1",
      certificates: "it waits for controllers",
      ingress: "it waits for certificates",
    });
  });

  it("suspends what needs volumes, with what waits for it", () => {
    const { suspended } = choosePlatform([...complete, flux("alerts", [], ["monitoring"]), flux("monitoring")]);
    expect(suspended).toEqual({
      monitoring: "Prometheus and Alertmanager keep their data on volumes, and a machine in namespaces has none",
      alerts: "it waits for monitoring",
    });
  });
});
