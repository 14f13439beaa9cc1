/**
 * The tenants of a stack on disk: gitops/tenants/<stack>/*.yaml, and the namespaces that the platform keeps for itself.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { checkTenantFile } from "./tenantFile";

/** Folders of gitops/tenants that are no stack's: what all tenants are made from. */
const shared = ["base", "components"];

export const tenantFile = (gitops: string, stack: string, name: string): string =>
  join(gitops, "tenants", stack, `${name}.yaml`);

/** The stacks that have tenants: the folders of gitops/tenants. */
export function stacksOf(gitops: string): string[] {
  const tenants = join(gitops, "tenants");
  if (!existsSync(tenants)) throw new Error(`There is no ${tenants}; run this from the repository's root.`);
  return readdirSync(tenants, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !shared.includes(entry.name))
    .map(({ name }) => name)
    .sort();
}

/** Every problem of every tenant of every stack, each sentence after the file it is about. */
export function checkTenants(gitops: string): { readonly checked: number; readonly problems: readonly string[] } {
  const reserved = reservedNames(gitops);
  const results = stacksOf(gitops).flatMap((stack) =>
    readdirSync(join(gitops, "tenants", stack)).map((file) => {
      const shownPath = `gitops/tenants/${stack}/${file}`;
      if (!file.endsWith(".yaml")) return [`${shownPath}: Flux reads *.yaml here; rename or remove the file.`];
      const { sentences } = checkTenantFile(
        readFileSync(join(gitops, "tenants", stack, file), "utf8"),
        file.replace(/\.yaml$/, ""),
        reserved,
      );
      return sentences.map((sentence) => `${shownPath}: ${sentence}`);
    }),
  );
  return { checked: results.length, problems: results.flat() };
}

/** Names that are not a tenant's to have: those of the platform's namespaces, and those of its pages. */
export const reservedNames = (gitops: string): string[] => [...platformNamespaces(gitops), ...platformHosts(gitops)];

/** Namespaces that are Kubernetes' or Flux's, or made by gitops/infrastructure and gitops/options. */
export function platformNamespaces(gitops: string): string[] {
  const made = platformManifests(gitops)
    .flatMap((text) =>
      parseAllDocuments(text).map(
        (document) => document.toJS() as { kind?: string; metadata?: { name?: string } } | null,
      ),
    )
    .flatMap((object) =>
      object?.kind === "Namespace" && object.metadata?.name !== undefined ? [object.metadata.name] : [],
    );
  return ["default", "flux-system", "tigera-operator", "calico-system", "calico-apiserver", ...made];
}

/** The first labels of the platform's own hosts: a tenant of that name would answer in the page's place. */
export const platformHosts = (gitops: string): string[] => [
  ...new Set(
    platformManifests(gitops).flatMap((text) =>
      [...text.matchAll(/(?<![\w.-])([a-z0-9-]+)\.\$\{APPS_DOMAIN\}/g)].map(([, name = ""]) => name),
    ),
  ),
];

function platformManifests(gitops: string): string[] {
  return ["infrastructure", "options"].flatMap((folder) => {
    const root = join(gitops, folder);
    if (!existsSync(root)) return [];
    return readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".yaml"))
      .map((file) => readFileSync(join(root, file), "utf8"));
  });
}
