/** docs/configuration.md and the `config:` section of Pulumi.yaml, rendered from the schema. */
import { Scalar, stringify } from "yaml";
import { momentsInWords } from "../src/config/effects";
import { type Section, type Shape, shapeOfCluster } from "../src/config/shape";
import { projectName } from "../src/config/stackFile";

const begin = "# The lines from here to the end are generated from src/config/schema by scripts/generateConfigDocs.ts.";

/** The text of Pulumi.yaml with its `config:` section renewed; what stands above the section is kept. */
export function renderProjectFile(current: string): string {
  const at = current.indexOf(begin);
  const head = at < 0 ? `${current.trimEnd()}\n` : current.slice(0, at);
  return `${head}${begin}\n${renderProjectConfig()}`;
}

/**
 * The engine takes a declared key without a default for required, and stops before the program runs when it is not set.
 * Optional keys without a default can therefore not be declared; a comment names them.
 */
function renderProjectConfig(): string {
  const keys = Object.entries(shapeOfCluster().keys);
  const declared = keys.filter(([, shape]) => shape.required || shape.default !== undefined);
  const optional = keys.filter(([, shape]) => !shape.required && shape.default === undefined);
  const config = Object.fromEntries(
    declared.map(([key, shape]) => [
      key,
      {
        ...projectType(shape),
        description: folded(shape.description),
        ...(shape.required ? {} : { default: shape.default }),
      },
    ]),
  );
  return [
    ...wrapped(
      "# A key without a default must be set in every stack. These keys may be left out, and Pulumi has no way to declare such a key:",
      "# ",
    ),
    ...optional.flatMap(([key, shape]) => wrapped(`#   ${key}: ${shape.description}`, "#     ")),
    stringify({ config }, { lineWidth: 116 }),
  ].join("\n");
}

/** A text that YAML folds onto further lines where it is too long for one. */
function folded(text: string): Scalar<string> {
  const scalar = new Scalar(text);
  if (text.length > 96) scalar.type = Scalar.BLOCK_FOLDED;
  return scalar;
}

function projectType(shape: Shape): { type: string; items?: object } {
  switch (shape.kind) {
    case "text":
      return { type: "string" };
    case "number":
      return { type: "integer" };
    case "boolean":
      return { type: "boolean" };
    case "list":
      return { type: "array", items: projectType(shape.items) };
    case "map":
    case "section":
    case "variants":
      return { type: "object" };
  }
}

/** The text of docs/configuration.md. */
export function renderConfigurationDoc(): string {
  const root = shapeOfCluster();
  return [
    "# Configuration",
    "",
    "<!-- Generated from src/config/schema by scripts/generateConfigDocs.ts. Change the schema, then run it. -->",
    "",
    ...introduction,
    "",
    "## All keys",
    "",
    ...list(root),
    ...Object.entries(root.keys).flatMap(([key, shape]) => chapter(key, shape, 2)),
    "",
  ].join("\n");
}

const introduction = [
  ...wrapped(
    `A stack is configured by \`Pulumi.<stack>.yaml\`. Every key below stands there under \`config:\` with the namespace \`${projectName}:\`, for instance \`${projectName}:image\`. A value can be edited in the file, or set by a command:`,
  ),
  "",
  "```sh",
  "pulumi config set image 5c2f7c53-6a3b-4d0e-9b0a-2f1c6c1c9d3e",
  "pulumi config set --path 'nodePools[0].count' 5",
  `pulumi config set --path 'nodePools[0].labels["example.org/tier"]' batch`,
  "pulumi config set --path --secret proxy.httpProxy http://user:password@proxy.example.org:3128",
  "```",
  "",
  ...wrapped(
    "Keys that are not listed here are refused, and so are values that contradict each other. All errors are shown at once, one sentence each: the key as in the commands above, its value, and what is allowed. The rules between keys are in `src/config/checks`, one function each.",
  ),
  "",
  ...wrapped(
    "Four values are derived: `clusterName` from the stack's name, `os.cgroup` from the release, the MTU of pods from `network.mtu` and `cni.encapsulation`, and the address of the cluster DNS (the tenth of `kubernetes.serviceCidr`).",
  ),
  "",
  ...wrapped(
    "Each key says when a change of it takes effect on a cluster that exists, and what it does there. _Destructive_: data, an address or a trust is lost, or the cluster stands still. _Disruptive_: pods move, machines reboot or connections break, and all is well afterwards. Previews and `npm run consequences` say the same (docs/previews.md).",
  ),
  "",
  ...wrapped(
    "The offline preview has no key to decrypt secrets with. Where the schema wants free text or a URL it puts a placeholder in the place of an encrypted value, and says so; an encrypted value anywhere else (a CIDR, a number) is an error there.",
  ),
];

