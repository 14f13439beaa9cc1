/**
 * Pulumi hands configuration over as text: `pulumi config set configDrive false` stores "false", a structured value
 * arrives as JSON, and `pulumi config set --path os.version 9` stores the number 9 where text is meant. Here every
 * value takes the form that the schema wants.
 */
import { type Shape, valueAt, variantOf } from "./shape";

/**
 * `value` in the form that `shape` wants, where it can be told without guessing; else unchanged, for the schema to
 * refuse.
 */
export function inWantedForm(value: unknown, shape: Shape | undefined): unknown {
  switch (shape?.kind) {
    case undefined:
      return value;
    case "text":
      return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    case "number":
      return typeof value === "string" && /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(value) ? Number(value) : value;
    case "boolean":
      return value === "true" ? true : value === "false" ? false : value;
    case "list": {
      const list = fromJson(value, "[");
      return Array.isArray(list) ? list.map((item) => inWantedForm(item, shape.items)) : list;
    }
    case "map":
      return mapValues(fromJson(value, "{"), () => shape.values);
    case "section":
      return mapValues(fromJson(value, "{"), (key) => (Object.hasOwn(shape.keys, key) ? shape.keys[key] : undefined));
    case "variants": {
      const section = fromJson(value, "{");
      const variant = variantOf(shape, section);
      return variant ? inWantedForm(section, variant) : section;
    }
  }
}

/**
 * Values of the mapping `value` in the forms wanted; keys whose value is absent (a key with nothing behind it, in YAML)
 * stay null.
 */
function mapValues(value: unknown, shapeOfKey: (key: string) => Shape | undefined): unknown {
  if (!isMapping(value)) return value;
  // fromEntries defines own keys whatever their names, so that a key called __proto__ is refused by the schema like any
  // other.
  return Object.fromEntries(
    Object.keys(value).map((key) => [key, inWantedForm(valueAt([key], value), shapeOfKey(key))]),
  );
}

function fromJson(value: unknown, opening: "[" | "{"): unknown {
  if (typeof value !== "string" || !value.trimStart().startsWith(opening)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
