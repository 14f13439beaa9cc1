/** The registries that a stack names: mirrors of images, and the charts'. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { archiveName, ociHost } from "./charts";
import { blobDigest, type ImageFolder } from "./imageFolder";
import { mirrorOf, referenceOf, type ImageReference, type Mirrored } from "./imageReference";
import { copyImage, digestByTag, hasDigest, layersOf } from "./imageRegistry";
import type { ChartUse } from "./stackCharts";
import { runTool } from "./tools";

export class SiteRegistries {
  constructor(private readonly config: Pick<ClusterConfig, "registryMirrors">) {}

  /** Errors: registries of images that have no mirror, all at once. */
  assertMirrors(images: readonly ImageReference[]): void {
    const { registryMirrors } = this.config;
    const own = new Set(
      registryMirrors.flatMap(({ endpoints }) => endpoints.map((endpoint) => new URL(endpoint).host)),
    );
    const without = images.filter(
      (image) => !own.has(image.registry) && mirrorOf(image, registryMirrors) === undefined,
    );
    const registries = [...new Set(without.map(({ registry }) => registry))].sort();
    if (registries.length > 0)
      throw new Error(
        `registryMirrors has no entry for ${registries.join(", ")}: give each a mirror, so that it is known where its images go.`,
      );
  }

  /** Where the cluster gets the image from: its mirror, else its own registry. */
  placeOf(image: ImageReference): Mirrored {
    return mirrorOf(image, this.config.registryMirrors) ?? { reference: image, insecure: false };
  }

  /** Whether the chart's registry is one of the mirrors that are reached by plain HTTP. */
  isPlain(chart: ChartUse): boolean {
    const host = ociHost(chart);
    return this.config.registryMirrors.some(({ endpoints }) =>
      endpoints.some((endpoint) => endpoint.startsWith("http:") && new URL(endpoint).host === host),
    );
  }

  /**
   * What is wrong with the image where the cluster gets it; undefined: nothing. `behindTag`: digest that the tag should
   * have, for a name without a digest of its own.
   */
  async verifyImage(image: ImageReference, behindTag?: string): Promise<string | undefined> {
    const { reference, insecure } = this.placeOf(image);
    // By a digest machines get the very manifest, whatever the tag is.
    if (image.digest !== undefined && (await hasDigest(reference, image.digest, insecure))) return undefined;
    const found = image.tag === undefined ? undefined : await digestByTag(reference, insecure);
    const wanted = image.digest ?? behindTag;
    if (found === undefined) return `missing in ${reference.registry}`;
    return wanted === undefined || wanted === found
      ? undefined
      : `${reference.registry} has ${found} instead of ${wanted}`;
  }

  /** Puts the image where the cluster gets it, from the folder or else from upstream; what is wrong, or undefined. */
  async pushImage(image: ImageReference, folder: ImageFolder | undefined): Promise<string | undefined> {
    const { reference, insecure } = this.placeOf(image);
    if (folder === undefined) await copyImage(image, reference, insecure);
    else {
      const found = folder.find(image);
      if (found === undefined) return "missing in the folder";
      await folder.push(found, reference, insecure);
    }
    return this.verifyImage(image);
  }

  /** Puts the chart's archive where the cluster gets it; what is wrong, or undefined. */
  async pushChart(chart: ChartUse, archives: string): Promise<string | undefined> {
    if (ociHost(chart) === undefined)
      return `its source ${chart.source} is no OCI registry; set platform.chartRegistry, or fill it by its own means`;
    const plain = this.isPlain(chart) ? ["--plain-http"] : [];
    await runTool("helm", ["push", join(archives, archiveName(chart)), chart.source, ...plain]);
    return undefined;
  }

  /** What is wrong with the chart where the cluster gets it; undefined: nothing. `archives`: to compare with. */
  async verifyChart(chart: ChartUse, archives: string | undefined): Promise<string | undefined> {
    if (ociHost(chart) === undefined) {
      await runTool("helm", ["show", "chart", chart.chart, "--repo", chart.source, "--version", chart.version]);
      return undefined;
    }
    // A tag has no plus sign; helm writes an underscore.
    const name = `${chart.source.slice("oci://".length)}/${chart.chart}:${chart.version.replaceAll("+", "_")}`;
    const reference = referenceOf(name);
    const plain = this.isPlain(chart);
    if ((await digestByTag(reference, plain)) === undefined) return `missing in ${reference.registry}`;
    const archive = archives === undefined ? undefined : join(archives, archiveName(chart));
    if (archive === undefined || !existsSync(archive)) return undefined;
    const isSame = (await layersOf(reference, plain)).includes(blobDigest(archive));
    return isSame ? undefined : `${reference.registry} has another archive than the folder`;
  }
}
