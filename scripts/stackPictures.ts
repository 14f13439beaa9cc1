/** The pictures of this repository's stacks that the README shows: the clusters as they are, compared with nothing. */
import { join } from "node:path";
import { differenceOf } from "../simulation/preview/difference";
import { pictureFacts } from "../simulation/preview/picture/facts";
import { renderPicture } from "../simulation/preview/picture/renderPicture";
import { readStack, runStack } from "../simulation/preview/run";

/** By path in the repository. */
export const stackPictures = { dev: "docs/pictures/dev.svg", prod: "docs/pictures/prod.svg" } as const;

export async function drawStack(stack: string, file = join(__dirname, "..", `Pulumi.${stack}.yaml`)): Promise<string> {
  const input = readStack(stack, file);
  const run = await runStack(input, undefined, () => undefined);
  return renderPicture(pictureFacts(input.config, run, differenceOf(run, undefined, "")));
}
