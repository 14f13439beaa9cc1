/** How a run differs from the one before it. */
import { templateDigestKey } from "../../src/machines/metadataKeys";
import type { PreviousResource, PreviousRun } from "../previousRun";
import type { Simulated, SimulatedResource } from "../simulated";

export type Mark = "add" | "change" | "replace" | "remove" | "same";

export interface Differing {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** Inputs that differ. */
  readonly inputs: readonly string[];
  /** What follows from it that the word does not tell. */
  readonly note?: string;
}

export interface Difference {
  /** Absent: nothing to compare with. */
  readonly comparedWith?: string;
  readonly added: readonly Differing[];
  readonly changed: readonly Differing[];
  readonly replaced: readonly Differing[];
  readonly removed: readonly Differing[];
  readonly unchanged: number;
  /** Unchanged because the program leaves them as they were created, though it would create them otherwise today. */
  readonly stale: readonly Differing[];
}

/** Compares the resources of the cloud; components are only their frame. */
export function differenceOf(run: Simulated, previous: PreviousRun | undefined, comparedWith: string): Difference {
  const real = run.resources.filter(({ custom }) => custom);
  const marked = (mark: Mark) => real.filter((resource) => markOf(resource) === mark);
  return {
    ...(previous === undefined ? {} : { comparedWith }),
    added: marked("add").map((resource) => describe(resource, [], undefined)),
    changed: marked("change").map((resource) => describe(resource, resource.change?.changed ?? [], noteOn(resource))),
    replaced: marked("replace").map((resource) =>
      describe(resource, resource.change?.replacing ?? [], noteOn(resource)),
    ),
    removed: goneSince(run, previous).map(([urn, { type, name }]) => ({ urn, type, name, inputs: [] })),
    unchanged: marked("same").length,
    stale: real.filter(isStale).map((resource) => describe(resource, resource.change?.ignored ?? [], undefined)),
  };
}

/** Resources of the cloud, by URN, that the run before had and this one has not. */
export function goneSince(run: Simulated, previous: PreviousRun | undefined): [string, PreviousResource][] {
  const now = new Set(run.resources.map(({ urn }) => urn));
  return Object.entries(previous?.resources ?? {}).filter(
    ([urn, { type, inputs, computed }]) =>
      !now.has(urn) && !isComponent(type) && (computed.id !== undefined || Object.keys(inputs).length > 0),
  );
}

/**
 * A machine is stale when its template is another, as the output `staleMachines` has it; user data alone may differ.
 */
export function isStale({ type, change, inputs, kept }: SimulatedResource): boolean {
  if (change === undefined || change.ignored.length === 0) return false;
  if (type !== "openstack:compute/instance:Instance") return true;
  const digest = (metadata: unknown) => (metadata as Record<string, unknown> | undefined)?.[templateDigestKey];
  const { metadata } = kept;
  return digest(inputs.metadata) !== digest(metadata !== undefined && "value" in metadata ? metadata.value : undefined);
}

/** The program's own components: nothing of them exists outside of it. */
function isComponent(type: string): boolean {
  return type.startsWith("openstack-kubernetes:");
}

export function markOf({ change }: SimulatedResource): Mark {
  return change === undefined
    ? "add"
    : ({ same: "same", update: "change", replace: "replace" } as const)[change.operation];
}

function describe(
  { urn, type, name }: SimulatedResource,
  inputs: readonly string[],
  note: string | undefined,
): Differing {
  return { urn, type, name, inputs, ...(note === undefined ? {} : { note }) };
}

/** Changes of a server that are worse, or milder, than "in place" or "replaced" sounds. */
function noteOn({ type, change, deleteBeforeReplace }: SimulatedResource): string | undefined {
  if (change?.operation === "replace")
    return deleteBeforeReplace === true ? "the old one is deleted first" : "the new one is created first";
  if (type !== "openstack:compute/instance:Instance" || change?.operation !== "update") return undefined;
  if (change.changed.includes("imageId") || change.changed.includes("imageName"))
    return "Nova rebuilds the server: its root disk is wiped";
  if (change.changed.includes("flavorName") || change.changed.includes("flavorId")) return "resized, with a reboot";
  return undefined;
}
