/**
 * Reads what `oc get -o yaml`, `oc get -o json` and `oc export` write: JSON or YAML, several documents, lists within
 * lists. Nothing that cannot be read is passed over.
 */
import { parseAllDocuments } from "yaml";
import { type ExportedObject, fieldsOf, isFields, itemsOf, type Manifest, textOf } from "./manifest";
import { currentVersion } from "./versions";

interface Export {
  readonly objects: readonly ExportedObject[];
  /** Sentences about what is no object. */
  readonly problems: readonly string[];
}

/** `file` is shown in sentences only. Never throws. */
export function readExport(file: string, content: string): Export {
  if (content.trim() === "") return { objects: [], problems: [`${file} is empty; export again.`] };
  // `oc` quotes what YAML 1.1 would read as something else; version 1.2 reads a bare `.` or a time as the text it is.
  const documents = parseAllDocuments(content, { logLevel: "silent" });
  if (!Array.isArray(documents)) return { objects: [], problems: [`${file} holds no document; export again.`] };
  const parts = documents.map((document, index): Export => {
    const place = documents.length === 1 ? file : `${file}, document ${index + 1}`;
    const [error] = document.errors;
    if (error !== undefined) {
      const reason = (error.message.split("\n")[0] ?? "").replace(/:$/, "");
      return { objects: [], problems: [`${place} is neither YAML nor JSON: ${reason}. Export again.`] };
    }
    try {
      // A few aliases of aliases would fill the memory.
      const value: unknown = document.toJS({ maxAliasCount: 100 });
      return value === null || value === undefined ? { objects: [], problems: [] } : objectsIn(value, place);
    } catch (failure) {
      return { objects: [], problems: [`${place} cannot be read: ${(failure as Error).message}.`] };
    }
  });
  const objects = parts.flatMap((part) => part.objects);
  const problems = parts.flatMap((part) => part.problems);
  return objects.length + problems.length === 0
    ? { objects, problems: [`${file} holds no object; export again.`] }
    : { objects, problems };
}

/** Whether a namespace may have the name. */
export const isLabel = (name: string): boolean => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);

function objectsIn(value: unknown, place: string): Export {
  if (!isFields(value)) return { objects: [], problems: [`${place} is no object of Kubernetes; export again.`] };
  const kind = textOf(value.kind);
  if (kind === "") return { objects: [], problems: [`${place} has no kind, so it is no object; export again.`] };
  if (kind === "List" || (kind.endsWith("List") && Array.isArray(value.items))) {
    const items = itemsOf(value.items).map((item, index) =>
      // The items of a list of one kind name neither version nor kind.
      objectsIn(
        kind === "List" || !isFields(item)
          ? item
          : { apiVersion: value.apiVersion, kind: kind.slice(0, -"List".length), ...item },
        `${place}, item ${index + 1}`,
      ),
    );
    return {
      objects: items.flatMap(({ objects }) => objects),
      problems: [
        ...(Array.isArray(value.items) ? [] : [`${place} is a List without items; export again.`]),
        ...items.flatMap(({ problems }) => problems),
      ],
    };
  }
  if (kind === "Status")
    return {
      objects: [],
      problems: [`${place} is an answer of the API server: ${textOf(value.message)}. Export again.`],
    };
  const metadata = fieldsOf(value.metadata);
  const name = textOf(metadata.name);
  if (name === "") return { objects: [], problems: [`${place}, a ${kind}, has no metadata.name; export again.`] };
  const apiVersion = textOf(value.apiVersion);
  if (apiVersion === "")
    return { objects: [], problems: [`${place}, ${kind} ${name}, has no apiVersion; export again.`] };
  const { namespace: written, ...others } = metadata;
  const namespace = textOf(written);
  // Folders are named after projects.
  const project = ["Namespace", "Project"].includes(kind) ? name : namespace;
  if (project !== "" && !isLabel(project))
    return {
      objects: [],
      problems: [`${place}, ${kind} ${name}: no project can be called "${project}"; export again.`],
    };
  const manifest: Manifest = {
    ...value,
    apiVersion,
    kind,
    metadata: { ...others, name, ...(namespace === "" ? {} : { namespace }) },
  };
  return { objects: [{ manifest: currentVersion(manifest), place }], problems: [] };
}
