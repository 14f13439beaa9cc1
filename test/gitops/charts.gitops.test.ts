/**
 * Each Helm release whose chart a Go module holds, with the values that Flux would hand over, rendered by helm from the
 * real chart of the pinned version. Proves that the values fit the chart and that its objects are valid. Not: that what
 * they run becomes ready. The other charts stand in rights.gitops.test.ts, with what is known of them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildStack, fluxBuildPrograms } from "./fluxBuild";
import {
  chartFile,
  type ChartRelease,
  helm,
  HelmCharts,
  helmReleases,
  type ModuleChart,
  moduleChartFolders,
  moduleCharts,
  placeholderVersions,
} from "./helmCharts";
import { Kubeconform, kubeconformPrograms } from "./kubeconform";
import { describeWith } from "./toolbox";

jest.setTimeout(300_000);

const names = Object.keys(moduleCharts) as readonly ModuleChart[];

/** The version of a chart's module in the pins of these tests. */
const pinned = (chart: ModuleChart) => {
  const { pin, module } = moduleCharts[chart];
  return new RegExp(`${module} (v[\\d.]+)`).exec(readFileSync(join(__dirname, "tools", pin, "go.mod"), "utf8"))?.[1];
};

/** The version of what a chart installs. */
const broughtBy = (chart: ModuleChart) => {
  const known = moduleCharts[chart];
  return "brings" in known ? known.brings : pinned(chart);
};

describeWith([helm, ...fluxBuildPrograms, ...kubeconformPrograms, ...moduleChartFolders])(
  "a Helm release in gitops/",
  () => {
    let charts: HelmCharts;
    let kubeconform: Kubeconform;
    let releases: ReadonlyMap<string, ChartRelease>;

    beforeAll(() => {
      charts = new HelmCharts();
      kubeconform = new Kubeconform();
      releases = new Map(
        helmReleases([...buildStack("prod").values()].flat()).map((release) => [release.chart, release]),
      );
    });

    afterAll(() => {
      kubeconform.remove();
      charts.remove();
    });

    it("is of a chart that can be had here, at the version of its pin", () => {
      expect(names.filter((name) => !releases.has(name))).toEqual([]);
      for (const name of names) {
        const { version } = releases.get(name)!;
        // Kyverno's chart counts for itself and says which Kyverno it brings; the others are of their program's
        // version.
        const own = chartFile(moduleCharts[name].folder);
        expect(placeholderVersions.includes(own.version) ? [version, version] : [own.version, own.appVersion]).toEqual([
          version,
          broughtBy(name),
        ]);
      }
    });

    it.each(names)("%s renders to objects that are valid by their schemas", (name) => {
      const { ok, errors, objects } = charts.render(releases.get(name)!);
      expect([ok, errors.split("\n").filter((line) => line.includes("Error"))]).toEqual([true, []]);
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
      const { ok, errors } = charts.render({ ...release, values: { ...release.values, replicaCuont: 2 } });
      expect(ok).toBe(false);
      expect(errors).toContain("replicaCuont");
    });
  },
);
