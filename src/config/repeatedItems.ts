/** Lists name everything once: one rule for every list of the schema. */
import { type KeyPath, keyPath, shown } from "./keyPath";
import { type Shape, valueAt, variantOf } from "./shape";

/**
 * A sentence for each item, in any list of `value`, that an earlier item of its list equals; whole, or in the keys that
 * the schema says tell items apart (`distinctBy`).
 */
export function repeatedItems(shape: Shape | undefined, value: unknown, path: KeyPath): string[] {
  if (value === undefined || value === null) return [];
  switch (shape?.kind) {
    case "section":
      return Object.entries(shape.keys).flatMap(([key, inner]) =>
        repeatedItems(inner, valueAt([key], value), [...path, key]),
      );
    case "variants":
      return repeatedItems(variantOf(shape, value), value, path);
    case "list": {
      const items = value as readonly unknown[];
      const within = items.flatMap((item, index) => repeatedItems(shape.items, item, [...path, index]));
      return [...repeatsIn(items, shape.items, path), ...within];
    }
    default:
      return [];
  }
}

function repeatsIn(items: readonly unknown[], shape: Shape, path: KeyPath): string[] {
  const keys = shape.kind === "section" ? shape.distinctBy : undefined;
  const firsts = new Map<string, number>();
  return items.flatMap((item, index) => {
    const identity = identityOf(shape, item);
    const first = firsts.get(identity);
    if (first === undefined) firsts.set(identity, index);
    if (first === undefined) return [];
    const [here, there] = [keyPath([...path, index]), keyPath([...path, first])];
    if (keys === undefined) return [`${here} is ${shown(item)} but ${there} is the same; remove one of them.`];
    const values = keys.map((key) => shown(valueAt([key], item))).join(" and ");
    return [`${here} has the same ${keys.join(" and ")} as ${there} (${values}); change or remove one of them.`];
  });
}

/** The same text for items that mean the same. */
function identityOf(shape: Shape, item: unknown): string {
  if (shape.kind === "section" && shape.distinctBy !== undefined) {
    return JSON.stringify(shape.distinctBy.map((key) => identityOf(shape.keys[key] as Shape, valueAt([key], item))));
  }
  if (shape.kind !== "text" || typeof item !== "string") return JSON.stringify(item);
  switch (shape.format) {
    case "URL":
      return URL.canParse(item) ? new URL(item).href.replace(/\/$/, "") : item;
    case "PEM certificate":
      return item.replace(/\s/g, "");
    case "OpenSSH public key":
      // What follows the key is a comment.
      return item.split(" ").slice(0, 2).join(" ");
    case "host":
    case "host, domain or CIDR":
      return item.toLowerCase().replace(/\.$/, "");
    case "OpenStack id":
      return item.toLowerCase();
    default:
      return item;
  }
}
