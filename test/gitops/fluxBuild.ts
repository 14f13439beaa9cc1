/** What Flux would apply of gitops/, by Flux's own libraries, for a stack whose cluster-settings are known. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
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
    readonly postBuild?: { readonly substitute?: Record<string, string>; readonly substituteFrom?: readonly unknown[] };
  };
}

/**
 * The Flux Kustomizations of a stack: those of its folder, and those that these make in turn (tenants, choices). By
 * name, with the objects of each. What comes from another source than this repository is not built. `chosen`: settings
 * beside those of the stack; `only`: these files of the folder.
 */
export function buildStack(
  stack: Stack,
  chosen: Readonly<Record<string, string>> = {},
  only?: readonly string[],
): ReadonlyMap<string, readonly KubernetesObject[]> {
  const folder = mkdtempSync(join(tmpdir(), "fluxbuild-"));
  try {
    cpSync(gitopsFolder, join(folder, "gitops"), { recursive: true });
    const built = new Map<string, readonly KubernetesObject[]>();
    const pending: FluxKustomization[] = (
      only?.map((name) => `${name}.yaml`) ?? readdirSync(join(gitopsFolder, "clusters", stack))
    ).map((file) => parse(readFileSync(join(gitopsFolder, "clusters", stack, file), "utf8")) as FluxKustomization);
    for (let next = pending.shift(); next; next = pending.shift()) {
      const objects = build(folder, next, { ...clusterSettings(stack), ...chosen });
      built.set(next.metadata.name, objects);
      const made = objects.filter(
        ({ kind, metadata }) => kind === "Kustomization" && metadata.namespace === "flux-system",
      ) as unknown as FluxKustomization[];
      // The option `none` is an empty folder: nothing to build.
      pending.push(
        ...made.filter(({ spec }) => spec.sourceRef?.name === "flux-system" && !spec.path.endsWith("/none")),
      );
    }
    return built;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The objects of one Flux Kustomization of a stack's folder, with settings of the test's choice. */
export function buildPart(
  stack: Stack,
  name: string,
  settings: Readonly<Record<string, string>>,
): readonly KubernetesObject[] {
  const folder = mkdtempSync(join(tmpdir(), "fluxbuild-"));
  try {
    cpSync(gitopsFolder, join(folder, "gitops"), { recursive: true });
    const file = join(gitopsFolder, "clusters", stack, `${name}.yaml`);
    return build(folder, parse(readFileSync(file, "utf8")) as FluxKustomization, settings);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The objects of one Flux Kustomization; what its substituteFrom would bring comes from `settings`. */
function build(
  root: string,
  kustomization: FluxKustomization,
  settings: Readonly<Record<string, string>>,
): readonly KubernetesObject[] {
  const { postBuild } = kustomization.spec;
  const substitute = { ...(postBuild?.substituteFrom ? settings : {}), ...postBuild?.substitute };
  const file = join(root, "kustomization.yaml");
  writeFileSync(file, stringify({ ...kustomization, spec: { ...kustomization.spec, postBuild: { substitute } } }));
  const output = execFileSync(fluxBuildPrograms[0]!, [root, file], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return parseAllDocuments(output).flatMap((document) =>
    document.contents === null ? [] : [document.toJS() as KubernetesObject],
  );
}
