/** How a workload's pods are replaced, where OpenShift and Kubernetes differ. */
import { type Fields, fieldsOf, recordsOf, textOf } from "./manifest";
import type { Migration } from "./target";
import { hasSingleWriter } from "./volumes";

/** What is said of every ImageChange trigger. */
export const followsNoMore = (stream: string, container = "?"): string =>
  `Container ${container} followed the ImageStreamTag ${stream}; let the pipeline commit each new image.`;

/** Why a Deployment of one pod must not roll: its volume is on one node at a time. */
export function recreated(migration: Migration, project: string, spec: Fields): string | undefined {
  if (fieldsOf(spec.strategy).type === "Recreate" || Number(spec.replicas ?? 1) > 1) return undefined;
  const claims = recordsOf(fieldsOf(fieldsOf(spec.template).spec).volumes)
    .map(({ persistentVolumeClaim }) => textOf(fieldsOf(persistentVolumeClaim).claimName))
    .filter((name) => name !== "" && hasSingleWriter(migration, project, name));
  return claims.length === 0
    ? undefined
    : `strategy is Recreate: volume ${claims.join(", ")} is on one node at a time, so a second pod would wait for it.`;
}
