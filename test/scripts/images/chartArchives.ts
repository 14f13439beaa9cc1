/** Archives of charts: the real ones that the tests have, and stand-ins for the others. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { chartFolder, helm, type HelmCharts } from "../../gitops/helmCharts";
import type { ChartUse } from "../../../scripts/images/stackCharts";

/** What a stand-in runs, where the real chart's image makes a controller known. */
const controllers: Readonly<Record<string, string>> = {
  "flux-operator": "ghcr.io/controlplaneio-fluxcd/flux-operator:v0.59.0",
  "tigera-operator": "quay.io/tigera/operator:v1.42.3",
};

/** Packs the chart into the folder, whatever version it counts, as the one that is asked for. */
export function packChart({ chart, version }: ChartUse, charts: HelmCharts, folder: string): string {
  const source = chartFolder(chart) === undefined ? standIn(chart, folder) : charts.unpacked(chart, version);
  execFileSync(helm, ["package", source, "--version", version, "--destination", folder], {
    env: { PATH: process.env.PATH, HOME: folder },
    stdio: ["ignore", "ignore", "pipe"],
  });
  return join(folder, `${chart}-${version}.tgz`);
}

/** A chart of one Deployment, whose image is called as the chart. */
function standIn(chart: string, parent: string): string {
  const folder = join(mkdtempSync(join(parent, "stand-in-")), chart);
  mkdirSync(join(folder, "templates"), { recursive: true });
  const containers = [{ name: "main", image: controllers[chart] ?? `quay.io/stand-in/${chart}:1` }];
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: chart.replaceAll(".", "-") },
    spec: { template: { spec: { containers } } },
  };
  writeFileSync(join(folder, "Chart.yaml"), stringify({ apiVersion: "v2", name: chart, version: "0.0.0" }));
  writeFileSync(join(folder, "templates", "deployment.yaml"), stringify(deployment));
  return folder;
}
