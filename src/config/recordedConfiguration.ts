/** The configuration as the state keeps it, so that a later preview can say which keys changed. It holds no secret. */
import { createHash } from "node:crypto";
import type { ClusterConfig } from "./clusterConfig";
import { type Shape, shapeOfCluster, valueAt, variantOf } from "./shape";

/** Longer texts, in characters, are kept as a digest: certificates and keys would fill the state. */
const longestText = 200;

/**
 * The values of the schema's keys, defaults included. Left out are secrets by the schema and `secretKeys`: top-level
 * keys that hold a value which Pulumi encrypts. User and password within a URL are masked.
 */
export function recordedConfiguration(
  config: ClusterConfig,
  secretKeys: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  const { keys } = shapeOfCluster();
  return Object.fromEntries(
    Object.entries(keys).flatMap(([key, shape]) => {
      const value = secretKeys.has(key) ? undefined : recorded(shape, valueAt([key], config));
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/** Undefined for what must not, or need not, be kept. */
function recorded(shape: Shape, value: unknown): unknown {
  if (value === undefined) return undefined;
  switch (shape.kind) {
    case "text":
      return recordedText(shape.format, value as string);
    case "number":
    case "boolean":
      return value;
    case "list":
      return (value as readonly unknown[]).map((item) => recorded(shape.items, item) ?? null);
    case "map":
      return mapped(value, () => shape.values);
    case "section":
      return mapped(value, (key) => shape.keys[key]);
    case "variants":
      return mapped(value, (key) => variantOf(shape, value)?.keys[key]);
  }
}

function mapped(value: unknown, shapeOf: (key: string) => Shape | undefined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value as Readonly<Record<string, unknown>>).flatMap(([key, inner]) => {
      const shape = shapeOf(key);
      const kept = shape === undefined ? undefined : recorded(shape, inner);
      return kept === undefined ? [] : [[key, kept] as const];
    }),
  );
}

function recordedText(format: string, text: string): string | undefined {
  if (format === "secret") return undefined;
  const masked = text.includes("://") ? text.replace(/:\/\/[^/]*@/, "://***@") : text;
  if (masked.length <= longestText) return masked;
  return `sha256:${createHash("sha256").update(masked).digest("hex")}`;
}
