/** Names of container images, and where a mirror or a folder keeps what they name. */
import { join } from "node:path";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { splitCredentials } from "../../src/bootstrap/urlCredentials";

export interface ImageReference {
  /** Host, with its port where it has one. */
  readonly registry: string;
  readonly repository: string;
  /** Absent only where there is a digest. */
  readonly tag?: string;
  /** `sha256:...`: what must be behind the name. */
  readonly digest?: string;
}

const form =
  /^(?<path>[A-Za-z0-9][\w.-]*(?::\d+)?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/**
 * The parts of a name as containerd reads it: without a registry it is Docker Hub's, without a tag and a digest it is
 * `latest`. Undefined: not the name of an image.
 */
export function parseReference(text: string): ImageReference | undefined {
  const { path, tag, digest } = form.exec(text)?.groups ?? {};
  if (path === undefined) return undefined;
  const [first = "", ...rest] = path.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  // `name:8080` alone would read as a host with a port.
  if (!hasRegistry && (first.includes(":") || path !== path.toLowerCase())) return parseShort(text);
  const name = hasRegistry ? rest.join("/") : path;
  return {
    registry: hasRegistry ? first : "docker.io",
    repository: !hasRegistry && rest.length === 0 ? `library/${name}` : name,
    ...(tag === undefined && digest === undefined ? { tag: "latest" } : {}),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The same. Errors: not the name of an image. */
export function referenceOf(text: string): ImageReference {
  const reference = parseReference(text);
  if (reference === undefined) throw new Error(`${text} is not the name of an image.`);
  return reference;
}

/** `name:tag` of Docker Hub whose tag is a number. */
function parseShort(text: string): ImageReference | undefined {
  const [, name, tag] = /^([a-z0-9]+(?:[._-]+[a-z0-9]+)*):(\d+)$/.exec(text) ?? [];
  return name === undefined ? undefined : { registry: "docker.io", repository: `library/${name}`, tag };
}

/** The whole name. */
export function formatReference({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/**
 * Where an image is in a folder of images: a folder with an OCI layout, or an archive of that name with `.tar`. No name
 * of a file has a colon, which Windows and tar do not take.
 */
export function placeInFolder({ registry, repository, tag, digest = "" }: ImageReference): string {
  return join("images", registry.replace(":", "_"), ...repository.split("/"), tag ?? digest.replace(":", "_"));
}

export interface Mirrored {
  readonly reference: ImageReference;
  /** Reached by plain HTTP. */
  readonly insecure: boolean;
}

/**
 * Where the first mirror of the image's registry keeps it: containerd asks for the same repository there, below the
 * path that `overridePath` declares. Undefined: the registry has no mirror. Errors: a client of registries cannot write
 * to such an endpoint.
 */
export function mirrorOf(reference: ImageReference, mirrors: ClusterConfig["registryMirrors"]): Mirrored | undefined {
  const mirror = mirrors.find(({ registry }) => registry === reference.registry);
  const endpoint = mirror?.endpoints[0];
  if (mirror === undefined || endpoint === undefined) return undefined;
  const { protocol, host, pathname } = new URL(splitCredentials(endpoint).url);
  const path = pathname.replace(/\/+$/, "");
  if (mirror.overridePath ? !/^\/v2(\/|$)/.test(path) : path !== "" && path !== "/v2")
    throw new Error(
      `The mirror ${protocol}//${host}${pathname} of ${mirror.registry} cannot be written to: its path does not begin with /v2/. Fill it by its own means, or name one with overridePath and /v2/ in front.`,
    );
  const prefix = path.replace(/^\/v2\/?/, "");
  const repository = prefix === "" ? reference.repository : `${prefix}/${reference.repository}`;
  return { reference: { ...reference, registry: host, repository }, insecure: protocol === "http:" };
}
