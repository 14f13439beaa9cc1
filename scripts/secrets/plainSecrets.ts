/**
 * Finds what must never be committed in the clear: Secrets that sops has not encrypted, wherever in a file they stand
 * (a patch, a chart's values, an annotation), generators of Secrets, passwords and private keys.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseAllDocuments } from "yaml";
import { isMapping } from "../../src/config/textForms";

const remedy = 'encrypt it with sops (docs/gitops.md, "Secrets"), in a file that ends with .sops.yaml';
/** A value that Flux puts in from an encrypted Secret of the cluster: nothing stands in Git but its name. */
const substituted = /^\$\{[A-Z_]+\}$/;
/** `$${NAME}` stays `${NAME}` behind Flux: a program fills it in from its environment. */
const filledIn = /^\$?\$\{[A-Za-z_]+\}$/;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----|AGE-SECRET-KEY-1[0-9A-Z]+/;
const base64 = /[A-Za-z0-9+/]{40,}={0,2}/g;
/** Ends of names whose value opens something, without hyphens and underscores. */
const secretName =
  /(password|passwd|passphrase|token|apikey|accesskey|secretkey|privatekey|clientsecret|webhookurl|dockerconfigjson)$/;
/** Tokens by their form: GitLab's, GitHub's, Slack's, AWS's, and the addresses of Slack's web hooks. */
const knownToken =
  /\b(glpat-[\w-]{20}|gh[pousr]_\w{36}|github_pat_\w{22}|xox[abprs]-\w{10}|AKIA[A-Z0-9]{16}\b)|hooks\.slack\.com\/services\/T/;
/** user:password@host. */
const passwordInUrl = /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:([^\s/@]+)@/i;

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
  const decoded = [...content.matchAll(base64)].map(([text]) => Buffer.from(text, "base64").toString("latin1"));
  if ([content, ...decoded].some((text) => privateKey.test(text)))
    return [`${file} holds a private key; remove it from Git's history too, and make a new one.`];
  if (!/\.(ya?ml|json)$/.test(file)) return [];
  return parseAllDocuments(content, { logLevel: "silent" }).flatMap((document) => {
    // A file that is not YAML fails the build of the manifests; what it would have held can be told only roughly.
    if (document.errors.length > 0)
      return /kind:\s*Secret\b/.test(content) ? [`${file} mentions a Secret but is not valid YAML; correct it.`] : [];
    return findings(document.toJS(), file, []);
  });
}

type Path = readonly (string | number)[];

/** Below `path` of the file: the object itself, what it patches, and all that stands in it, texts of YAML too. */
function findings(value: unknown, file: string, path: Path): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => findings(item, file, [...path, index]));
  if (!isMapping(value)) return inText(value, file, path);
  if (value.secretGenerator !== undefined)
    return [`${file} has a secretGenerator, whose values stand in the clear; write a Secret and ${remedy}.`];
  const own = [...inSecret(value, file), ...inPatchOfSecret(value, file), ...inVariable(value, file, path)];
  return [
    ...own,
    ...Object.entries(value)
      // A Secret's values are judged above, and sops' own section holds nothing to read.
      .filter(([key]) => !(value.kind === "Secret" && ["data", "stringData", "sops"].includes(key)))
      .flatMap(([key, inner]) => findings(inner, file, [...path, key])),
  ];
}

function inSecret(manifest: Readonly<Record<string, unknown>>, file: string): string[] {
  if (manifest.kind !== "Secret") return [];
  const values = [manifest.data, manifest.stringData]
    .flatMap((part) => (isMapping(part) ? Object.entries(part) : []))
    .filter(([, text]) => typeof text !== "string" || !substituted.test(text));
  const plain = values.filter(([, text]) => !isEncrypted(text)).map(([key]) => key);
  const name = isMapping(manifest.metadata) ? String(manifest.metadata.name) : "without a name";
  if (plain.length > 0) return [`${file}: the Secret ${name} has ${plain.join(", ")} in the clear; ${remedy}.`];
  if (values.length > 0 && !(isMapping(manifest.sops) && typeof manifest.sops.mac === "string"))
    return [`${file}: the Secret ${name} looks encrypted but has lost sops' own section; ${remedy}.`];
  return file.endsWith(".sops.yaml") || values.length === 0
    ? []
    : [`${file} holds an encrypted Secret; call the file *.sops.yaml, so that sops encrypts it again after an edit.`];
}

/** A JSON patch whose target is a Secret: its operations name no kind. */
function inPatchOfSecret({ target, patch }: Readonly<Record<string, unknown>>, file: string): string[] {
  if (!isMapping(target) || target.kind !== "Secret") return [];
  const operations = typeof patch === "string" ? parsed(patch) : [patch];
  return operations
    .flat()
    .filter(isMapping)
    .filter(({ path, value }) => /^\/(data|stringData)\b/.test(String(path)) && value !== undefined)
    .map(
      ({ path }) => `${file}: a patch of a Secret has ${String(path)} in the clear; write the Secret and ${remedy}.`,
    );
}

/** `{name: DB_PASSWORD, value: ...}`, as containers have them. */
function inVariable({ name, value }: Readonly<Record<string, unknown>>, file: string, path: Path): string[] {
  return typeof name === "string" && opens(name, value) ? [inTheClear(file, [...path, name])] : [];
}

function inText(value: unknown, file: string, path: Path): string[] {
  const name = path.findLast((key) => typeof key === "string") ?? "";
  if (typeof path.at(-1) === "string" && opens(name, value)) return [inTheClear(file, path)];
  if (typeof value !== "string") return [];
  const [, password = "$"] = passwordInUrl.exec(value) ?? [];
  if (!password.startsWith("$") || knownToken.test(value)) return [inTheClear(file, path)];
  // `literals: [DB_PASSWORD=...]` of a configMapGenerator.
  const [, variable = "", text = ""] = /^([\w.-]+)=(.*)$/.exec(value) ?? [];
  if (opens(variable, text)) return [inTheClear(file, [...path, variable])];
  return /^\s*[[{]|\n/.test(value)
    ? parsed(value).flatMap((inner) => (typeof inner === "object" ? findings(inner, file, path) : []))
    : [];
}

const inTheClear = (file: string, path: Path): string =>
  `${file}: ${path.join(".")} has a password or token in the clear; take it from a Secret, and ${remedy}.`;

/** Whether `value` opens something, by the name that it goes by. */
const opens = (name: string, value: unknown): boolean =>
  secretName.test(name.toLowerCase().replace(/[-_]/g, "")) &&
  (typeof value === "number" || (typeof value === "string" && value !== "" && !filledIn.test(value))) &&
  !isEncrypted(value);

const isEncrypted = (value: unknown): boolean => typeof value === "string" && value.startsWith("ENC[");

/** The documents of a text that is YAML or JSON; none of another. */
export function parsed(text: string): unknown[] {
  return parseAllDocuments(text, { logLevel: "silent" }).flatMap((document) =>
    document.errors.length > 0 ? [] : [document.toJS() as unknown],
  );
}
