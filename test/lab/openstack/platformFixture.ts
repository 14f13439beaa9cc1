/** Whether there are images for the platform of a lab. */
import { join } from "node:path";
import { cacheFolder } from "../../../lab/machines/site";
import { ImageFolder } from "../../../scripts/images/imageFolder";
import { referenceOf } from "../../../scripts/images/imageReference";
import { starters } from "../../../scripts/images/startedImages";
import { describeUnless } from "../../describeUnless";
import { describeOnServers } from "./serversFixture";

export const platformFolder = process.env.LAB_PLATFORM ?? join(cacheFolder, "platform");

/** Tests on a lab with Calico, or skipped ones with a loud line that says why there can be none here. */
export function describeOnPlatform(name: string, tests: () => void): void {
  const folder = new ImageFolder(platformFolder);
  const missing = starters
    .filter(({ controller }) => controller.endsWith("/tigera/operator"))
    .flatMap(({ images }) => images)
    .filter((image) => folder.find(referenceOf(image)) === undefined);
  if (missing.length === 0) describeOnServers(name, tests);
  else describeUnless(`${platformFolder} lacks ${missing.join(", ")}`, name, tests);
}
