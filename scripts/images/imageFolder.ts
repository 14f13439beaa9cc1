/** A folder of images: each an OCI layout of its own, or an archive, at the place that its name gives it. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ImageReference } from "./imageReference";
import { placeInFolder } from "./imageReference";
import { pullImage, pushImage } from "./imageRegistry";
import { runTool } from "./tools";

export class ImageFolder {
  constructor(readonly folder: string) {}

  /** Where the charts' archives are. */
  get charts(): string {
    return join(this.folder, "charts");
  }

  /** The layout or archive of the image; undefined where there is none. */
  find(reference: ImageReference): string | undefined {
    const place = join(this.folder, placeInFolder(reference));
    return [place, `${place}.tar`].find((path) => existsSync(path));
  }

  /** Lays the image there, all its platforms, unless it is there. Nothing is left of a pull that breaks off. */
  async pull(reference: ImageReference): Promise<void> {
    if (this.find(reference) !== undefined) return;
    const place = join(this.folder, placeInFolder(reference));
    const part = `${place}.part`;
    rmSync(part, { recursive: true, force: true });
    mkdirSync(dirname(place), { recursive: true });
    await pullImage(reference, part);
    renameSync(part, place);
  }

  /** Digest of what the folder has under this name. */
  digest(found: string): Promise<string> {
    return withLayout(found, (layout) => {
      if (layout === undefined) return runTool("crane", ["digest", "--tarball", found]).then((text) => text.trim());
      const { manifests } = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as {
        readonly manifests: readonly { readonly digest: string }[];
      };
      return Promise.resolve(manifests[0]?.digest ?? "");
    });
  }

  /** Errors: the registry refuses it; an archive has several images. */
  push(found: string, target: ImageReference, insecure: boolean): Promise<void> {
    return withLayout(found, (layout) => pushImage(layout ?? found, target, insecure));
  }
}

/** Hands over the OCI layout at a place; undefined: it is an archive of `docker save`'s older form. */
async function withLayout<T>(found: string, use: (layout: string | undefined) => Promise<T>): Promise<T> {
  if (!found.endsWith(".tar")) return use(found);
  const names = (await runTool("tar", ["-tf", found])).split("\n");
  if (!names.some((name) => /^(\.\/)?oci-layout$/.test(name))) return use(undefined);
  const folder = mkdtempSync(join(tmpdir(), "image-"));
  try {
    await runTool("tar", ["-xf", found, "-C", folder]);
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** SHA-256 of a file, as registries name their blobs. */
export const blobDigest = (file: string) => `sha256:${createHash("sha256").update(readFileSync(file)).digest("hex")}`;
