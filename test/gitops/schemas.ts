/**
 * JSON schemas for kubeconform, from Kubernetes' OpenAPI document and the definitions of custom resources; strict: an
 * unknown field is an error.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { toolFolder } from "./toolbox";

interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  oneOf?: Schema[];
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  "x-kubernetes-embedded-resource"?: boolean;
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
  [key: string]: unknown;
}

interface Definition {
  kind: string;
  spec: { group: string; names: { kind: string }; versions: { name: string; schema: { openAPIV3Schema: Schema } }[] };
}

export const schemaPrograms = [
  join(toolFolder("definitions"), "swagger.json"),
  ...(["flux", "kyverno", "snapshots"] as const).map((module) => join(toolFolder(module), "crds")),
];

/**
 * The name under which kubeconform looks for a kind: its template is schemaLocation. Of the core group, which has no
 * name, it takes the version for one.
 */
const fileOf = (group: string, version: string, kind: string) =>
  `${kind.toLowerCase()}-${group === "" ? version : group}-${version}.json`;
export const schemaLocation = (folder: string) =>
  join(folder, "{{ .ResourceKind }}-{{ .Group }}-{{ .ResourceAPIVersion }}.json");

/** Writes a schema per kind into `folder`. */
export function writeSchemas(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const { definitions } = JSON.parse(readFileSync(join(toolFolder("definitions"), "swagger.json"), "utf8")) as {
    definitions: Record<string, Schema>;
  };
  // In the OpenAPI document a quantity is a string, but the API server takes a number too.
  definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = { oneOf: [{ type: "string" }, { type: "number" }] };
  for (const [name, definition] of Object.entries(definitions)) {
    for (const { group, version, kind } of definition["x-kubernetes-group-version-kind"] ?? []) {
      const needed = Object.fromEntries(closure(name, definitions).map((each) => [each, strict(definitions[each]!)]));
      writeFileSync(
        join(folder, fileOf(group, version, kind)),
        JSON.stringify({ $ref: `#/definitions/${name}`, definitions: needed }),
      );
    }
  }
  for (const module of ["definitions", "flux", "kyverno", "snapshots"] as const) {
    const crds = join(toolFolder(module), "crds");
    for (const { spec } of readdirSync(crds).flatMap((file) => documents(join(crds, file)))) {
      for (const { name, schema } of spec.versions) {
        const properties = {
          apiVersion: { type: "string" },
          kind: { type: "string" },
          metadata: { type: "object" },
          ...strict(schema.openAPIV3Schema).properties,
        };
        writeFileSync(
          join(folder, fileOf(spec.group, name, spec.names.kind)),
          JSON.stringify({ ...strict(schema.openAPIV3Schema), properties }),
        );
      }
    }
  }
}

const documents = (file: string) =>
  parseAllDocuments(readFileSync(file, "utf8"))
    .map((document) => document.toJS() as Definition | null)
    .filter((object): object is Definition => object?.kind === "CustomResourceDefinition");

/** The definitions that `name` refers to, itself included. */
function closure(name: string, definitions: Readonly<Record<string, Schema>>): string[] {
  const found = new Set<string>();
  const pending = [name];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    const references = JSON.stringify(definitions[next]).matchAll(/"#\/definitions\/([^"]+)"/g);
    pending.push(...[...references].map(([, reference = ""]) => reference));
  }
  return [...found];
}

/**
 * The schema with unknown fields forbidden wherever Kubernetes would not keep them, and with numbers allowed where it
 * takes both.
 */
function strict(schema: Schema): Schema {
  if (schema["x-kubernetes-int-or-string"] === true || schema.format === "int-or-string")
    return { oneOf: [{ type: "string" }, { type: "integer" }] };
  const { properties, items, additionalProperties } = schema;
  const isOpen =
    schema["x-kubernetes-preserve-unknown-fields"] === true || schema["x-kubernetes-embedded-resource"] === true;
  return {
    ...schema,
    ...(properties ? { properties: mapped(properties), additionalProperties: isOpen } : {}),
    ...(items ? { items: strict(items) } : {}),
    ...(typeof additionalProperties === "object" ? { additionalProperties: strict(additionalProperties) } : {}),
  };
}

const mapped = (properties: Readonly<Record<string, Schema>>) =>
  Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, strict(value)]));
