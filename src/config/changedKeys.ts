/** Which keys two configurations of one stack differ in. */
import { isDeepStrictEqual } from "node:util";
import type { Effect } from "./effects";
import { type KeyPath, keyPath } from "./keyPath";
import { type Shape, shapeOfCluster, valueAt, variantOf } from "./shape";

export interface ChangedKey {
  /**
   * Where it stands in the newer configuration: `nodePools[0].count`. An item that is gone is known by its name, since
   * another may stand in its place: `nodePools.gpu`.
   */
  readonly key: string;
  /** The same for every item of a list: `nodePools[].count`. */
  readonly pattern: string;
  /** Absent where the key is new, or gone. */
  readonly before?: unknown;
  readonly after?: unknown;
  /** As the schema declares it. */
  readonly effect: Effect;
}

/**
 * Every key whose value differs, in the order of the schema. Both are complete configurations, defaults filled in. A
 * section that is new or gone is one change; items of lists are the same item where they have the same `name`.
 */
export function changedKeys(before: unknown, after: unknown): ChangedKey[] {
  return compared(shapeOfCluster(), before, after, [], "");
}

function compared(shape: Shape, before: unknown, after: unknown, path: KeyPath, pattern: string): ChangedKey[] {
  if (isDeepStrictEqual(before, after)) return [];
  const here = { key: keyPath(path), pattern };
  const whole = (): ChangedKey[] => {
    if (shape.effect === undefined) throw new TypeError(`The schema declares no effect for ${pattern}.`);
    return [
      {
        ...here,
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
        effect: shape.effect,
      },
    ];
  };
  if (before === undefined || after === undefined) return whole();
  if (shape.kind === "section") return keys(shape.keys, before, after, path, pattern);
  if (shape.kind === "variants") {
    const variant = variantOf(shape, after);
    const same = variant !== undefined && variant === variantOf(shape, before);
    return same ? keys(variant.keys, before, after, path, pattern) : whole();
  }
  if (shape.kind === "list" && isNamed(before) && isNamed(after)) {
    return items(shape.items, before, after, path, pattern);
  }
  return whole();
}

function keys(
  shapes: Readonly<Record<string, Shape>>,
  before: unknown,
  after: unknown,
  path: KeyPath,
  pattern: string,
): ChangedKey[] {
  return Object.entries(shapes).flatMap(([key, shape]) => {
    const [older, newer] = [valueAt([key], before), valueAt([key], after)];
    // A key that came with a newer program stands at what the program did before.
    if (older === undefined && isDeepStrictEqual(newer, shape.default)) return [];
    return compared(shape, older, newer, [...path, key], pattern === "" ? key : `${pattern}.${key}`);
  });
}

interface Named {
  readonly name: string;
}

function isNamed(list: unknown): list is Named[] {
  return Array.isArray(list) && list.every((item) => typeof valueAt(["name"], item) === "string");
}

function items(
  shape: Shape,
  before: readonly Named[],
  after: readonly Named[],
  path: KeyPath,
  pattern: string,
): ChangedKey[] {
  const find = (list: readonly Named[], name: string) => list.find((item) => item.name === name);
  const kept = after.flatMap((item, index) =>
    compared(shape, find(before, item.name), item, [...path, index], `${pattern}[]`),
  );
  const gone = before
    .filter(({ name }) => find(after, name) === undefined)
    .flatMap((item) => compared(shape, item, undefined, [...path, item.name], `${pattern}[]`));
  return [...kept, ...gone];
}
