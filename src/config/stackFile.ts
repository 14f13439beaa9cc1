/** `Pulumi.<stack>.yaml` read without Pulumi, for the offline preview. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Document, isMap, isNode } from "yaml";
import { ConfigError } from "./configError";
import { didYouMean, type KeyPath, keyPath, shown } from "./keyPath";
import { encryptedPlaceholder } from "./schema/primitives";
import { type KeyProblem, plainSecrets } from "./plainSecrets";
import { shapeAt, shapeOfCluster, valueAt } from "./shape";
import { ambiguousScalars, ambiguousSentence, parseStackYaml } from "./stackYaml";
import { isMapping } from "./textForms";

/** The project's name in Pulumi.yaml, which is the namespace of our keys. */
export const projectName = "openstack-kubernetes";

interface StackFile {
  /** The keys of our namespace, for parseClusterConfig. */
  readonly values: Record<string, unknown>;
  /** What the reader could not know, one sentence each. */
  readonly notes: readonly string[];
  /** What is wrong with single keys: parseClusterConfig reports it with all else. */
  readonly problems: readonly KeyProblem[];
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
 * The content of a stack file as values, and what is wrong with single keys. A value that Pulumi encrypted (`secure:`)
 * cannot be read here: where the schema wants free text or a URL a placeholder stands in, so that the preview shows the
 * right graph, and a note says so; anywhere else it is a problem.
 */
export function parseStackFile(content: string, file: string): StackFile {
  const document = parseStackYaml(content, file);
  const root = rootOf(document, file);
  const outside = outsideConfig(root, document);
  const config = configSection(root, file, outside);
  const notes: string[] = [];
  const named = Object.entries(config).map(([key, value]) => ({ ...namedKey(key), value }));
  const problems = [...outside.problems, ...named.flatMap(({ problem }) => (problem ? [problem] : []))];
  const own = [...outside.own, ...named.filter(({ key }) => key !== undefined)];
  if (own.length === 0) {
    const found = [...problems.map(({ sentence }) => sentence), ...foreign(config, file)];
    const nothing = `${file} has no key of this project under "config"; write ${projectName}:image and the other keys there.`;
    throw new ConfigError(file, found.length === 0 ? [nothing] : found);
  }
  const read = own.map(({ key = "", value }) => [key, withoutSecrets(value, [key], { [key]: value }, notes, problems)]);
  const values = Object.fromEntries(read) as Record<string, unknown>;
  const configNode = document.get("config");
  const ambiguous = (isMap(configNode) ? configNode.items : []).flatMap(({ key, value }) => {
    const name = namedKey(String(key)).key;
    return name === undefined ? [] : ambiguousScalars(value, [name]);
  });
  for (const found of ambiguous) {
    // A truth value in other words has its own sentence, with the remedy.
    if (!found.isKey && shapeAt(found.path, values)?.kind === "boolean") continue;
    problems.push({ path: found.path, sentence: ambiguousSentence(found), unread: true });
  }
  return { values, notes, problems: [...problems, ...plainSecrets(values)] };
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

function rootOf(document: Document, file: string): Record<string, unknown> {
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
  return root;
}

interface Outside {
  readonly own: readonly { readonly key: string; readonly value: unknown }[];
  readonly problems: readonly KeyProblem[];
}

/** What Pulumi itself has at column 0 of a stack file. */
const rootKeys = ["config", "environment", "secretsprovider", "encryptionsalt", "encryptedkey"];

/** The keys at column 0 that Pulumi would pass over in silence; what is meant for us is read, so that it is checked. */
function outsideConfig(root: Readonly<Record<string, unknown>>, document: Document): Outside {
  const lost = Object.keys(root).filter((key) => {
    const node: unknown = document.get(key, true);
    // A part of the file that others refer to by an alias stands there rightly.
    return !rootKeys.includes(key) && !(isNode(node) && "anchor" in node && node.anchor !== undefined);
  });
  const message = lost.map((key) => {
    const name = key.includes(":") ? namedKey(key).key : Object.hasOwn(shapeOfCluster().keys, key) ? key : undefined;
    const near = name === undefined && !key.includes(":") ? didYouMean(key, rootKeys) : undefined;
    const remedy =
      near !== undefined
        ? `did you mean ${near}?`
        : `indent it below "config:"${key.includes(":") ? "" : ` as ${projectName}:${key}`}.`;
    return {
      own: name === undefined ? [] : [{ key: name, value: root[key] }],
      problem: {
        path: [name ?? key],
        sentence: `${shown(key)} stands at column 0, outside "config:", where Pulumi passes over it; ${remedy}`,
        unread: false,
      },
    };
  });
  return { own: message.flatMap(({ own }) => own), problems: message.map(({ problem }) => problem) };
}

function configSection(
  root: Readonly<Record<string, unknown>>,
  file: string,
  outside: Outside,
): Record<string, unknown> {
  const config = valueAt(["config"], root);
  if (config === undefined || config === null) {
    if (outside.problems.length > 0)
      throw new ConfigError(
        file,
        outside.problems.map(({ sentence }) => sentence),
      );
    throw new ConfigError(file, [
      `${file} has nothing under the key "config"; write ${projectName}:image and the other keys there.`,
    ]);
  }
  if (!isMapping(config))
    throw new ConfigError(file, [`config is ${shown(config)} but must be a map of keys such as ${projectName}:image.`]);
  return config;
}

/** The name in our namespace that `written` under `config` has or is meant to have, and what is wrong with it. */
function namedKey(written: string): { readonly key?: string; readonly problem?: KeyProblem } {
  const problem = (key: string, sentence: string) => ({ path: [key], sentence, unread: false });
  // YAML lets a whole map or list stand as a key; the reader then makes one long text of it.
  if (/[\s{}[\]]/.test(written)) {
    const sentence = `config has a key that is no name (${shown(written)}); write keys such as ${projectName}:image.`;
    return { problem: problem(written, sentence) };
  }
  const [namespace = "", ...rest] = written.split(":");
  if (rest.length === 0) {
    const sentence = `config.${keyPath([written])} has no namespace; write ${projectName}:${written}.`;
    return { key: written, problem: problem(written, sentence) };
  }
  if (namespace === projectName) return { key: rest.join(":").replace(/^config:/, "") };
  if (didYouMean(namespace, [projectName]) === undefined) return {};
  const sentence = `config[${JSON.stringify(written)}] has the namespace "${namespace}"; did you mean ${projectName}:${rest.join(":")}?`;
  return { key: rest.join(":"), problem: problem(rest.join(":"), sentence) };
}

/** What is wrong with a file that has no key of ours. */
function foreign(config: Readonly<Record<string, unknown>>, file: string): string[] {
  const others = [...new Set(Object.keys(config).map((key) => key.split(":")[0]))].filter(
    (namespace) => namespace !== "openstack" && namespace !== "pulumi",
  );
  return others.length === 0 || Object.keys(config).some((key) => /[\s{}[\]]/.test(key))
    ? []
    : [
        `${file} has keys of "${others.join('", "')}" only, so it is the file of another project; name a file with keys such as ${projectName}:image.`,
      ];
}

/** `value` with a placeholder for each encrypted value within. */
function withoutSecrets(
  value: unknown,
  path: KeyPath,
  root: unknown,
  notes: string[],
  problems: KeyProblem[],
): unknown {
  if (Array.isArray(value))
    return value.map((item, index) => withoutSecrets(item, [...path, index], root, notes, problems));
  if (!isMapping(value)) return value;
  const keys = Object.keys(value);
  if (!(keys.length === 1 && keys[0] === "secure" && typeof value.secure === "string")) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, withoutSecrets(item, [...path, key], root, notes, problems)]),
    );
  }
  const placeholder = placeholderFor(path, root);
  const at = keyPath(path);
  if (placeholder === undefined) {
    problems.push({
      path,
      sentence: `${at} is encrypted, and cannot be read without Pulumi; ${remedy(path, root)}`,
      unread: true,
    });
  } else {
    notes.push(
      `${at} is encrypted, so this preview uses ${placeholder} in its place and cannot tell whether it changed.`,
    );
  }
  return placeholder;
}

/** A section may hold secrets, so it must not be advised to write it in the clear. */
function remedy(path: KeyPath, root: unknown): string {
  const shape = shapeAt(path, root);
  return shape !== undefined && ["section", "variants", "list", "map"].includes(shape.kind)
    ? `encrypt only the secrets within it, each by \`pulumi config set --secret --path KEY\`, or use \`pulumi preview\`.`
    : `write it in the clear (it is no credential), or use \`pulumi preview\`.`;
}

function placeholderFor(path: KeyPath, root: unknown): string | undefined {
  const shape = shapeAt(path, root);
  if (shape?.kind !== "text" || shape.choices) return undefined;
  if (shape.format === "URL") return `${shape.schemes?.[0] ?? "https"}://encrypted.invalid`;
  return shape.format === "text" || shape.format === "secret" ? encryptedPlaceholder : undefined;
}
