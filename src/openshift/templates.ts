/** Templates: one of a file is processed with its defaults, as `oc process` does; one of a project is a recipe. */
import { type Conversion, task } from "./conversion";
import { type ExportedObject, type Fields, isFields, type Manifest, recordsOf, textOf } from "./manifest";
import { readExport } from "./readExport";

interface Processed {
  readonly objects: readonly ExportedObject[];
  readonly problems: readonly string[];
}

/** Whether the Template is the export itself (`oc export --as-template`), and no object of a project. */
export const isProcessed = ({ kind, metadata }: Manifest): boolean =>
  kind === "Template" && metadata.uid === undefined && metadata.resourceVersion === undefined;

/** The objects of a Template with the values of its parameters, each with its place. */
export function processTemplate({ manifest, place }: ExportedObject): Processed {
  const parameters = recordsOf(manifest.parameters);
  const values = new Map(parameters.map(({ name, value }) => [textOf(name), textOf(value)]));
  const unset = parameters.filter(({ value }) => textOf(value) === "").map(({ name }) => textOf(name));
  const where = `${place}, Template ${manifest.metadata.name}`;
  const objects = recordsOf(manifest.objects).map((object, index) =>
    readExport(`${where}, object ${index + 1}`, JSON.stringify(substituted(object, values))),
  );
  return {
    objects: objects.flatMap((each) => each.objects),
    problems: [
      ...objects.flatMap((each) => each.problems),
      ...(unset.length === 0
        ? []
        : [
            `${where}: the parameters ${unset.join(", ")} have no value, so their places are empty; process it with oc first.`,
          ]),
    ],
  };
}

/** `${NAME}` within a text; a text that is `${{NAME}}` becomes the value itself, a number for example. */
function substituted(value: unknown, values: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") {
    const [, whole = ""] = /^\$\{\{([A-Za-z0-9_]+)\}\}$/.exec(value) ?? [];
    const found = values.get(whole);
    if (found !== undefined) return plain(found);
    return value.replace(/\$\{([A-Za-z0-9_]+)\}/g, (text, name: string) => values.get(name) ?? text);
  }
  if (Array.isArray(value)) return value.map((item) => substituted(item, values));
  if (isFields(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substituted(item, values)]));
  return value;
}

function plain(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export function convertTemplateOfProject({ metadata, objects, parameters }: Manifest): Conversion {
  const kinds = recordsOf(objects).map(({ kind }: Fields) => textOf(kind));
  const names = recordsOf(parameters).map(({ name }) => textOf(name));
  return {
    outcome: "decide",
    notes: [
      task(
        `A recipe for ${[...new Set(kinds)].join(", ")} with the parameters ${names.join(", ") || "(none)"}; make it a chart whose values are these.`,
      ),
      task(`To have its objects converted: oc process -o yaml ${metadata.name}, and give that to this command.`),
    ],
    objects: [],
  };
}
