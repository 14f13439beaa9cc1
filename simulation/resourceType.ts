/**
 * What the simulation must know of a resource type: what it needs, what replaces it, and what a cloud would make of it.
 */
import type { Cloud } from "./openstack/cloud";
import type { Properties } from "./values";

export interface Creation {
  readonly urn: string;
  /** The URN, and after a replacement the number of it besides: what ids and keys derive from. */
  readonly identity: string;
  /** Pulumi's logical name. */
  readonly name: string;
  /** All known. */
  readonly inputs: Properties;
  /** What the previous run computed for this URN, secrets left out. */
  readonly previous?: Properties;
  /** Set when nothing that matters changed since the previous run: a provider would not be asked to do anything. */
  readonly unchanged: boolean;
  readonly cloud: Cloud;
  /** Hexadecimal; all keys and random values derive from it. */
  readonly seed: string;
}

export interface Created {
  /** Absent: derived from the identity. */
  readonly id?: string;
  /** The computed outputs, and inputs the provider rewrites; all other inputs become outputs as they are. */
  readonly outputs: Properties;
}

export interface ResourceType {
  readonly required: readonly string[];
  /** Inputs whose change makes the provider replace the resource (ForceNew in its schema). */
  readonly replaces: ReadonlySet<string>;
  /**
   * Refuses, by throwing, inputs that are wrong whatever the cloud holds; runs in preview too, unknown values included.
   */
  readonly check?: (inputs: Properties) => void;
  readonly create: (creation: Creation) => Created | Promise<Created>;
}

export type ResourceTypes = Readonly<Record<string, ResourceType>>;

/** Splits a list that is easier to read as one line. */
export const words = (list: string): string[] => list.split(/\s+/).filter((word) => word !== "");

/**
 * Throws when a required input is missing or one is wrong; that there is no other input is for the compiler to see.
 * `named` is what the message calls the resource.
 */
export function checkInputs(type: ResourceType, named: string, inputs: Properties): void {
  const missing = type.required.filter((name) => inputs[name] === undefined || inputs[name] === null);
  if (missing.length > 0) throw new Error(`${named} lacks ${missing.join(", ")}`);
  type.check?.(inputs);
}
