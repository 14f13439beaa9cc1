/** Objects that an export has more than once: it was made twice, or shows them under two versions of their API. */
import { isDeepStrictEqual } from "node:util";
import { type ExportedObject, groupOf, type Manifest, textOf, without } from "./manifest";

/** Each object once, and sentences about those that differ. */
export function withoutRepeated(exported: readonly ExportedObject[]): {
  readonly objects: readonly ExportedObject[];
  readonly problems: readonly string[];
} {
  const byName = new Map<string, ExportedObject>();
  const problems: string[] = [];
  for (const each of exported) {
    const { kind, metadata } = each.manifest;
    const key = JSON.stringify([groupOf(each.manifest), kind, metadata.namespace, metadata.name]);
    const first = byName.get(key);
    byName.set(key, first === undefined ? each : newer(first, each));
    if (first !== undefined && !isSame(first.manifest, each.manifest))
      problems.push(
        `${kind} ${metadata.name} is there twice, with different content: ${first.place}, and ${each.place}, which is passed over. Take one out.`,
      );
  }
  return { objects: [...byName.values()], problems };
}

/** Of one object that was exported twice, what it was last. */
function newer(first: ExportedObject, second: ExportedObject): ExportedObject {
  const versionOf = ({ manifest }: ExportedObject) => Number(textOf(manifest.metadata.resourceVersion));
  return isOne(first.manifest, second.manifest) && versionOf(second) > versionOf(first) ? second : first;
}

const isOne = (first: Manifest, second: Manifest): boolean => {
  const uid = textOf(first.metadata.uid);
  return uid !== "" && uid === textOf(second.metadata.uid);
};

const isSame = (first: Manifest, second: Manifest): boolean =>
  isOne(first, second) || isDeepStrictEqual(essence(first), essence(second));

/** Without what a server writes. */
const essence = (manifest: Manifest) => ({
  ...without(manifest, "apiVersion", "status"),
  metadata: without(
    manifest.metadata,
    ...["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"],
  ),
});
