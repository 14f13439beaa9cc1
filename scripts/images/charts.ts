/** Helm charts: fetched, kept in a folder, rendered with the values of their release. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { stringify } from "yaml";
import type { KubernetesObject } from "./imagesInObjects";
import { documents, type ChartUse } from "./stackCharts";
import { runTool } from "./tools";

/** Chart of a checkout: it is not fetched. */
export const isLocal = ({ source }: Pick<ChartUse, "source">) => isAbsolute(source);

/** As helm names the archive that it pulls. */
export const archiveName = ({ chart, version }: ChartUse) => `${chart}-${version}.tgz`;

/** `charts` without a second use of a chart's version, as they are fetched, pushed and verified. */
export function distinctCharts(charts: readonly ChartUse[]): ChartUse[] {
  const fetched = charts.filter((chart) => !isLocal(chart));
  const byArchive = new Map(fetched.map((chart) => [archiveName(chart), chart]));
  return [...byArchive.values()].sort((a, b) => (archiveName(a) < archiveName(b) ? -1 : 1));
}

/** Host of the OCI registry that the chart comes from; undefined for a Helm repository. */
export const ociHost = ({ source }: ChartUse) => /^oci:\/\/([^/]+)/.exec(source)?.[1];

/** Lays the chart's archive into the folder, from its source, unless it is there. */
export async function pullChart(chart: ChartUse, folder: string, plainHttp: boolean): Promise<void> {
  if (existsSync(join(folder, archiveName(chart)))) return;
  mkdirSync(folder, { recursive: true });
  const from =
    ociHost(chart) === undefined ? [chart.chart, "--repo", chart.source] : [`${chart.source}/${chart.chart}`];
  const options = ["--version", chart.version, "--destination", folder, ...(plainHttp ? ["--plain-http"] : [])];
  await runTool("helm", ["pull", ...from, ...options]);
}

/**
 * What the release makes of its chart, definitions of kinds and hooks included, but not the tests of `helm test`, which
 * nobody calls. `folder` has the archives.
 */
export async function renderChart(
  use: ChartUse,
  folder: string,
  scratch: string,
  kubernetesVersion: string,
): Promise<KubernetesObject[]> {
  const values = join(scratch, `${use.namespace}-${use.release}.yaml`);
  writeFileSync(values, stringify(use.values));
  const chart = isLocal(use) ? join(use.source, use.chart) : join(folder, archiveName(use));
  const options = ["--namespace", use.namespace, "--values", values, "--kube-version", kubernetesVersion];
  return documents(
    await runTool("helm", ["template", use.release, chart, ...options, "--include-crds", "--skip-tests"]),
  );
}
