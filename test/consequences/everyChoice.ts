/** Every value that an enumerated key of the schema allows, in a configuration: for tests that must leave none out. */
import { operatingSystems } from "../../src/config/operatingSystems";
import { type Shape, shapeOfCluster, valueAt } from "../../src/config/shape";
import { bases, full, item, type Path, put, type Values } from "./everyKey";

interface Choice {
  /** `nodePools[].serverGroupPolicy: affinity`. */
  readonly title: string;
  /** A configuration that says so. */
  readonly values: Values;
}

/** What else changes with a choice. */
const withChoice: Readonly<Record<string, (choice: string) => Values>> = {
  "os.family": (family) => ({
    os: { family, version: Object.keys(operatingSystems[family as keyof typeof operatingSystems].releases)[0] },
  }),
  "os.cgroup": (cgroup) => ({ os: { family: "rocky", version: cgroup === "v1" ? "8" : "9", cgroup } }),
  packageSource: (source) => (source === "mirror" ? {} : { packageMirror: undefined }),
};

/** Every value that an enumerated key of the schema allows. */
export function everyChoice(): Choice[] {
  return choicesBelow(shapeOfCluster(), [], "", full);
}

function choicesBelow(shape: Shape, path: Path, pattern: string, base: Values): Choice[] {
  const below = (keys: Readonly<Record<string, Shape>>, of = base) =>
    Object.entries(keys).flatMap(([key, inner]) =>
      choicesBelow(inner, [...path, key], pattern === "" ? key : `${pattern}.${key}`, of),
    );
  switch (shape.kind) {
    case "section":
      return below(shape.keys);
    case "variants":
      return Object.entries(shape.variants).flatMap(([kind, { keys }]) => below(keys, bases[kind] ?? base));
    case "list": {
      const { items } = shape;
      const filled =
        items.kind === "section" && valueAt([...path, 0], base) === undefined ? [item(items.keys)] : undefined;
      const of = filled === undefined ? base : (put(base, path, filled) as Values);
      return choicesBelow(
        items,
        [...path, 0],
        `${pattern}[]`,
        items.kind === "section" ? of : (put(base, path, [0]) as Values),
      );
    }
    case "text":
    case "number":
      return (shape.choices ?? []).map((choice) => ({
        title: `${pattern}: ${choice}`,
        values: { ...(put(base, path, choice) as Values), ...withChoice[pattern]?.(String(choice)) },
      }));
    default:
      return [];
  }
}
