/** `npm run lab:up -- STACK`: the lab's OpenStack, then the stack on it, with the real engine. */
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { parse } from "yaml";
import { cacheFolder } from "../lab/machines/site";
import { preparePackages, up } from "../lab/openstack/lab";
import { labFolder, layout } from "../lab/openstack/layout";
import { againInside, machinesOf, obstacleToMachines, outsideNetwork, startNetwork } from "../lab/openstack/machines";
import type { OverlayChange } from "../lab/openstack/overlay";
import { prepareEngine, stackUp } from "../lab/openstack/stack";
import { labIn } from "../lab/openstack/units";
import { bringPlatform } from "./labUp/platform";
import { filePath, runCommand } from "./runCommand";

const say = (line: string) => process.stderr.write(`${line}\n`);

interface Options {
  readonly yes: boolean;
  readonly machines: boolean;
  readonly platform: string | false;
  readonly set: readonly OverlayChange[];
}

/** `path=value` pairs of --set; the value is YAML. */
function setting(pair: string, sofar: readonly OverlayChange[]): OverlayChange[] {
  const [, path, value] = /^([A-Za-z][\w.]*)=(.*)$/s.exec(pair) ?? [];
  if (path === undefined || value === undefined)
    throw new InvalidArgumentError("it must be of the form key.path=value, for instance nodePools.0.count=2.");
  const keys = path.split(".").map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  return [...sofar, { path: keys, value: parse(value) as unknown, reason: "--set" }];
}

/**
 * Starts the machines' network where there can be machines, and says loudly when not. Returns whether the rest is to be
 * done within that network.
 */
async function enters(options: Options): Promise<boolean> {
  const places = layout(labFolder());
  if (machinesOf(places) === undefined) {
    const obstacle = options.machines ? await obstacleToMachines(places) : "--no-machines was said";
    if (obstacle !== undefined) {
      say(
        `\n*** WITHOUT MACHINES: ${obstacle}. OpenStack will be real, but nothing boots and no cluster comes of it. ***\n`,
      );
      return false;
    }
  }
  await startNetwork(places);
  if (!outsideNetwork(places)) return false;
  await preparePackages(labIn(labFolder()), options, say);
  await prepareEngine(places);
  return true;
}

void runCommand(
  new Command("lab:up")
    .description("Bring up the lab's OpenStack, then a stack of the program on it with the real Pulumi engine.")
    .argument("<stack>", "stack to bring up, for instance dev")
    .option("--yes", "install packages without asking", false)
    .option(
      "--set <key.path=value>",
      "another value for this run than the stack file's (repeatable), for instance nodePools.0.count=2",
      setting,
      [],
    )
    .option(
      "--no-machines",
      "nothing boots: servers are ACTIVE in Nova's books only (a lab that has machines keeps them)",
    )
    .addOption(
      new Option("--platform <folder>", "images and charts of the platform, as `npm run images -- pull` lays them")
        .env("LAB_PLATFORM")
        .argParser(filePath)
        .default(join(cacheFolder, "platform")),
    )
    .option("--no-platform", "nothing is installed but the lab's own CNI")
    .action(async (stack: string, options: Options) => {
      if (await enters(options)) {
        process.exitCode = await againInside(layout(labFolder()));
        return;
      }
      const lab = labIn(labFolder());
      const interruption = new AbortController();
      const interrupt = () => interruption.abort();
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, interrupt);
      await up(lab, { yes: options.yes, stopped: interruption.signal }, say);
      const platform =
        options.platform === false || lab.machines === undefined
          ? undefined
          : await bringPlatform(lab, stack, resolve(options.platform), options.set, say);
      process.exitCode = await stackUp(lab, stack, say, options.set, platform);
    }),
);
