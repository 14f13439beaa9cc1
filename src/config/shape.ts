/**
 * The schema as a plain tree: what the text forms, the error sentences and the generated documents need to know of it.
 */
import { z } from "zod";
import type { Effect } from "./effects";
import { clusterSchema } from "./schema";

interface Common {
  readonly description: string;
  /** Absent: the key has no default. */
  readonly default?: unknown;
  readonly required: boolean;
  /** Its own declaration, or that of the nearest section around it; absent where neither declares any. */
  readonly effect?: Effect;
}

export type Shape = Common &
  (
    | {
        readonly kind: "text";
        readonly format: string;
        readonly choices?: readonly string[];
        readonly schemes?: readonly string[];
        /** Whether a URL may hold a user name and password. */
        readonly credentials?: boolean;
        /** Whether a sentence shows no more of a wrong value than its length. */
        readonly neverShown?: boolean;
      }
    | {
        readonly kind: "number";
        readonly minimum?: number;
        readonly maximum?: number;
        readonly choices?: readonly number[];
      }
    | { readonly kind: "boolean" }
    | { readonly kind: "list"; readonly items: Shape }
    | { readonly kind: "map"; readonly keyFormat: string; readonly values: Shape }
    | {
        readonly kind: "section";
        readonly keys: Readonly<Record<string, Shape>>;
        /** Of an item of a list: the keys that tell it from others. Absent: all of them. */
        readonly distinctBy?: readonly string[];
      }
    /** A section whose keys depend on the value of its key `kind`. */
    | { readonly kind: "variants"; readonly variants: Readonly<Record<string, Shape & { kind: "section" }>> }
  );

export type Section = Extract<Shape, { kind: "section" }>;

/** The part of JSON Schema that zod writes for our schema. */
interface JsonSchema {
  readonly type?: string;
  readonly format?: string;
  readonly schemes?: string[];
  readonly credentials?: boolean;
  readonly neverShown?: boolean;
  readonly description?: string;
  readonly effect?: Effect;
  readonly distinctBy?: string[];
  readonly default?: unknown;
  readonly enum?: (string | number)[];
  readonly const?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly properties?: Record<string, JsonSchema>;
  readonly required?: string[];
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: JsonSchema | false;
  readonly oneOf?: JsonSchema[];
}

let clusterShape: Section | undefined;

/** The shape of the whole stack configuration; made once, as it costs some 30 ms. */
export function shapeOfCluster(): Section {
  clusterShape ??= shapeOf(z.toJSONSchema(clusterSchema, { io: "input" }) as JsonSchema, true) as Section;
  return clusterShape;
}

function shapeOf(schema: JsonSchema, required: boolean, inherited?: Effect): Shape {
  const effect = schema.effect ?? inherited;
  const common: Common = {
    ...(effect && { effect }),
    description: schema.description ?? "",
    required,
    ...("default" in schema ? { default: schema.default } : {}),
  };
  if (schema.oneOf) {
    const variants = schema.oneOf.map(
      (variant) => [variant.properties?.kind?.const ?? "", shapeOf(variant, true, effect) as Section] as const,
    );
    return { ...common, kind: "variants", variants: Object.fromEntries(variants) };
  }
  switch (schema.type) {
    case "string": {
      const choices = schema.const === undefined ? schema.enum : [schema.const];
      return {
        ...common,
        kind: "text",
        format: schema.format ?? "text",
        ...(choices && { choices: choices.map(String) }),
        ...(schema.schemes && { schemes: schema.schemes }),
        ...(schema.credentials && { credentials: true }),
        ...(schema.neverShown && { neverShown: true }),
      };
    }
    case "integer":
    case "number":
      return {
        ...common,
        kind: "number",
        minimum: schema.minimum,
        maximum: schema.maximum,
        ...(schema.enum && { choices: schema.enum.map(Number) }),
      };
    case "boolean":
      return { ...common, kind: "boolean" };
    case "array":
      if (schema.items) return { ...common, kind: "list", items: shapeOf(schema.items, true, effect) };
      break;
    case "object":
      if (schema.additionalProperties) {
        return {
          ...common,
          kind: "map",
          keyFormat: schema.propertyNames?.format ?? "text",
          values: shapeOf(schema.additionalProperties, true, effect),
        };
      }
      return {
        ...common,
        kind: "section",
        ...(schema.distinctBy && { distinctBy: schema.distinctBy }),
        keys: Object.fromEntries(
          Object.entries(schema.properties ?? {}).map(([key, value]) => [
            key,
            shapeOf(value, (schema.required ?? []).includes(key), effect),
          ]),
        ),
      };
  }
  throw new TypeError(`the schema has a part that the shape does not know: ${JSON.stringify(schema)}`);
}

/**
 * The shape at `path` of the value `root`, which tells the variant where there are several; undefined when the schema
 * has nothing there.
 */
export function shapeAt(path: readonly (string | number)[], root: unknown): Shape | undefined {
  let shape: Shape | undefined = shapeOfCluster();
  let value = root;
  for (const step of path) {
    shape = shape && child(shape, step, value);
    value = valueAt([step], value);
  }
  return shape;
}

function child(shape: Shape, step: string | number, value: unknown): Shape | undefined {
  switch (shape.kind) {
    case "section":
      return own(shape.keys, String(step));
    case "variants": {
      const variant = variantOf(shape, value);
      if (variant) return own(variant.keys, String(step));
      return step === "kind"
        ? {
            kind: "text",
            format: "text",
            choices: Object.keys(shape.variants),
            description: shape.description,
            required: true,
            ...(shape.effect && { effect: shape.effect }),
          }
        : undefined;
    }
    case "list":
      return shape.items;
    case "map":
      return shape.values;
    default:
      return undefined;
  }
}

/** The variant that `value` has chosen by its key `kind`. */
export function variantOf(shape: Extract<Shape, { kind: "variants" }>, value: unknown): Section | undefined {
  const kind = valueAt(["kind"], value);
  return typeof kind === "string" ? own(shape.variants, kind) : undefined;
}

/** The value at `path` within `root`; undefined where there is none. Never reads what an object inherits. */
export function valueAt(path: readonly (string | number)[], root: unknown): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null ? own(value as Record<string | number, unknown>, step) : undefined,
    root,
  );
}

function own<T>(record: Readonly<Record<string | number, T>>, key: string | number): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
