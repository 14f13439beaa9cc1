/** Which parts of a stack's platform a folder of images and charts is enough for. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { inParallel } from "../../src/engine/inParallel";
import { archiveName, distinctCharts } from "./charts";
import type { ImageFolder } from "./imageFolder";
import { referenceOf } from "./imageReference";
import { type StackPart, stackParts } from "./stackCharts";
import { contentImages } from "./stackImages";

export interface FoundPart extends StackPart {
  /** Whole names; none where a chart is missing, since only charts know them. */
  readonly images: readonly string[];
  /** Images and charts that the folder lacks, by name. */
  readonly missing: readonly string[];
}

/** The parts of the stack in the checkout `repository`, with what the folder has of each. */
export async function foundParts(config: ClusterConfig, repository: string, folder: ImageFolder): Promise<FoundPart[]> {
  const parts = await stackParts(config, repository);
  const found = new Map<StackPart, FoundPart>();
  await inParallel(parts, async (part) => {
    const absent = distinctCharts(part.charts).map(archiveName);
    const missing = absent.filter((name) => !existsSync(join(folder.charts, name))).map((name) => `chart ${name}`);
    const images =
      missing.length > 0 ? [] : (await contentImages(config, part, folder.charts)).map(({ image }) => image);
    const lacking = images.filter((image) => folder.find(referenceOf(image)) === undefined);
    found.set(part, { ...part, images, missing: [...missing, ...lacking] });
  });
  return parts.map((part) => found.get(part) as FoundPart);
}
