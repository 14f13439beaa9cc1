/** Exports in the shape of real ones, written for these tests, and what the conversion makes of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { convertExport, type ConvertedExport, type DecidedObject, prepared } from "../../src/openshift/convert";
import type { Manifest } from "../../src/openshift/manifest";
import { readExport } from "../../src/openshift/readExport";
import type { Target } from "../../src/openshift/target";

const corpusFolder = join(__dirname, "../fixtures/openshift");

export const target: Target = {
  domain: "apps.example.org",
  registry: "registry.example.org/museum",
  groupsPrefix: "oidc:",
  tenants: { shop: "museum-shop" },
  groups: {},
  storageClasses: {},
};

/** Names of the exports of a folder of the corpus. */
export const exportsIn = (folder: string): string[] =>
  readdirSync(join(corpusFolder, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(folder, name))
    .sort();

/** Objects and problems of exports by their names. */
export function readCorpus(names: readonly string[]) {
  const parts = names.map((name) => readExport(name, readFileSync(join(corpusFolder, name), "utf8")));
  const { objects, problems } = prepared(parts.flatMap((part) => part.objects));
  return { objects, problems: [...parts.flatMap((part) => part.problems), ...problems] };
}

export function converted(names: readonly string[], change: Partial<Target> = {}): ConvertedExport {
  return convertExport(readCorpus(names).objects, { ...target, ...change });
}

export const decisions = ({ projects, cluster }: ConvertedExport): DecidedObject[] => [
  ...projects.flatMap(({ objects }) => objects),
  ...cluster,
];

/** What becomes of `KIND NAME` of an export. */
export function decision(name: string, object: string, change: Partial<Target> = {}) {
  const found = decisions(converted([name], change)).find(
    ({ exported: { manifest } }) => `${manifest.kind} ${manifest.metadata.name}` === object,
  );
  if (found === undefined) throw new Error(`${name} has no ${object}`);
  return {
    outcome: found.outcome,
    tasks: found.notes.filter(({ isTask }) => isTask).map(({ sentence }) => sentence),
    notes: found.notes.filter(({ isTask }) => !isTask).map(({ sentence }) => sentence),
    refusals: found.refusals,
    objects: found.objects,
  };
}

/** Every object that the new cluster gets, in the tenants' namespaces. */
export const written = (result: ConvertedExport): Manifest[] => [
  ...decisions(result).flatMap(({ objects }) => objects),
  ...result.projects.flatMap(({ added }) => added.map(({ object }) => object)),
];
