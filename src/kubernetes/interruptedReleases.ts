/**
 * A Helm that is killed leaves its release in a state that every later run refuses: "another operation is in progress"
 * where it was pending (helm/helm#4558), "has no deployed releases" where it was being uninstalled, "cannot re-use a
 * name" where an install had failed and was not taken back. Pulumi's lock lets one `up` run at a time, and nobody else
 * owns these releases: so what is in such a state when an `up` begins was interrupted.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { documentOf } from "./answers";
import type { KubernetesRequest } from "./client";

interface Release {
  readonly name: string;
  readonly namespace: string;
}

/** A Secret in which Helm keeps one revision. */
interface Revision {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly data?: { readonly release?: string };
}

/** Helm's statuses of a revision that somebody was at work on, or that Helm did not come to the end of. */
const interrupted = ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling", "unknown"];
/** Those from which Helm can upgrade. */
const upgradable = ["deployed", "superseded", "failed"];

const statusOf = ({ metadata }: Revision): string => metadata.labels?.status ?? "unknown";
const numberOf = ({ metadata }: Revision): number => Number(metadata.labels?.version ?? 0);

/**
 * Forgets the interrupted revisions of each of these releases, so that Helm goes on from the one before, or installs
 * anew over what the interrupted one left (it knows those objects by their annotations). Returns a sentence per
 * revision. Throws a sentence when the API refuses.
 */
export async function forgetInterruptedReleases(
  releases: readonly Release[],
  request: KubernetesRequest,
): Promise<string[]> {
  const messages = await Promise.all(releases.map((release) => forgetInterrupted(release, request)));
  return messages.flat();
}

/**
 * For a release that Pulumi is about to install because it knows of none: forgets all revisions of one that is not
 * deployed. Helm installs anew over what they left. Returns a sentence per revision. Throws a sentence when the API
 * refuses.
 */
export async function forgetFailedRelease(release: Release, request: KubernetesRequest): Promise<string[]> {
  const revisions = await revisionsOf(release, request);
  if (revisions.some((revision) => statusOf(revision) === "deployed")) return [];
  return forgetAll(release, revisions, request);
}

async function forgetInterrupted(release: Release, request: KubernetesRequest): Promise<string[]> {
  const revisions = await revisionsOf(release, request);
  const broken = revisions.filter((revision) => interrupted.includes(statusOf(revision)));
  const last = broken.at(-1);
  if (last === undefined) return [];
  const isFirst = !revisions.some((revision) => upgradable.includes(statusOf(revision)));
  // Pulumi may know this release, and then upgrades it, for which Helm wants a revision.
  if (isFirst && statusOf(last) !== "pending-install") {
    await markFailed(release, last, request);
    return [
      `Release ${release.name} was interrupted (${statusOf(last)}, revision ${numberOf(last)}): marked as failed, to be done again.`,
      ...(await forgetAll(release, broken.slice(0, -1), request)),
    ];
  }
  return forgetAll(release, broken, request);
}

/** Oldest first. A namespace that does not exist yet has an empty list. */
async function revisionsOf({ name, namespace }: Release, request: KubernetesRequest): Promise<Revision[]> {
  const selector = encodeURIComponent(`owner=helm,name=${name}`);
  const { items } = documentOf<{ items: Revision[] }>(
    `to list the revisions of release ${name}`,
    await request("GET", `/api/v1/namespaces/${namespace}/secrets?labelSelector=${selector}`),
  );
  return [...items].sort((a, b) => numberOf(a) - numberOf(b));
}

async function forgetAll(
  { name, namespace }: Release,
  revisions: readonly Revision[],
  request: KubernetesRequest,
): Promise<string[]> {
  const messages: string[] = [];
  for (const revision of revisions) {
    const answer = await request("DELETE", `/api/v1/namespaces/${namespace}/secrets/${revision.metadata.name}`);
    if (answer.status !== 404) documentOf(`to forget the interrupted revision ${revision.metadata.name}`, answer);
    messages.push(
      `Release ${name} was interrupted (${statusOf(revision)}, revision ${numberOf(revision)}): forgotten, to be done again.`,
    );
  }
  return messages;
}

/** Helm reads the status from the revision, which is JSON, gzipped, in base64 (twice: a Secret's own comes on top). */
async function markFailed({ namespace }: Release, revision: Revision, request: KubernetesRequest): Promise<void> {
  const stored = Buffer.from(Buffer.from(revision.data?.release ?? "", "base64").toString("latin1"), "base64");
  const content = JSON.parse(gunzipSync(stored).toString()) as { info: object };
  const failed = gzipSync(JSON.stringify({ ...content, info: { ...content.info, status: "failed" } }));
  const release = Buffer.from(failed.toString("base64")).toString("base64");
  const { metadata } = revision;
  const answer = await request("PUT", `/api/v1/namespaces/${namespace}/secrets/${metadata.name}`, {
    ...revision,
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...metadata, labels: { ...metadata.labels, status: "failed" } },
    data: { ...revision.data, release },
  });
  documentOf(`to mark the interrupted revision ${metadata.name} as failed`, answer);
}
