import { bootstrapReleases, chartOf, type BootstrapRelease } from "../../src/platform/bootstrapReleases";
import { configWith } from "./config";

const charts = (values: Record<string, unknown>) =>
  bootstrapReleases.map((release: BootstrapRelease) => chartOf(release, configWith(values)));

describe("bootstrapReleases", () => {
  it("are what Flux needs before it can run, and Flux, in the order in which they are needed", () => {
    expect(bootstrapReleases.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual([
      "tigera-operator/calico-crds",
      "tigera-operator/calico",
      "kube-system/openstack-cloud-controller-manager",
      "kube-system/openstack-cinder-csi",
      "flux-system/flux-operator",
    ]);
  });

  it("pin one exact version each", () => {
    for (const { version } of charts({})) expect(version).toMatch(/^v?\d+\.\d+\.\d+$/);
  });

  it.each([
    ["1.34.2", "2.34.2"],
    ["1.35.0", "2.35.0"],
    ["1.36.3", "2.36.0"],
    ["1.37.1", "2.36.0"],
  ])("of OpenStack follow Kubernetes %s, or the minor before where it has none", (version, chart) => {
    const kubernetes = { version, allowEndedMinor: "1.34" };
    const versions = charts({ kubernetes }).filter((found) => found.chart.startsWith("openstack-"));
    expect(versions.map((found) => found.version)).toEqual([chart, chart]);
  });

  it("come from upstream", () => {
    expect(charts({ kubernetes: { version: "1.36.3" } })).toEqual([
      {
        chart: "crd.projectcalico.org.v1",
        version: "v3.32.1",
        repositoryOpts: { repo: "https://docs.tigera.io/calico/charts" },
      },
      {
        chart: "tigera-operator",
        version: "v3.32.1",
        repositoryOpts: { repo: "https://docs.tigera.io/calico/charts" },
      },
      {
        chart: "openstack-cloud-controller-manager",
        version: "2.36.0",
        repositoryOpts: { repo: "https://kubernetes.github.io/cloud-provider-openstack" },
      },
      {
        chart: "openstack-cinder-csi",
        version: "2.36.0",
        repositoryOpts: { repo: "https://kubernetes.github.io/cloud-provider-openstack" },
      },
      { chart: "oci://ghcr.io/controlplaneio-fluxcd/charts/flux-operator", version: "0.59.0" },
    ]);
  });

  it("come from the registry that the configuration names, under the same names and versions", () => {
    const own = charts({ platform: { chartRegistry: "oci://registry.example.org/charts/" } });
    expect(own).toEqual(
      charts({}).map(({ chart, version }) => ({
        chart: `oci://registry.example.org/charts/${chart.split("/").at(-1) ?? ""}`,
        version,
      })),
    );
  });
});
