/** Where images come from, what they are called in the new registry, and what has to be copied. */
import { type Fields, fieldsOf, recordsOf, textOf } from "./manifest";
import { type Migration, ofKind, tenantOf } from "./target";

export interface CopiedImage {
  /** Project, stream and tag or digest in the old registry: `shop/web@sha256:...`. */
  readonly from: string;
  /** Whole reference in the new registry, with a tag. */
  readonly to: string;
}

export interface ResolvedImage {
  /** What a container names in the new cluster. */
  readonly reference: string;
  readonly copy?: CopiedImage;
  /** Sentences without a full stop at places where somebody must look. */
  readonly problem?: string;
}

/** Names of the registry of OpenShift 3 and 4 within the cluster; in OpenShift 3 its address too. */
const internalRegistry =
  /^(?:(?:docker-registry\.default|image-registry\.openshift-image-registry)\.svc(?:\.cluster\.local)?(?::\d+)?|\d+\.\d+\.\d+\.\d+:5000)\/([^/]+)\/(.+)$/;

/** The image that a container names. */
export function resolveImage(migration: Migration, image: string): ResolvedImage {
  const [, project = "", rest = ""] = internalRegistry.exec(image) ?? [];
  if (project === "") return { reference: image };
  const [, name = "", tag, digest] = /^([^:@]+)(?::([^@]+))?(?:@(.+))?$/.exec(rest) ?? [];
  return inNewRegistry(migration, { project, name, tag, digest });
}

/** The image behind a tag of an ImageStream: `web:latest`. Undefined where the export does not have the stream. */
export function resolveStreamTag(
  migration: Migration,
  project: string,
  streamTag: string,
  followed = 0,
): ResolvedImage | undefined {
  const [name = "", tag = "latest"] = streamTag.split(":");
  const stream = ofKind(migration, project, "ImageStream").find(({ metadata }) => metadata.name === name);
  if (stream === undefined) return undefined;
  const declared = recordsOf(fieldsOf(stream.spec).tags).find((each) => textOf(each.name) === tag);
  const from = fieldsOf(declared?.from);
  const source = textOf(from.name);
  // What another registry holds is taken from there, as OpenShift imported it.
  if (from.kind === "DockerImage" && !internalRegistry.test(source)) return { reference: source };
  // Two tags may follow each other in a circle.
  if (from.kind === "ImageStreamTag" && source !== "" && followed < 10) {
    const next = source.includes(":") ? source : `${name}:${source}`;
    const resolved = resolveStreamTag(migration, textOf(from.namespace) || project, next, followed + 1);
    if (resolved !== undefined) return resolved;
  }
  return inNewRegistry(migration, { project, name, tag, digest: newestDigest(fieldsOf(stream.status), tag) });
}

/** The digest that a tag stands for, as the registry last said it. */
function newestDigest(status: Fields, tag: string): string | undefined {
  const items = recordsOf(recordsOf(status.tags).find((each) => textOf(each.tag) === tag)?.items);
  return /^sha256:[0-9a-f]{64}$/.exec(textOf(items[0]?.image))?.[0];
}

interface InternalImage {
  readonly project: string;
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
}

function inNewRegistry(migration: Migration, { project, name, tag, digest }: InternalImage): ResolvedImage {
  const repository = `${migration.target.registry}/${tenantOf(migration, project)}/${name}`;
  const known =
    digest ?? (tag === undefined || tag === "latest" ? digestInStream(migration, project, name) : undefined);
  const copyTag = tag ?? (digest === undefined ? "latest" : digest.replace(":", "-").slice(0, "sha256-".length + 12));
  if (known !== undefined) {
    const copy = { from: `${project}/${name}@${known}`, to: `${repository}:${copyTag}` };
    return {
      reference: tag === undefined || tag === "latest" ? `${repository}@${known}` : `${repository}:${tag}`,
      copy,
    };
  }
  const copy = { from: `${project}/${name}:${tag ?? "latest"}`, to: `${repository}:${copyTag}` };
  return tag === undefined || tag === "latest"
    ? {
        reference: `${repository}:${tag ?? "latest"}`,
        copy,
        problem: `image ${project}/${name}:latest has no version, and the export does not have its ImageStream`,
      }
    : { reference: `${repository}:${tag}`, copy };
}

function digestInStream(migration: Migration, project: string, name: string): string | undefined {
  const stream = ofKind(migration, project, "ImageStream").find(({ metadata }) => metadata.name === name);
  return stream === undefined ? undefined : newestDigest(fieldsOf(stream.status), "latest");
}

/** Whether the admission of the new cluster takes the image by its name (policy image-tags). */
export const hasVersion = (image: string): boolean =>
  image.includes("@sha256:") || (/:[^/:]+$/.test(image) && !image.endsWith(":latest"));
