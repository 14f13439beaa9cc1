/**
 * What a run leaves for the next one: enough to compare the two and to keep what a cloud would keep, no secret in
 * plain.
 */
import { secretDigest } from "./identity";
import type { SimulatedResource } from "./simulated";
import type { Properties } from "./values";

/** An input as it is kept: in plain, or for secrets a digest that only tells whether it changed. */
type KeptInput = { readonly value: unknown } | { readonly digest: string };

export interface PreviousResource {
  readonly type: string;
  readonly name: string;
  readonly parent?: string;
  readonly inputs: KeptInputs;
  /** Id and computed outputs, secrets left out. */
  readonly computed: Properties;
  /** How often it was replaced. Absent: never. */
  readonly generation?: number;
}

export interface PreviousRun {
  /** Hexadecimal. The throw-away keys of the simulation derive from it, so that a second run has the same ones. */
  readonly seed: string;
  readonly resources: Readonly<Record<string, PreviousResource>>;
}

export type KeptInputs = Readonly<Record<string, KeptInput>>;

export function keptInputs(inputs: Properties, secrets: readonly string[], seed: string): KeptInputs {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      secrets.includes(name) ? { digest: secretDigest(seed, value) } : { value },
    ]),
  );
}

/** What the next run needs to know of a resource. */
export function keep(resource: SimulatedResource): PreviousResource {
  const computed = Object.entries(resource.outputs).filter(
    ([name]) => !(name in resource.kept) && !resource.secretOutputs.includes(name),
  );
  return {
    type: resource.type,
    name: resource.name,
    ...(resource.parent === undefined ? {} : { parent: resource.parent }),
    inputs: resource.kept,
    ...(resource.generation === 0 ? {} : { generation: resource.generation }),
    computed: { ...(resource.id === undefined ? {} : { id: resource.id }), ...Object.fromEntries(computed) },
  };
}

/** How a resource that exists already differs from what the program asks for now. Names of inputs, sorted. */
export interface Change {
  readonly operation: "same" | "update" | "replace";
  /** Differences that the provider is asked to bring about. */
  readonly changed: readonly string[];
  /** Those of them that cannot be brought about in place. Paths below an input where only a part of it counts. */
  readonly replacing: readonly string[];
  /** Differences that `ignoreChanges` hides: the resource stays as it was created. */
  readonly ignored: readonly string[];
}

/**
 * Compares two states of a resource's inputs as the engine does, and tells which inputs it has afterwards.
 * @param replaces inputs, or paths, whose change means a new resource; "*" is every one.
 */
export function compare(
  before: KeptInputs,
  now: KeptInputs,
  ignoreChanges: readonly string[],
  replaces: readonly string[],
): Change & { readonly effective: KeptInputs } {
  const effective: Record<string, KeptInput> = structuredClone(
    ignoreChanges.includes("*") ? { ...before } : { ...now },
  );
  const paths = ignoreChanges.filter((path) => path !== "*").map(segments);
  for (const path of paths) put(effective, path, valueAt(before, path));
  const changed = differences(before, effective);
  const differs = (path: string) =>
    JSON.stringify(sorted(valueAt(before, segments(path)))) !==
    JSON.stringify(sorted(valueAt(effective, segments(path))));
  const replacing = replaces.includes("*") ? changed : [...new Set(replaces)].filter(differs).sort();
  const operation = changed.length === 0 ? "same" : replacing.length === 0 ? "update" : "replace";
  return { operation, changed, replacing, ignored: differences(now, effective), effective };
}

/** Splits a property path of Pulumi: metadata["key"].inner[0]. */
function segments(path: string): string[] {
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, plain]) => quoted ?? index ?? plain ?? "",
  );
}

function valueAt(inputs: KeptInputs, [name = "", ...rest]: readonly string[]): unknown {
  const input = inputs[name];
  if (rest.length === 0) return input;
  let value: unknown = input !== undefined && "value" in input ? input.value : undefined;
  for (const key of rest) value = (value as Properties | undefined)?.[key];
  return value;
}

/**
 * Sets a value at a path, or removes what is there when it is undefined. A path into a secret or into nothing is passed
 * over.
 */
function put(inputs: Record<string, KeptInput>, [name = "", ...rest]: readonly string[], value: unknown): void {
  const last = rest.at(-1);
  const input = inputs[name];
  let target: unknown = last === undefined ? inputs : input !== undefined && "value" in input ? input.value : undefined;
  for (const key of rest.slice(0, -1)) target = (target as Properties | undefined)?.[key];
  if (typeof target !== "object" || target === null) return;
  if (value === undefined) Reflect.deleteProperty(target, last ?? name);
  else (target as Properties)[last ?? name] = structuredClone(value);
}

/** Names of the inputs that differ, sorted. */
function differences(before: KeptInputs, after: KeptInputs): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .filter((name) => JSON.stringify(sorted(before[name])) !== JSON.stringify(sorted(after[name])))
    .sort();
}

/** Key order is no change. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value ?? null;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
