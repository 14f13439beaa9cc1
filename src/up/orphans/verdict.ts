/** What becomes of something that is there although it is only about to be created. */
import { machineClusterKey, machineRoleKey } from "../../machines/metadataKeys";
import { createdTypes, type CreatedType, type ResourceInputs, type ResourceItem } from "../../openstack/resourceTypes";

/**
 * Longest time, in hours, after which something unused still counts as created by an `up` that lost OpenStack's
 * response. Whoever's `up` broke repeats it, the next morning at the latest. What is older may be there for a reason of
 * its own.
 */
const unusedHours = 24;
/** The same for a machine that has been started: after a while people's work runs on it. */
const machineHours = 2;

type Verdict =
  /** It is deleted, and then created again as the state will know it. */
  | { readonly kind: "remove" }
  /** It is not ours to delete, and does not stand in the way unless OpenStack says so. */
  | { readonly kind: "leave"; readonly sentence: string }
  /** Creating another would be worse than stopping. */
  | { readonly kind: "refuse"; readonly sentence: string };

/** Errors: none. Something without a time of creation (server groups have none) counts as recent. */
export function judge(type: CreatedType, item: ResourceItem, inputs: ResourceInputs, now: Date): Verdict {
  const age = (now.getTime() - createdAt(item, now).getTime()) / 3_600_000;
  const there = `OpenStack has ${named(type, item, inputs)} already, which the state of this stack does not know`;
  const remedy = type.command === undefined ? "delete it" : `\`openstack ${type.command} delete ${item.id}\``;
  if (type !== createdTypes.server) {
    if (age <= unusedHours) return { kind: "remove" };
    return {
      kind: "leave",
      sentence: `${there}. Nothing uses it, but it is older than ${unusedHours} hours, so it was left alone; if nobody needs it, ${remedy}.`,
    };
  }
  if (machineRoleOf(item) !== machineRoleOf(inputs)) {
    return {
      kind: "refuse",
      sentence: `${there} and which is no machine of this cluster: rename or delete it, or choose another clusterName.`,
    };
  }
  const neverStarted = item["OS-SRV-USG:launched_at"] === null;
  if (neverStarted || age <= machineHours) return { kind: "remove" };
  return {
    kind: "refuse",
    sentence: `${there}. It has been running for more than ${machineHours} hours, so it may carry work: if the state was restored from an older copy, restore a newer one; if nobody needs the machine, ${remedy} and run \`pulumi up\` again.`,
  };
}

/** Whose machine it is and what for, as its metadata says. */
function machineRoleOf({ metadata }: ResourceInputs): string {
  const { [machineClusterKey]: cluster = "", [machineRoleKey]: role = "" } = (metadata ?? {}) as Record<string, string>;
  return `${role} of ${cluster}`;
}

/** `server dev-general-0 (d17f...)`. */
export function named({ noun }: CreatedType, { id }: ResourceItem, { name }: ResourceInputs): string {
  return typeof name === "string" ? `${noun} ${name} (${id})` : `${noun} ${id}`;
}

/** Octavia leaves out the time zone, which is UTC. */
function createdAt(item: ResourceItem, otherwise: Date): Date {
  const value = item.created_at ?? item.created;
  if (typeof value !== "string") return otherwise;
  return new Date(/(Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value}Z`);
}
