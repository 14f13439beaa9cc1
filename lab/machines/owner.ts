/**
 * Whose the machines on this host are. Their namespaces and control groups are the host's, so there is one set of them;
 * the record lies outside of every checkout and cache, where whoever wants to start or end machines looks first.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isAlive, type Leader, ownIdentity } from "../openstack/processes";
import { runFolder, somethingStands } from "./site";

/** Host-wide, and gone with the machines when the host reboots. */
const recordFile = "/run/openstack-kubernetes/owner.json";

interface Owner {
  /** `npm run lab:machines`, or the lab's OpenStack, whose Nova would miss them. */
  readonly kind: "machines" | "openstack";
  /** Folder of disks and consoles: the run folder, or the root of the OpenStack's folder. */
  readonly folder: string;
  /** The checkout that started them. */
  readonly checkout: string;
}

interface Claim extends Owner {
  /** Who made the claim: it counts before there is a first machine. */
  readonly by: Leader;
}

const checkout = resolve(__dirname, "..", "..");

/** What `npm run lab:machines` of this checkout owns. */
export const ownMachines: Owner = { kind: "machines", folder: runFolder, checkout };

/** What a lab's OpenStack owns. @param root Its folder. */
export const openstackMachines = (root: string): Owner => ({ kind: "openstack", folder: root, checkout });

/** Whose the machines are; undefined when there are none, or when what is left of them is nobody's. */
export function ownerOfMachines(file = recordFile): Owner | undefined {
  const claim = existsSync(file) ? parseClaim(readFileSync(file, "utf8")) : undefined;
  return claim !== undefined && (somethingStands() || isAlive(claim.by)) ? claim : undefined;
}

/** A record that was cut short is nobody's: its owner had not begun yet. */
function parseClaim(text: string): Claim | undefined {
  try {
    return JSON.parse(text) as Claim;
  } catch {
    return undefined;
  }
}

/**
 * Whose the machines are when they are not `own`, as the end of a sentence about them; undefined when nothing speaks
 * against using them. The lab's OpenStack is known by its folder alone; machines without it also by their checkout, as
 * long as that exists: another one's plan need not be theirs.
 */
export function othersClaim(own: Owner, file = recordFile): string | undefined {
  const owner = ownerOfMachines(file);
  if (owner === undefined) return undefined;
  const same = owner.kind === own.kind && owner.folder === own.folder;
  if (same && (own.kind === "openstack" || owner.checkout === own.checkout || !existsSync(owner.checkout)))
    return undefined;
  return owner.kind === "openstack"
    ? `are those of the lab's OpenStack in ${owner.folder}: \`npm run lab -- down\` ends them`
    : `were started by \`npm run lab:machines\` in ${owner.checkout}, with their disks in ${owner.folder}: its \`down\` there ends them`;
}

/** Errors: the machines on this host are another's. */
export function refuseOthers(own: Owner, file = recordFile): void {
  const claim = othersClaim(own, file);
  if (claim !== undefined) throw new Error(`The machines on this host ${claim}.`);
}

/**
 * Notes whose the machines are, before the first of them is started. Repeatable. Errors: they are another's, or another
 * is about to start some.
 */
export function claimMachines(own: Owner, file = recordFile): void {
  refuseOthers(own, file);
  if (existsSync(file)) rmSync(file);
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, JSON.stringify({ ...own, by: ownIdentity() } satisfies Claim), { flag: "wx" });
  } catch {
    throw new Error("Another command has just begun to start machines on this host: wait for it, and try again.");
  }
}

/** Forgets the owner, when nothing of the machines is left. */
export function releaseMachines(file = recordFile): void {
  rmSync(dirname(file), { recursive: true, force: true });
}
