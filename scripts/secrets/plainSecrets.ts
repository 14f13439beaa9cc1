/**
 * Finds what must never be committed in the clear: Secrets that sops has not encrypted, generators of Secrets, and
 * private keys.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseAllDocuments } from "yaml";

const remedy = 'encrypt it with sops (docs/gitops.md, "Secrets"), in a file that ends with .sops.yaml';
/** A value that Flux puts in from an encrypted Secret of the cluster: nothing stands in Git but its name. */
const substituted = /^\$\{[A-Z_]+\}$/;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----|AGE-SECRET-KEY-1[0-9A-Z]+/;

/**
 * A sentence per finding in the files under `folder`; none shows a secret. Only files that Git would not ignore by name
 * are of interest, so all are read.
 */
export function plainSecretsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((file) => plainSecretsIn(readFileSync(file, "utf8"), relative(folder, file)));
}

/** A sentence per finding in the text of one file. */
export function plainSecretsIn(content: string, file: string): string[] {
  if (privateKey.test(content))
    return [`${file} holds a private key; remove it from Git's history too, and make a new one.`];
  if (!/\.(ya?ml|json)$/.test(file)) return [];
  return parseAllDocuments(content, { logLevel: "silent" }).flatMap((document) => {
    // A file that is not YAML fails the build of the manifests; what it would have held can be told only roughly.
    if (document.errors.length > 0)
      return /kind:\s*Secret\b/.test(content) ? [`${file} is not YAML, yet speaks of a Secret; mend it.`] : [];
    return findings(document.toJS(), file);
  });
}

interface Manifest {
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: unknown };
  readonly data?: unknown;
  readonly stringData?: unknown;
  readonly items?: unknown;
  readonly secretGenerator?: unknown;
  readonly sops?: { readonly mac?: unknown };
}

function findings(value: unknown, file: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  const manifest = value as Manifest;
  if (Array.isArray(manifest.items)) return manifest.items.flatMap((item) => findings(item, file));
  if (manifest.secretGenerator !== undefined)
    return [`${file} has a secretGenerator, whose values stand in the clear; write a Secret and ${remedy}.`];
  if (manifest.kind !== "Secret") return [];
  const values = [manifest.data, manifest.stringData]
    .flatMap((part) =>
      typeof part === "object" && part !== null ? Object.entries(part as Record<string, unknown>) : [],
    )
    .filter(([, text]) => typeof text !== "string" || !substituted.test(text));
  const plain = values.filter(([, text]) => typeof text !== "string" || !text.startsWith("ENC[")).map(([key]) => key);
  const name = String(manifest.metadata?.name);
  if (plain.length > 0) return [`${file}: the Secret ${name} has ${plain.join(", ")} in the clear; ${remedy}.`];
  if (values.length > 0 && typeof manifest.sops?.mac !== "string")
    return [`${file}: the Secret ${name} looks encrypted but has lost sops' own section; ${remedy}.`];
  return file.endsWith(".sops.yaml") || values.length === 0
    ? []
    : [`${file} holds an encrypted Secret; call the file *.sops.yaml, so that sops encrypts it again after an edit.`];
}
