/**
 * Each Helm release with the values that Flux would hand over, rendered by helm from the real chart of the pinned
 * version. Proves that the values fit the chart and that its objects are valid. Not: that what they run becomes ready.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
import { buildStack, fluxBuildPrograms } from "./fluxBuild";
import { Kubeconform, kubeconformPrograms } from "./kubeconform";
import type { KubernetesObject } from "./live/kubectl";
import { describeWith, toolFolder } from "./toolbox";

jest.setTimeout(300_000);

const helm = join(toolFolder("helm"), "helm");

/** Charts whose project keeps them within its Go module. */
const charts = {
  "cert-manager": {
    folder: join(toolFolder("definitions"), "charts", "cert-manager"),
    pin: "definitions",
    module: "github.com/cert-manager/cert-manager",
  },
  "gateway-helm": {
    folder: join(toolFolder("definitions"), "charts", "gateway-helm"),
    pin: "definitions",
    module: "github.com/envoyproxy/gateway",
  },
  kyverno: {
    folder: join(toolFolder("kyverno"), "charts", "kyverno"),
    pin: "kyverno",
    module: "github.com/kyverno/kyverno",
  },
  // Its newest chart, as this version of the module holds it, still brings the server before.
  "metrics-server": {
    folder: join(toolFolder("definitions"), "charts", "metrics-server"),
    pin: "definitions",
    module: "sigs.k8s.io/metrics-server",
    brings: "0.8.1",
  },
} as const;

/** Charts of the default settings that no Go module holds: rendered by hand (docs/gitops.md, docs/monitoring.md). */
const renderedByHand = [
  "headlamp",
  "kube-prometheus-stack",
  "kubelet-csr-approver",
  "kured",
  "node-problem-detector",
  "prometheus-blackbox-exporter",
];
type Chart = keyof typeof charts;

interface Release {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly chart: { readonly spec: { readonly chart: Chart; readonly version: string } };
    readonly values: object;
  };
}

/** What stands in a chart whose version is written when it is packed. */
const unversioned = ["v0.0.0", "v0.0.0-latest"];

interface ChartFile {
  readonly version: string;
  readonly appVersion: string;
  readonly dependencies?: readonly { readonly name: string }[];
}

/** The API server takes null for absent, and charts write it for a value that is not set. */
const withoutNulls = (object: KubernetesObject) =>
  JSON.parse(JSON.stringify(object, (_key, value: unknown) => value ?? undefined)) as KubernetesObject;

const describedBy = (chart: Chart) =>
  parse(readFileSync(join(charts[chart].folder, "Chart.yaml"), "utf8")) as ChartFile;

/** The version of a chart's module in the pins of these tests. */
const pinned = (chart: Chart) => {
  const { pin, module } = charts[chart];
  return new RegExp(`${module} (v[\\d.]+)`).exec(readFileSync(join(__dirname, "tools", pin, "go.mod"), "utf8"))?.[1];
};

/** The version of what a chart installs. */
const broughtBy = (chart: Chart) => {
  const known = charts[chart];
  return "brings" in known ? known.brings : pinned(chart);
};

describeWith([
  helm,
  ...fluxBuildPrograms,
  ...kubeconformPrograms,
  ...Object.values(charts).map(({ folder }) => folder),
])("a Helm release in gitops/", () => {
  let folder: string;
  let kubeconform: Kubeconform;
  let releases: ReadonlyMap<string, Release>;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "charts-"));
    kubeconform = new Kubeconform();
    const objects = [...buildStack("prod").values()].flat();
    const found = objects.filter(({ kind }) => kind === "HelmRelease").map((object) => object as unknown as Release);
    releases = new Map(found.map((release) => [release.spec.chart.spec.chart, release]));
  });

  afterAll(() => {
    kubeconform.remove();
    rmSync(folder, { recursive: true });
  });

  /**
   * The chart as its project would pack it: with its version, where the module holds a placeholder, and without the
   * charts that Kyverno's names as dependencies but does not hold (definitions of kinds, which these tests take from
   * the modules, and a server that is off by default).
   */
  const packed = (chart: Chart, version: string) => {
    const target = join(folder, chart);
    cpSync(charts[chart].folder, target, { recursive: true });
    const described = describedBy(chart);
    const dependencies = described.dependencies?.filter(({ name }) => existsSync(join(target, "charts", name)));
    const versions = unversioned.includes(described.version) ? { version, appVersion: version } : {};
    writeFileSync(
      join(target, "Chart.yaml"),
      stringify({ ...described, ...versions, dependencies: dependencies ?? [] }),
    );
    rmSync(join(target, "Chart.lock"), { force: true });
    return target;
  };

  const render = ({ metadata, spec }: Release, values: object) => {
    const file = join(folder, "values.yaml");
    writeFileSync(file, stringify(values));
    const chart = packed(spec.chart.spec.chart, spec.chart.spec.version);
    const args = [
      "template",
      metadata.name,
      chart,
      "--namespace",
      metadata.namespace,
      "--values",
      file,
      "--kube-version",
      "1.36.3",
      "--include-crds",
    ];
    return spawnSync(helm, args, {
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      env: { PATH: process.env.PATH, HOME: folder },
    });
  };

  it("is of a chart that can be had here, at the version of its pin", () => {
    expect([...releases.keys()].sort()).toEqual([...Object.keys(charts), ...renderedByHand].sort());
    for (const name of Object.keys(charts)) {
      const { chart, version } = releases.get(name)!.spec.chart.spec;
      expect(existsSync(charts[chart].folder)).toBe(true);
      // Kyverno's chart counts for itself and says which Kyverno it brings; the others are of their program's version.
      const own = describedBy(chart);
      expect(unversioned.includes(own.version) ? [version, version] : [own.version, own.appVersion]).toEqual([
        version,
        broughtBy(chart),
      ]);
    }
  });

  it.each(Object.keys(charts))("%s renders to objects that are valid by their schemas", (name) => {
    const release = releases.get(name)!;
    const { status, stdout, stderr } = render(release, release.spec.values);
    expect([status, stderr.split("\n").filter((line) => line.includes("Error"))]).toEqual([0, []]);
    // Some documents hold nothing but comments.
    const documents = parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject | null);
    const objects = documents.flatMap((object) => (object === null ? [] : [withoutNulls(object)]));
    expect(kubeconform.check(objects)).toMatchObject({
      resources: [],
      summary: { valid: objects.length, invalid: 0, errors: 0, skipped: 0 },
    });
    expect(
      objects
        .filter(({ kind }) => kind === "Deployment")
        .map(({ metadata, spec }) => `${metadata.name} ${String(spec?.replicas)}`)
        .sort(),
    ).toEqual(
      {
        "cert-manager": ["cert-manager 2", "cert-manager-cainjector 2", "cert-manager-webhook 2"],
        "gateway-helm": ["envoy-gateway 2"],
        "metrics-server": ["metrics-server 2"],
        kyverno: [
          "kyverno-admission-controller 3",
          "kyverno-background-controller 1",
          "kyverno-cleanup-controller 1",
          "kyverno-reports-controller 1",
        ],
      }[name],
    );
  });

  it("of cert-manager would be refused with a value that its chart does not know", () => {
    const release = releases.get("cert-manager")!;
    const { status, stderr } = render(release, { ...release.spec.values, replicaCuont: 2 });
    expect(status).not.toBe(0);
    expect(stderr).toContain("replicaCuont");
  });
});