/** A paragraph as lines of at most 120 columns; `prefix` stands before each but the first. */
export function wrapped(paragraph: string, prefix = ""): string[] {
  return paragraph.split(" ").reduce<string[]>((lines, word) => {
    const longer = `${lines.at(-1) ?? ""} ${word}`;
    if (lines.length === 0) return [word];
    return longer.length > 120 ? [...lines, prefix + word] : [...lines.slice(0, -1), longer];
  }, []);
}

function chapter(path: string, shape: Shape, level: number): string[] {
  const heading = `${"#".repeat(Math.min(level, 4))} \`${path}\``;
  switch (shape.kind) {
    case "section":
      return ["", heading, "", ...wrapped(shape.description), "", ...list(shape), ...below(path, shape, level)];
    case "list":
      return shape.items.kind === "section" || shape.items.kind === "variants"
        ? chapter(`${path}[]`, { ...shape.items, description: shape.description }, level)
        : [];
    case "variants":
      return [
        "",
        heading,
        "",
        ...wrapped(`${shape.description} Its key \`kind\` decides which other keys there are.`),
        ...Object.entries(shape.variants).flatMap(([kind, variant]) => [
          "",
          `${"#".repeat(level + 1)} \`${path}\` of kind \`${kind}\``,
          "",
          ...wrapped(variant.description),
          "",
          ...list(variant),
          ...below(path, variant, level + 1),
        ]),
      ];
    default:
      return [];
  }
}

function below(path: string, section: Section, level: number): string[] {
  return Object.entries(section.keys).flatMap(([key, shape]) => chapter(`${path}.${key}`, shape, level + 1));
}

/** An entry per key: its name, what may stand there, its default, and what it means. */
function list(section: Section): string[] {
  return Object.entries(section.keys).flatMap(([key, shape]) =>
    wrapped(
      `- \`${key}\`: ${typeOf(shape)}, ${defaultOf(shape)}. ${shape.description.replaceAll("\n", " ")}${changeOf(shape)}`,
      "  ",
    ),
  );
}

/** When a change reaches a cluster that exists, and what it does there; a section leaves that to its keys. */
function changeOf(shape: Shape): string {
  if (shape.effect === undefined || (shape.kind === "section" && shape.default !== undefined)) return "";
  const { moments, meaning, weight } = shape.effect;
  return ` _A change takes effect ${momentsInWords(moments)}${weight === "harmless" ? "" : ` (${weight})`}._ ${meaning}`;
}

function typeOf(shape: Shape): string {
  switch (shape.kind) {
    case "text":
      return shape.choices ? choicesOf(shape.choices) : shape.format;
    case "number":
      return shape.choices
        ? choicesOf(shape.choices)
        : `whole number, ${String(shape.minimum)} to ${String(shape.maximum)}`;
    case "boolean":
      return "true or false";
    case "list":
      return `list of ${shape.items.kind === "section" ? "sections" : typeOf(shape.items)}`;
    case "map":
      return `map of ${shape.keyFormat} to ${typeOf(shape.values)}`;
    case "section":
    case "variants":
      return "section";
  }
}

function choicesOf(choices: readonly (string | number)[]): string {
  return choices.map((choice) => `\`${choice}\``).join(" or ");
}

function defaultOf(shape: Shape): string {
  if (shape.required) return "required";
  if (shape.default === undefined) return "no default";
  return shape.kind === "section" ? "defaults below" : `default \`${JSON.stringify(shape.default)}\``;
}
