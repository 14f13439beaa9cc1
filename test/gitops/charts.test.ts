/**
 * Each Helm release with the values that Flux would hand over, rendered by helm from the real chart of the pinned version.
 * Proves that the values fit the chart and that its objects are valid. Not: that what they run becomes ready.
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
  "cert-manager": { folder: join(toolFolder("definitions"), "charts", "cert-manager"), pin: "definitions", module: "github.com/cert-manager/cert-manager" },
  kyverno: { folder: join(toolFolder("kyverno"), "charts", "kyverno"), pin: "kyverno", module: "github.com/kyverno/kyverno" },
} as const;
type Chart = keyof typeof charts;

interface Release {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly chart: { readonly spec: { readonly chart: Chart; readonly version: string } }; readonly values: object };
}

interface ChartFile {
  readonly version: string;
  readonly appVersion: string;
  readonly dependencies?: readonly { readonly name: string }[];
}

/** The API server takes null for absent, and charts write it for a value that is not set. */
const withoutNulls = (object: KubernetesObject) => JSON.parse(JSON.stringify(object, (_key, value: unknown) => value ?? undefined)) as KubernetesObject;

const describedBy = (chart: Chart) => parse(readFileSync(join(charts[chart].folder, "Chart.yaml"), "utf8")) as ChartFile;

/** The version of a chart's module in the pins of these tests. */
const pinned = (chart: Chart) => {
  const { pin, module } = charts[chart];
  return new RegExp(`${module} (v[\\d.]+)`).exec(readFileSync(join(__dirname, "tools", pin, "go.mod"), "utf8"))?.[1];
};

describeWith([helm, ...fluxBuildPrograms, ...kubeconformPrograms, ...Object.values(charts).map(({ folder }) => folder)])("a Helm release in gitops/", () => {
  let folder: string;
  let kubeconform: Kubeconform;
  let releases: ReadonlyMap<string, Release>;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "charts-"));
    kubeconform = new Kubeconform();
    const objects = [...buildStack("prod").values()].flat();
    releases = new Map(objects.filter(({ kind }) => kind === "HelmRelease").map((object) => [object.metadata.name, object as unknown as Release]));
  });

  afterAll(() => {
    kubeconform.remove();
    rmSync(folder, { recursive: true });
  });

  /**
   * The chart as its project would pack it: with its version, which cert-manager's module has as v0.0.0, and without the charts that Kyverno's names
   * as dependencies but does not hold (definitions of kinds, which these tests take from the modules, and a server that is off by default).
   */
  const packed = (chart: Chart, version: string) => {
    const target = join(folder, chart);
    cpSync(charts[chart].folder, target, { recursive: true });
    const described = describedBy(chart);
    const dependencies = described.dependencies?.filter(({ name }) => existsSync(join(target, "charts", name)));
    const versions = described.version === "v0.0.0" ? { version, appVersion: version } : {};
    writeFileSync(join(target, "Chart.yaml"), stringify({ ...described, ...versions, dependencies: dependencies ?? [] }));
    rmSync(join(target, "Chart.lock"), { force: true });
    return target;
  };

  const render = ({ metadata, spec }: Release, values: object) => {
    const file = join(folder, "values.yaml");
    writeFileSync(file, stringify(values));
    const chart = packed(spec.chart.spec.chart, spec.chart.spec.version);
    const args = ["template", metadata.name, chart, "--namespace", metadata.namespace, "--values", file, "--kube-version", "1.36.3", "--include-crds"];
    return spawnSync(helm, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024, env: { PATH: process.env.PATH, HOME: folder } });
  };

  it("is of a chart that can be had here, at the version of its pin", () => {
    expect([...releases.keys()].sort()).toEqual(Object.keys(charts));
    for (const { spec } of releases.values()) {
      const { chart, version } = spec.chart.spec;
      expect(existsSync(charts[chart].folder)).toBe(true);
      // Kyverno's chart counts for itself and says which Kyverno it brings; cert-manager's is of cert-manager's own version, written when it is packed.
      const own = describedBy(chart);
      expect(own.version === "v0.0.0" ? [version, version] : [own.version, own.appVersion]).toEqual([version, pinned(chart)]);
    }
  });

  it.each(Object.keys(charts))("%s renders to objects that are valid by their schemas", (name) => {
    const release = releases.get(name)!;
    const { status, stdout, stderr } = render(release, release.spec.values);
    expect([status, stderr.split("\n").filter((line) => line.includes("Error"))]).toEqual([0, []]);
    const objects = parseAllDocuments(stdout).flatMap((document) => (document.contents === null ? [] : [withoutNulls(document.toJS() as KubernetesObject)]));
    expect(kubeconform.check(objects)).toMatchObject({ resources: [], summary: { valid: objects.length, invalid: 0, errors: 0, skipped: 0 } });
    expect(
      objects
        .filter(({ kind }) => kind === "Deployment")
        .map(({ metadata, spec }) => `${metadata.name} ${String(spec?.replicas)}`)
        .sort(),
    ).toEqual(
      {
        "cert-manager": ["cert-manager 2", "cert-manager-cainjector 2", "cert-manager-webhook 2"],
        kyverno: ["kyverno-admission-controller 3", "kyverno-background-controller 1", "kyverno-cleanup-controller 1", "kyverno-reports-controller 1"],
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
