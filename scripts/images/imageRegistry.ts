/** What is asked of registries, by crane (docs/decisions/0052). */
import { formatReference, type ImageReference } from "./imageReference";
import { runTool, ToolError } from "./tools";

const plain = (insecure: boolean) => (insecure ? ["--insecure"] : []);

/** By its digest where it has one, else by its tag: no registry takes both. */
const byDigest = (reference: ImageReference) =>
  formatReference(reference.digest === undefined ? reference : { ...reference, tag: undefined });
/** By its tag where it has one, so that people find it. */
const byTag = (reference: ImageReference) =>
  formatReference(reference.tag === undefined ? reference : { ...reference, digest: undefined });

export async function pullImage(reference: ImageReference, folder: string): Promise<void> {
  await runTool("crane", ["pull", "--format", "oci", byDigest(reference), folder]);
}

export async function pushImage(path: string, target: ImageReference, insecure: boolean): Promise<void> {
  await runTool("crane", ["push", ...plain(insecure), path, byTag(target)]);
}

/** From registry to registry, all platforms. */
export async function copyImage(from: ImageReference, to: ImageReference, insecure: boolean): Promise<void> {
  await runTool("crane", ["copy", ...plain(insecure), byDigest(from), byTag(to)]);
}

/** Digest of what the registry has under the tag. Undefined: it has nothing. Errors: it cannot be asked. */
export function digestByTag(reference: ImageReference, insecure: boolean): Promise<string | undefined> {
  return digestOf(byTag(reference), insecure);
}

/** Whether the registry has the very manifest that the digest names. Errors: it cannot be asked. */
export async function hasDigest(reference: ImageReference, digest: string, insecure: boolean): Promise<boolean> {
  return (await digestOf(byDigest({ ...reference, digest }), insecure)) !== undefined;
}

async function digestOf(name: string, insecure: boolean): Promise<string | undefined> {
  try {
    return (await runTool("crane", ["digest", ...plain(insecure), name])).trim();
  } catch (error) {
    if (error instanceof ToolError && /MANIFEST_UNKNOWN|NAME_UNKNOWN|NOT_FOUND|404 Not Found/.test(error.complaint))
      return undefined;
    throw error;
  }
}

/** Digests of the blobs in an image's or a chart's manifest. Errors: it is not there, or cannot be asked. */
export async function layersOf(reference: ImageReference, insecure: boolean): Promise<string[]> {
  const manifest = JSON.parse(await runTool("crane", ["manifest", ...plain(insecure), byTag(reference)])) as {
    readonly layers?: readonly { readonly digest: string }[];
  };
  return (manifest.layers ?? []).map(({ digest }) => digest);
}
