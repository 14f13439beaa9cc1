/** What Flux would apply of gitops/, by Flux's own libraries, for a stack whose cluster-settings are known. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { fluxNamespace, syncName } from "../../src/platform/flux";
import type { KubernetesObject } from "./live/kubectl";
import { clusterSettings } from "./settings";
import { gitopsFolder, toolFolder } from "./toolbox";

export const fluxBuildPrograms = [join(toolFolder("flux"), "fluxbuild")];
export const stacks = ["dev", "prod"] as const;
export type Stack = (typeof stacks)[number];

interface FluxKustomization {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly path: string;
    readonly sourceRef?: { readonly name: string };
    readonly patches?: readonly object[];
    readonly postBuild?: { readonly substitute?: Record<string, string>; readonly substituteFrom?: readonly unknown[] };
  };
}

/** Flux's root, as the sync that Pulumi makes has it (src/platform/flux.ts). */
const root = (stack: Stack): FluxKustomization => ({
  metadata: { name: syncName },
  spec: { path: `./gitops/clusters/${stack}` },
});

/**
 * The Flux Kustomizations of a stack: the root, and those that it and others make in turn (parts, tenants, choices). By
 * name, with the objects of each. What comes from another source than this repository is not built. `chosen`: settings
 * beside those of the stack; `only`: these parts.
 */
export function buildStack(
  stack: Stack,
  chosen: Readonly<Record<string, string>> = {},
  only?: readonly string[],
): ReadonlyMap<string, readonly KubernetesObject[]> {
  return withCopy((folder) => {
    const built = new Map<string, readonly KubernetesObject[]>();
    const pending = [root(stack)];
    for (let next = pending.shift(); next; next = pending.shift()) {
      const objects = build(folder, next, { ...clusterSettings(stack), ...chosen });
      built.set(next.metadata.name, objects);
      const made = kustomizationsOf(objects).filter(
        ({ metadata }) => built.size > 1 || (only?.includes(metadata.name) ?? true),
      );
      // The option `none` is an empty folder: nothing to build.
      pending.push(...made.filter(({ spec }) => spec.sourceRef?.name === syncName && !spec.path.endsWith("/none")));
    }
    return built;
  });
}

/** The objects of one part of a stack, with settings of the test's choice. */
export function buildPart(
  stack: Stack,
  name: string,
  settings: Readonly<Record<string, string>>,
): readonly KubernetesObject[] {
  return withCopy((folder) => {
    const part = kustomizationsOf(build(folder, root(stack), {})).find(({ metadata }) => metadata.name === name);
    if (part === undefined) throw new Error(`gitops/clusters/${stack} has no part ${name}.`);
    return build(folder, part, settings);
  });
}

const kustomizationsOf = (objects: readonly KubernetesObject[]) =>
  objects.filter(
    ({ kind, metadata }) => kind === "Kustomization" && metadata.namespace === fluxNamespace,
  ) as unknown as FluxKustomization[];

/**
 * The objects of a folder that is no part of gitops/, with `patches` as a Flux Kustomization or FluxInstance has them.
 */
export function buildFolder(source: string, patches: readonly object[]): readonly KubernetesObject[] {
  return withCopy(
    (folder) => build(folder, { metadata: { name: "folder" }, spec: { path: "./folder", patches } }, {}),
    {
      folder: source,
    },
  );
}

/** Flux's build writes into the folder, so it gets copies; by default one of gitops/. */
function withCopy<T>(
  use: (folder: string) => T,
  sources: Readonly<Record<string, string>> = { gitops: gitopsFolder },
): T {
  const folder = mkdtempSync(join(tmpdir(), "fluxbuild-"));
  try {
    for (const [name, source] of Object.entries(sources)) cpSync(source, join(folder, name), { recursive: true });
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The objects of one Flux Kustomization; what its substituteFrom would bring comes from `settings`. */
function build(
  folder: string,
  kustomization: FluxKustomization,
  settings: Readonly<Record<string, string>>,
): readonly KubernetesObject[] {
  const { postBuild } = kustomization.spec;
  const substitute = { ...(postBuild?.substituteFrom ? settings : {}), ...postBuild?.substitute };
  const file = join(folder, "flux.yaml");
  writeFileSync(file, stringify({ ...kustomization, spec: { ...kustomization.spec, postBuild: { substitute } } }));
  const output = execFileSync(fluxBuildPrograms[0]!, [folder, file], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return parseAllDocuments(output).flatMap((document) =>
    document.contents === null ? [] : [document.toJS() as KubernetesObject],
  );
}
