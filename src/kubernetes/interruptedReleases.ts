/**
 * A Helm that is killed leaves its release "pending", and every later run then refuses with "another operation is in
 * progress" (helm/helm#4558). Pulumi's lock lets one `up` run at a time, and nobody else owns these releases: so what
 * is pending when an `up` begins was interrupted.
 */
import { documentOf } from "./answers";
import type { KubernetesRequest } from "./client";

interface Release {
  readonly name: string;
  readonly namespace: string;
}

interface SecretList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  }[];
}

/**
 * Forgets the interrupted revision of each of these releases, so that Helm goes on from the one before, or installs
 * anew over what the interrupted one left (it knows those objects by their annotations). Returns a sentence per
 * revision. Throws a sentence when the API refuses.
 */
export async function forgetInterruptedReleases(
  releases: readonly Release[],
  request: KubernetesRequest,
): Promise<string[]> {
  const message = await Promise.all(releases.map(({ name, namespace }) => forget(name, namespace, request)));
  return message.flat();
}

async function forget(name: string, namespace: string, request: KubernetesRequest): Promise<string[]> {
  const secrets = `/api/v1/namespaces/${namespace}/secrets`;
  const selector = encodeURIComponent(
    `owner=helm,name=${name},status in (pending-install,pending-upgrade,pending-rollback)`,
  );
  // A namespace that does not exist yet has an empty list.
  const { items } = documentOf<SecretList>(
    `to list the revisions of release ${name}`,
    await request("GET", `${secrets}?labelSelector=${selector}`),
  );
  const message: string[] = [];
  for (const { metadata } of items) {
    const answer = await request("DELETE", `${secrets}/${metadata.name}`);
    if (answer.status !== 404) documentOf(`to forget the interrupted revision ${metadata.name}`, answer);
    message.push(
      `Release ${name} was interrupted (${metadata.labels?.status ?? "pending"}, revision ${metadata.labels?.version ?? "?"}): forgotten, to be done again.`,
    );
  }
  return message;
}
