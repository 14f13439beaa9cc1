/** Names of the old cluster within values: they lead nowhere in the new one, and only people know what they are for. */
import type { Manifest } from "./manifest";
import { newHostnames } from "./hostnames";
import { type Migration, projectsOf } from "./target";

/** Every object is searched for the names of all projects. */
const known = new WeakMap<Migration, readonly (readonly [before: string, now: string])[]>();

function changedHostnames(migration: Migration) {
  const hosts =
    known.get(migration) ??
    projectsOf(migration)
      .flatMap((project) => [...newHostnames(migration, project)])
      .filter(([before, now]) => before.includes(".") && before !== now);
  known.set(migration, hosts);
  return hosts;
}

/** Sentences about names that an object holds. */
export function namesOfOldCluster(migration: Migration, objects: readonly Manifest[]): string[] {
  const projects = projectsOf(migration);
  const hosts = changedHostnames(migration);
  return objects.flatMap(({ kind, metadata, ...rest }) => {
    if (kind === "Secret") return [];
    const text = JSON.stringify(rest);
    const who = `${kind} ${metadata.name}`;
    return [
      ...hosts
        .filter(([before]) => text.includes(before))
        .map(([before, now]) => `${who} names ${before}, which is ${now} in the new cluster.`),
      ...projects
        .filter(
          (project) =>
            migration.target.tenants[project] !== undefined && new RegExp(`\\.${project}\\.svc\\b`).test(text),
        )
        .map(
          (project) =>
            `${who} names Services of ${project}.svc; the namespace is ${migration.target.tenants[project] ?? project} now.`,
        ),
      ...(text.includes("openshift.default.svc")
        ? [`${who} asks OpenShift's API (openshift.default.svc), which is not there.`]
        : []),
    ];
  });
}
