/** `Pulumi.<stack>.yaml` read without Pulumi, for the offline preview. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { ConfigError } from "./configError";
import { didYouMean, type KeyPath, keyPath, shown } from "./keyPath";
import { encryptedPlaceholder } from "./schema/primitives";
import { shapeAt, valueAt } from "./shape";
import { isMapping } from "./textForms";

/** The project's name in Pulumi.yaml, which is the namespace of our keys. */
export const projectName = "openstack-kubernetes";

export interface StackFile {
  /** The keys of our namespace, for parseClusterConfig. */
  readonly values: Record<string, unknown>;
  /** What the reader could not know, one sentence each. */
  readonly notes: readonly string[];
}

/** Reads a stack's file. Throws a ConfigError when it is missing, is no YAML, or is not laid out as a stack file. */
export function readStackFile(path: string): StackFile {
  const file = basename(path);
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new ConfigError(file, [
      missing
        ? `${path} does not exist; write it, or copy one of the Pulumi.<stack>.yaml files.`
        : `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"}).`,
    ]);
  }
  return parseStackFile(content, file);
}

/**
 * The content of a stack file as values. A value that Pulumi encrypted (`secure:`) cannot be read here: where the
 * schema wants free text or a URL a placeholder stands in, so that the preview shows the right graph, and a note says
 * so; anywhere else it is an error.
 */
export function parseStackFile(content: string, file: string): StackFile {
  const config = configSection(content, file);
  const notes: string[] = [];
  const problems = namespaceProblems(Object.keys(config));
  const values = Object.fromEntries(
    Object.entries(ownKeys(config, projectName)).map(([key, value]) => [
      key,
      withoutSecrets(value, [key], { [key]: value }, notes, problems),
    ]),
  );
  if (problems.length > 0) throw new ConfigError(file, problems);
  return { values, notes };
}

/**
 * The entries of `config` in the namespace `project`, keys without it; `project:config:key` is Pulumi's older spelling.
 */
export function ownKeys(config: Readonly<Record<string, unknown>>, project: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) => {
      if (!key.startsWith(`${project}:`)) return [];
      return [[key.slice(project.length + 1).replace(/^config:/, ""), value] as const];
    }),
  );
}

function configSection(content: string, file: string): Record<string, unknown> {
  const lineCounter = new LineCounter();
  const document = parseDocument(content, { lineCounter, merge: true, prettyErrors: false, logLevel: "error" });
  if (document.errors.length > 0) {
    throw new ConfigError(
      file,
      document.errors.map((error) => {
        const { line, col } = lineCounter.linePos(error.pos[0]);
        return `${file} is not valid YAML at line ${line}, column ${col}: ${error.message.replace(/\s+/g, " ").replace(/\.$/, "")}.`;
      }),
    );
  }
  let root: unknown;
  try {
    root = document.toJS();
  } catch (error) {
    // Aliases that lead nowhere, or that would unfold to an enormous document.
    throw new ConfigError(file, [`${file} is not usable YAML: ${(error as Error).message.replace(/\.$/, "")}.`]);
  }
  if (root === null)
    throw new ConfigError(file, [
      `${file} is empty; its keys belong under "config:", each with the namespace ${projectName}.`,
    ]);
  if (!isMapping(root))
    throw new ConfigError(file, [`${file} must be a map with the key "config", not ${shown(root)}.`]);
  const config = valueAt(["config"], root);
  if (config === undefined || config === null) {
    throw new ConfigError(file, [
      `${file} has nothing under the key "config"; write ${projectName}:image and the other keys there.`,
    ]);
  }
  if (!isMapping(config))
    throw new ConfigError(file, [`config is ${shown(config)} but must be a map of keys such as ${projectName}:image.`]);
  return config;
}

function namespaceProblems(keys: readonly string[]): string[] {
  return keys.flatMap((key) => {
    // YAML lets a whole map or list stand as a key; the reader then makes one long text of it.
    if (/[\s{}[\]]/.test(key))
      return [`config has a key that is no name (${shown(key)}); write keys such as ${projectName}:image.`];
    const [namespace = "", ...rest] = key.split(":");
    if (rest.length === 0) return [`config.${keyPath([key])} has no namespace; write ${projectName}:${key}.`];
    return namespace !== projectName && didYouMean(namespace, [projectName]) !== undefined
      ? [
          `config[${JSON.stringify(key)}] has the namespace "${namespace}"; did you mean ${projectName}:${rest.join(":")}?`,
        ]
      : [];
  });
}

/** `value` with a placeholder for each encrypted value within. */
function withoutSecrets(value: unknown, path: KeyPath, root: unknown, notes: string[], problems: string[]): unknown {
  if (Array.isArray(value))
    return value.map((item, index) => withoutSecrets(item, [...path, index], root, notes, problems));
  if (!isMapping(value)) {
    const shape = typeof value === "string" ? shapeAt(path, root) : undefined;
    if (shape?.kind === "text" && shape.format === "secret") problems.push(inTheClear(keyPath(path)));
    return value;
  }
  const keys = Object.keys(value);
  if (!(keys.length === 1 && keys[0] === "secure" && typeof value.secure === "string")) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, withoutSecrets(item, [...path, key], root, notes, problems)]),
    );
  }
  const placeholder = placeholderFor(path, root);
  const at = keyPath(path);
  if (placeholder === undefined) {
    problems.push(
      `${at} is encrypted, and cannot be read without Pulumi; write it in the clear (it is no credential), or use \`pulumi preview\`.`,
    );
  } else {
    notes.push(`${at} is encrypted, so this preview uses ${placeholder} in its place.`);
  }
  return placeholder;
}

function placeholderFor(path: KeyPath, root: unknown): string | undefined {
  const shape = shapeAt(path, root);
  if (shape?.kind !== "text" || shape.choices) return undefined;
  if (shape.format === "URL") return `${shape.schemes?.[0] ?? "https"}://encrypted.invalid`;
  return shape.format === "text" || shape.format === "secret" ? encryptedPlaceholder : undefined;
}

/** What to do about a secret that stands in a stack file for all to read. */
export function inTheClear(key: string): string {
  return `${key} is a secret but stands in the clear; replace what it opens, then set it by \`pulumi config set --secret --path ${key}\`.`;
}
