/** What a release makes of its chart, by the real helm and Kyverno's own chart. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderChart } from "../../../scripts/images/charts";
import { imagesInObjects } from "../../../scripts/images/imagesInObjects";
import { defaultKubernetesVersion } from "../../../src/config/kubernetesMinors";
import { HelmCharts, helm, moduleCharts } from "../../gitops/helmCharts";
import { describeWith } from "../../gitops/toolbox";
import { packChart } from "./chartArchives";

describeWith([helm, moduleCharts.kyverno.folder])("what a release makes of its chart", () => {
  const folder = mkdtempSync(join(tmpdir(), "charts-test-"));
  const charts = new HelmCharts();
  afterAll(() => {
    charts.remove();
    rmSync(folder, { recursive: true });
  });

  it("has the images of hooks, but none that only `helm test` starts", async () => {
    const release = { release: "kyverno", namespace: "kyverno", values: {} };
    const chart = { chart: "kyverno", version: "3.9.1", source: "https://kyverno.github.io/kyverno" };
    packChart({ ...release, ...chart }, charts, folder);
    process.env.PATH = `${join(helm, "..")}:${process.env.PATH}`;
    const objects = await renderChart({ ...release, ...chart }, folder, folder, defaultKubernetesVersion);
    expect(imagesInObjects(objects).filter((image) => image.includes("readiness-checker"))).toEqual([
      "ghcr.io/kyverno/readiness-checker:v1.19.1",
    ]);
  });
});
