/** Names of the old cluster within values: they lead nowhere in the new one, and only people know what they are for. */
import type { Manifest } from "./manifest";
import { newHostnames } from "./hostnames";
import { type Migration, projectOf } from "./target";

/** Sentences about names that an object holds. */
export function namesOfOldCluster(migration: Migration, objects: readonly Manifest[]): string[] {
  const projects = [...new Set(migration.objects.flatMap(({ manifest }) => projectOf(manifest) ?? []))];
  const hosts = projects.flatMap((project) => [...newHostnames(migration, project)]);
  return objects.flatMap(({ kind, metadata, ...rest }) => {
    if (kind === "Secret") return [];
    const text = JSON.stringify(rest);
    const who = `${kind} ${metadata.name}`;
    return [
      ...hosts
        .filter(([before, now]) => before.includes(".") && before !== now && text.includes(before))
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
