/**
 * The rights of a tenant's members, with every chart of the default settings and of every choice rendered: charts widen
 * Kubernetes' roles `admin`, `edit` and `view` by labels, without a word. Whatever a chart, Flux or a manifest adds
 * fails here until somebody has thought about it. Not seen: roles that a program makes when it runs (the operators of
 * Calico and Trident do), and charts that cannot be had, which are named.
 */
import { chartFile, chartFolder, moduleCharts, placeholderVersions } from "./helmCharts";
import { renderedPlatformNeeds, renderPlatform, type RenderedPlatform } from "./renderedPlatform";
import { gainedRights, userFacingRoles } from "./rights";
import { describeWith } from "./toolbox";

jest.setTimeout(600_000);

/**
 * Charts that no Go module holds. Each was rendered with these values at this version and gave tenants nothing, where
 * no comment says otherwise. A new version is looked at (`helm pull --untar` into OPENSTACK_KUBERNETES_CHARTS), then
 * written here.
 */
const withoutModule: Readonly<Record<string, string>> = {
  "crd.projectcalico.org.v1": "v3.32.1",
  "fluent-bit": "0.58.1",
  // Looked at as 0.49.0, whose one aggregated role is the one that the values switch off.
  "flux-operator": "0.59.0",
  // Not looked at: no source of it can be had here. It is documented to make Roles in its own namespace only.
  "gitlab-runner": "0.86.0",
  headlamp: "0.45.0",
  "ingress-nginx": "4.15.1",
  "kube-prometheus-stack": "88.5.3",
  // Looked at as 7.13.0.
  "kubernetes-dashboard": "7.14.0",
  kured: "6.1.0",
  "node-problem-detector": "2.4.1",
  // Both looked at as 2.36.0.
  "openstack-cinder-csi": "2.35.0",
  "openstack-cloud-controller-manager": "2.35.0",
  "prometheus-blackbox-exporter": "11.17.2",
  "tigera-operator": "v3.32.1",
  "trident-operator": "100.2606.0",
};

const look = "get list watch";
const everything = "create delete deletecollection get list patch update watch";

/** To look at what Flux and metrics-server say of the namespace. */
const view = [
  ...["helm", "image", "kustomize", "notification", "source"].map(
    (group) => `${group}.toolkit.fluxcd.io/*: ${look} (flux-view)`,
  ),
  `source.extensions.fluxcd.io/*: ${look} (flux-view)`,
  ...["nodes", "pods"].map((kind) => `metrics.k8s.io/${kind}: ${look} (system:metrics-server-aggregated-reader)`),
];

/** What gitops/infrastructure/guards gives on purpose, each kind confined by flags of Flux or by a guard. */
const admin = [
  ...["grpcroutes", "httproutes", "tlsroutes"].map(
    (kind) => `gateway.networking.k8s.io/${kind}: ${everything} (tenant-routes)`,
  ),
  `helm.toolkit.fluxcd.io/helmreleases: ${everything} (tenant-flux)`,
  `kustomize.toolkit.fluxcd.io/kustomizations: ${everything} (tenant-flux)`,
  ...["gitrepositories", "helmcharts", "helmrepositories", "ocirepositories"].map(
    (kind) => `source.toolkit.fluxcd.io/${kind}: ${everything} (tenant-flux)`,
  ),
  ...["podmonitors", "servicemonitors"].map((kind) => `monitoring.coreos.com/${kind}: ${everything} (tenant-monitors)`),
  `snapshot.storage.k8s.io/volumesnapshots: ${everything} (tenant-snapshots)`,
];

const expected = { view, edit: view, admin: [...view, ...admin] };

describeWith(renderedPlatformNeeds)("the rights of a tenant's members", () => {
  let platform: RenderedPlatform;

  beforeAll(() => {
    platform = renderPlatform();
  });

  it("come from charts that are rendered here, or from versions of others that are written down with what is known of them", () => {
    for (const { chart, version } of platform.releases)
      if (chartFolder(chart) === undefined)
        process.stderr.write(
          `SKIPPED: the rights that chart ${chart} ${version} gives; OPENSTACK_KUBERNETES_CHARTS has it not.\n`,
        );
    const notOfModules = platform.releases.filter(({ chart }) => !(chart in moduleCharts));
    expect(Object.fromEntries(notOfModules.map(({ chart, version }) => [chart, version]))).toEqual(withoutModule);
  });

  it("are of the pinned version of each chart", () => {
    for (const { chart, version } of platform.releases) {
      const folder = chartFolder(chart);
      if (folder === undefined) continue;
      const own = chartFile(folder).version;
      expect([chart, placeholderVersions.includes(own) ? version : own]).toEqual([chart, version]);
    }
  });

  it.each(userFacingRoles)("grow by these rules alone in the role %s", (role) => {
    expect(gainedRights(role, platform.objects)).toEqual([...expected[role]].sort());
  });
});
