/** The platform of a lab: what of it can run with the images at hand, in the lab's registry and its Git server. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { newAgeKeys } from "../../lab/ageKeys";
import { publishGitops } from "../../lab/openstack/gitRepository";
import { kubectlProgram } from "../../lab/openstack/machines";
import { kubeconfigFile } from "../../lab/openstack/nodes";
import type { OverlayChange } from "../../lab/openstack/overlay";
import { choosePlatform, type LabPlatform } from "../../lab/openstack/platform";
import { registryFolder, siteCertificate } from "../../lab/openstack/siteServices";
import { checkout, configOnLab, siteTrust } from "../../lab/openstack/stack";
import type { Lab } from "../../lab/openstack/units";
import { counted } from "../../src/config/counted";
import { messageOf } from "../../src/engine/messageOf";
import { archiveName, distinctCharts } from "../images/charts";
import { type FoundPart, foundParts } from "../images/foundParts";
import { ImageFolder } from "../images/imageFolder";
import { placeInFolder, referenceOf } from "../images/imageReference";
import { outcomesOf } from "../images/outcome";
import { SiteRegistries } from "../images/siteRegistries";
import { assertTools } from "../images/tools";

type Say = (line: string) => void;

/**
 * Fills the lab's registry and Git server and returns what of the platform runs; undefined where nothing can, which is
 * said loudly. OpenStack must be up.
 *
 * @param folder Images and charts, as `npm run images -- pull` lays them.
 */
export async function bringPlatform(
  lab: Lab,
  stack: string,
  folder: string,
  settings: readonly OverlayChange[],
  say: Say,
): Promise<LabPlatform | undefined> {
  const loudly = (reason: string) =>
    say(`\n*** WITHOUT THE PLATFORM: ${reason}. Nodes get the lab's own CNI, and nothing else is installed. ***\n`);
  const archives = new ImageFolder(folder);
  const obstacle = obstacleToPlatform(archives, stack);
  if (obstacle !== undefined) {
    loudly(obstacle);
    return undefined;
  }
  Object.assign(process.env, siteTrust(lab));
  const facts = { ...cloudFacts(lab), ca: readFileSync(siteCertificate(lab), "utf8"), registries: [] };
  const config = configOnLab(lab, stack, { ...facts, without: {}, suspended: {} }, settings);
  const parts = await foundParts(config, checkout, archives);
  const choice = choosePlatform(parts);
  const { without: left, suspended } = choice;
  if (left.cni !== undefined) {
    loudly(`${folder} is ${left.cni}`);
    return undefined;
  }
  for (const [part, reason] of Object.entries(left)) say(`*** WITHOUT ${part}: ${reason}. ***`);
  const running = parts.filter(({ name, owner }) =>
    owner === "pulumi" ? !(name in left) : owner === "flux" && left.flux === undefined && !(name in suspended),
  );
  // Of all parts, so that one whose images come later changes no machine.
  const images = parts.flatMap((part) => part.images.map(referenceOf));
  const registries = [...new Set(images.map(({ registry }) => registry))].sort();
  const platform = { ...facts, ...choice, registries };
  await fillRegistry(new SiteRegistries(configOnLab(lab, stack, platform, settings)), running, archives, say);
  if (left.flux === undefined) {
    for (const [name, reason] of Object.entries(suspended)) say(`*** SUSPENDED: ${name}: ${reason}. ***`);
    const commit = publishGitops(lab, {
      checkout,
      suspended: Object.keys(suspended),
      kubectl: kubectlProgram(),
      kubeconfig: kubeconfigFile(lab),
    });
    say(commit === undefined ? "gitops/ is as it was." : `gitops/ is commit ${commit.slice(0, 8)} of the Git server.`);
  }
  return platform;
}

/** Why there can be no platform; undefined when there can. */
function obstacleToPlatform({ folder, charts }: ImageFolder, stack: string): string | undefined {
  if (!existsSync(charts))
    return `${folder} has no images and charts; \`npm run images -- pull ${stack} --to ${folder}\` fetches them`;
  try {
    assertTools(["crane", "flux", "helm", "tar"]);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** What logs in: the project's application credential, and a key for sops that is made once. */
function cloudFacts(lab: Lab): Pick<LabPlatform, "credential" | "sopsAgeKey"> {
  const { clouds } = parse(readFileSync(lab.cloudsYaml, "utf8")) as {
    clouds: { lab: { auth: { application_credential_id: string; application_credential_secret: string } } };
  };
  const { application_credential_id: id, application_credential_secret: secret } = clouds.lab.auth;
  const file = join(lab.data, "site", "age.key");
  if (!existsSync(file)) writeFileSync(file, newAgeKeys().secret, { mode: 0o600 });
  return { credential: { id, secret }, sopsAgeKey: readFileSync(file, "utf8") };
}

/** Pushes what has changed in the folder since it was pushed last. What is wrong with an image is said. */
async function fillRegistry(
  site: SiteRegistries,
  parts: readonly FoundPart[],
  folder: ImageFolder,
  say: Say,
): Promise<void> {
  const record = join(registryFolder, "pushed.json");
  const pushed = (existsSync(record) ? JSON.parse(readFileSync(record, "utf8")) : {}) as Record<string, string>;
  const versionOf = (path: string) => {
    const { size, mtimeMs } = statSync(existsSync(join(path, "index.json")) ? join(path, "index.json") : path);
    return `${size} ${mtimeMs}`;
  };
  const images = [...new Set(parts.flatMap((part) => part.images))].map((name) => {
    const reference = referenceOf(name);
    const place = folder.find(reference) ?? placeInFolder(reference);
    return { name, place, push: () => site.pushImage(reference, folder) };
  });
  // By the configuration of this run the charts' source is the site's registry.
  const charts = distinctCharts(parts.flatMap((part) => part.charts)).map((chart) => {
    const place = join(folder.charts, archiveName(chart));
    return { name: archiveName(chart), place, push: () => site.pushChart(chart, folder.charts) };
  });
  const changed = [...images, ...charts].filter(({ place }) => pushed[place] !== versionOf(place));
  if (changed.length > 0)
    say(`The lab's registry takes ${counted(changed.length, "image or chart", "images and charts")}.`);
  const outcomes = await outcomesOf(
    changed,
    ({ name }) => name,
    async ({ push }) => push(),
  );
  for (const { name, problem } of outcomes) if (problem !== undefined) say(`${name}: ${problem}`);
  changed.forEach(({ place }, index) => {
    // Another digest than upstream's is there all the same.
    if (outcomes[index]?.problem?.includes("instead of") ?? true) pushed[place] = versionOf(place);
  });
  mkdirSync(registryFolder, { recursive: true });
  writeFileSync(record, JSON.stringify(pushed, undefined, 1));
}
