/**
 * The platform's namespaces let in whom their parts need, and no tenant: computed from the policies that Flux would
 * apply, by Kubernetes' rules, for pods as their charts make them. Not shown: that the CNI stops a packet.
 */
import { buildStack, fluxBuildPrograms } from "./fluxBuild";
import { helm, HelmCharts, helmReleases, type ModuleChart, moduleChartFolders } from "./helmCharts";
import type { KubernetesObject } from "./live/kubectl";
import { isClosed, isLetIn, mayAsk, node, type Pod } from "./networkPolicies";
import { options } from "./options";
import { describeWith } from "./toolbox";

jest.setTimeout(600_000);

/** Pods of the platform, by the labels that their charts give them. */
const pods = {
  alertmanager: { namespace: "monitoring", labels: { "app.kubernetes.io/name": "alertmanager" } },
  blackbox: { namespace: "monitoring", labels: { "app.kubernetes.io/name": "prometheus-blackbox-exporter" } },
  certManager: { namespace: "cert-manager", labels: { "app.kubernetes.io/component": "controller" } },
  certManagerWebhook: { namespace: "cert-manager", labels: { "app.kubernetes.io/component": "webhook" } },
  dns: { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
  envoyGateway: { namespace: "envoy-gateway-system", labels: { "control-plane": "envoy-gateway" } },
  fluentBit: { namespace: "logging", labels: { "app.kubernetes.io/name": "fluent-bit" } },
  grafana: { namespace: "monitoring", labels: { "app.kubernetes.io/name": "grafana" } },
  headlamp: { namespace: "headlamp", labels: { "app.kubernetes.io/name": "headlamp" } },
  kubeStateMetrics: { namespace: "monitoring", labels: { "app.kubernetes.io/name": "kube-state-metrics" } },
  kyverno: { namespace: "kyverno", labels: { "app.kubernetes.io/component": "admission-controller" } },
  metricsServer: { namespace: "monitoring", labels: { "app.kubernetes.io/name": "metrics-server" } },
  prometheus: { namespace: "monitoring", labels: { "app.kubernetes.io/name": "prometheus" } },
  proxy: { namespace: "envoy-gateway-system", labels: { "app.kubernetes.io/component": "proxy" } },
  runner: { namespace: "gitlab-runner", labels: { app: "gitlab-runner" } },
  solver: { namespace: "ingress", labels: { "acme.cert-manager.io/http01-solver": "true" } },
} as const satisfies Readonly<Record<string, Pod>>;

const tenant: Pod = {
  namespace: "atlas",
  namespaceLabels: { "openstack-kubernetes/tenant": "atlas", "openstack-kubernetes/gateway": "public" },
  labels: { app: "web", "app.kubernetes.io/name": "prometheus" },
};

/** Of charts that can be rendered: whose Deployment has the labels above. */
const ofCharts: readonly (readonly [ModuleChart, string, keyof typeof pods])[] = [
  ["cert-manager", "cert-manager", "certManager"],
  ["cert-manager", "cert-manager-webhook", "certManagerWebhook"],
  ["gateway-helm", "envoy-gateway", "envoyGateway"],
  ["kyverno", "kyverno-admission-controller", "kyverno"],
  ["metrics-server", "metrics-server", "metricsServer"],
];

describeWith([helm, ...fluxBuildPrograms, ...moduleChartFolders])("the platform's namespaces", () => {
  let applied: readonly KubernetesObject[];

  beforeAll(() => {
    applied = [{}, ...Object.values(options)].flatMap((settings, index) =>
      [...buildStack("prod", settings, index === 0 ? undefined : ["choices"]).values()].flat(),
    );
  });

  const namespaces = () =>
    new Set(
      applied.flatMap(({ kind, metadata }) =>
        kind === "Namespace" && metadata.labels?.["openstack-kubernetes/tenant"] === undefined
          ? [metadata.name]
          : kind === "HelmRelease"
            ? [String(metadata.namespace)]
            : [],
      ),
    );

  it("are closed, each of them: nobody is let in but by name", () => {
    expect(namespaces().size).toBeGreaterThan(13);
    expect([...namespaces(), "kube-system"].filter((namespace) => !isClosed(applied, namespace))).toEqual([]);
  });

  it("give no pod a token of the API server that names no account", () => {
    const withoutToken = applied.flatMap(({ kind, metadata, automountServiceAccountToken }) =>
      kind === "ServiceAccount" && metadata.name === "default" && automountServiceAccountToken === false
        ? [metadata.namespace]
        : [],
    );
    expect([...namespaces(), "kube-system"].filter((namespace) => !withoutToken.includes(namespace))).toEqual([]);
  });

  // kube-system holds the cloud's own drivers, for which the metadata service is there.
  it("keep their pods from the metadata service, which hands out a machine's user data", () => {
    const asking = [...namespaces()].filter((namespace) => mayAsk(applied, namespace, "169.254.169.254"));
    expect(asking.filter((namespace) => namespace !== "kube-system")).toEqual([]);
    expect(mayAsk(applied, "monitoring", "203.0.113.7")).toBe(true);
  });

  it.each(ofCharts)(
    "have pods of chart %s, Deployment %s, with the labels that the policies select",
    (chart, name, pod) => {
      const charts = new HelmCharts();
      const release = helmReleases(applied).find((each) => each.chart === chart)!;
      const { objects } = charts.render(release);
      charts.remove();
      const deployment = objects.find(({ kind, metadata }) => kind === "Deployment" && metadata.name === name)!;
      const { template } = deployment.spec as { template: { metadata: { labels: Record<string, string> } } };
      expect([release.namespace, template.metadata.labels]).toEqual([
        pods[pod].namespace,
        expect.objectContaining(pods[pod].labels),
      ]);
    },
  );

  it.each<[keyof typeof pods | "the API server" | "a tenant", keyof typeof pods, number]>([
    ["the API server", "kyverno", 9443],
    ["the API server", "certManagerWebhook", 10250],
    ["the API server", "envoyGateway", 9443],
    ["the API server", "metricsServer", 10250],
    ["a tenant", "dns", 53],
    ["the API server", "dns", 53],
    ["a tenant", "proxy", 10443],
    ["the API server", "proxy", 10080],
    ["proxy", "envoyGateway", 18000],
    ["proxy", "grafana", 3000],
    ["proxy", "headlamp", 4466],
    ["proxy", "solver", 8089],
    ["prometheus", "alertmanager", 9093],
    ["alertmanager", "alertmanager", 9094],
    ["grafana", "prometheus", 9090],
    ["prometheus", "kubeStateMetrics", 8080],
    ["prometheus", "blackbox", 9115],
    ["prometheus", "certManager", 9402],
    ["prometheus", "dns", 9153],
    ["prometheus", "fluentBit", 2020],
  ])("let %s into %s at port %d", (from, to, port) => {
    expect(isLetIn(applied, asker(from), pods[to], port)).toBe(true);
  });

  it.each<[keyof typeof pods, number]>([
    ["alertmanager", 9093],
    ["prometheus", 9090],
    ["blackbox", 9115],
    ["grafana", 3000],
    ["kubeStateMetrics", 8080],
    ["headlamp", 4466],
    ["envoyGateway", 18000],
    ["certManager", 9402],
    ["kyverno", 8000],
    ["dns", 9153],
    ["fluentBit", 2020],
    ["runner", 8080],
    ["solver", 8089],
  ])("let no tenant into %s at port %d", (to, port) => {
    expect(isLetIn(applied, tenant, pods[to], port)).toBe(false);
  });

  const asker = (from: keyof typeof pods | "the API server" | "a tenant") =>
    from === "the API server" ? node : from === "a tenant" ? tenant : pods[from];
});
