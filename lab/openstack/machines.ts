/**
 * Real machines behind the lab's Nova: the network namespace that they, OpenStack and whoever uses both stand in, and
 * who holds it. A lab has machines from its first `up` on or never: its data remembers which.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { claimMachines, openstackMachines, othersClaim, ownerOfMachines, releaseMachines } from "../machines/owner";
import { machinesWithPower, stopMachine } from "../machines/power";
import { buildSite, inNetwork, networkNamespace, programOf, siteRuns, startSite, stopSite } from "../machines/site";
import type { Layout } from "./layout";

/**
 * Mirrors and resolver of the site, where machines of the lab's OpenStack reach them: in TEST-NET-2 of RFC 5737, so
 * that no stack's network holds it.
 */
export const mirrorAddress = "198.51.100.10";

/** Where the machines find OpenStack's APIs; the mirrors have Keystone's port. */
export const openstackAddress = "198.51.100.11";

/** What a server of the lab is made of. */
export interface LabMachines {
  /** Trees below every disk, uppermost first. */
  readonly layers: readonly string[];
  /** Program of the registries, as lab/site builds it. */
  readonly registryProgram: string;
}

/** The machines of a lab; undefined where Nova only pretends. */
export function machinesOf(lab: Layout): LabMachines | undefined {
  return existsSync(lab.machinesRecord)
    ? (JSON.parse(readFileSync(lab.machinesRecord, "utf8")) as LabMachines)
    : undefined;
}

/** Has OpenStack been filled in this folder before? Its servers are then what they were made as. */
function hasData(lab: Layout): boolean {
  return existsSync(lab.done) && readdirSync(lab.done).length > 0;
}

/**
 * Why this lab cannot have machines; undefined when it can. Changes nothing, and takes a second where the builds are
 * present.
 */
export async function obstacleToMachines(lab: Layout): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "machines are made of namespaces and control groups, which needs root";
  if (machinesOf(lab) === undefined && hasData(lab))
    return "this lab was begun without machines: `npm run lab -- wipe` lets it start again";
  const claim = othersClaim(openstackMachines(lab.root));
  if (claim !== undefined) return `the machines on this host ${claim}`;
  return buildSite({ onlyCached: true }).then(
    () => undefined,
    () => "the site is not built: `npm run lab:machines -- build` does it, in up to 40 minutes",
  );
}

/**
 * Starts network and mirrors of the machines, and notes that this lab has machines. Repeatable. Errors: the obstacle,
 * as a sentence.
 */
export async function startNetwork(lab: Layout): Promise<void> {
  const obstacle = await obstacleToMachines(lab);
  if (obstacle !== undefined) throw new Error(`The lab cannot have machines: ${obstacle}.`);
  const site = await buildSite({ onlyCached: true });
  mkdirSync(lab.data, { recursive: true, mode: 0o700 });
  const record: LabMachines = { layers: site.layers, registryProgram: programOf("registry", "registry") };
  writeFileSync(lab.machinesRecord, JSON.stringify(record));
  claimMachines(openstackMachines(lab.root));
  startSite(site, "-", mirrorAddress);
  inNetwork(["ip", "address", "replace", `${openstackAddress}/32`, "dev", "lo"]);
}

/**
 * Pulls every plug of this lab's machines and removes their network; disks stay with the lab's data. OpenStack must be
 * down.
 */
export function stopNetwork(lab: Layout): void {
  if (!owns(lab)) return;
  for (const name of machinesWithPower()) stopMachine(name);
  stopSite();
  releaseMachines();
}

function owns(lab: Layout): boolean {
  const owner = ownerOfMachines();
  return owner?.kind === "openstack" && owner.folder === lab.root;
}

/** Must a command about this lab enter its network? Not when it has none, does not run, or we are in it already. */
export function outsideNetwork(lab: Layout): boolean {
  return machinesOf(lab) !== undefined && siteRuns() && owns(lab) && !insideNetwork();
}

function insideNetwork(): boolean {
  const inode = (path: string) => statSync(path).ino;
  return inode("/proc/self/ns/net") === inode(`/run/netns/${networkNamespace}`);
}

/** Runs a command in the lab's network, on our terminal. Returns its exit status. */
export function inNetworkOf(
  lab: Layout,
  command: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const entering = outsideNetwork(lab) ? ["nsenter", `--net=/run/netns/${networkNamespace}`] : [];
  const [program = "", ...words] = [...entering, ...command];
  const child = spawn(program, words, { stdio: "inherit", env: environment });
  // The terminal tells the child as well, and it has to tidy up before we may end; a signal sent to us alone is passed
  // on.
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  const keepUp = () => undefined;
  process.on("SIGINT", keepUp).on("SIGTERM", passOn).on("SIGHUP", passOn);
  return new Promise<number>((fulfil, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => fulfil(code ?? (signal === null ? 1 : 130)));
  }).finally(() => process.off("SIGINT", keepUp).off("SIGTERM", passOn).off("SIGHUP", passOn));
}

/** Runs this very command again, in the lab's network. Returns its exit status. */
export function againInside(lab: Layout): Promise<number> {
  return inNetworkOf(lab, [process.execPath, ...process.execArgv, ...process.argv.slice(1)]);
}

/** kubectl of the version that the machines run. */
export const kubectlProgram = () => programOf("kubernetes", "kubectl");

/**
 * Environment of Nova's and Octavia's drivers (lab/openstack/python): where the machines' scripts are, and what lies
 * where.
 */
export function driverEnvironment(lab: Layout, machines: LabMachines): Record<string, string> {
  const scripts = resolve(__dirname, "..", "machines");
  return {
    LAB_MACHINE: join(scripts, "machine.sh"),
    LAB_DATA_PLANE: join(scripts, "dataPlane.sh"),
    LAB_MACHINES: join(lab.data, "machines"),
    LAB_BALANCERS: join(lab.data, "balancers"),
    LAB_LAYERS: machines.layers.join(":"),
  };
}
