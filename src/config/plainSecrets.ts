/** Secrets that stand in a stack file for all to read: one rule for the file and for what the engine hands over. */
import { type KeyPath, keyPath } from "./keyPath";
import { encryptedPlaceholder } from "./schema/primitives";
import { type Section, shapeAt, shapeOfCluster } from "./shape";
import { inWantedForm, isMapping } from "./textForms";

/** What the reader of a stack file found wrong with one key. */
export interface KeyProblem {
  readonly path: KeyPath;
  readonly sentence: string;
  /** Whether the value could not be read, so that nothing else can be said about it. */
  readonly unread: boolean;
}

/** The secrets and the URLs with a password among `values`, keys of our namespace that are not encrypted. */
export function plainSecrets(values: Readonly<Record<string, unknown>>): KeyProblem[] {
  const shape: Section = shapeOfCluster();
  const root = inWantedForm(values, shape);
  const within = (value: unknown, path: KeyPath): KeyProblem[] => {
    if (Array.isArray(value)) return value.flatMap((item, index) => within(item, [...path, index]));
    if (isMapping(value)) return Object.entries(value).flatMap(([key, item]) => within(item, [...path, key]));
    return typeof value === "string" && isPlainSecret(value, path, root)
      ? [{ path, sentence: inTheClear(keyPath(path)), unread: false }]
      : [];
  };
  return within(root, []);
}

function isPlainSecret(value: string, path: KeyPath, root: unknown): boolean {
  const shape = shapeAt(path, root);
  if (shape?.kind !== "text" || value === encryptedPlaceholder) return false;
  if (shape.format === "secret") return true;
  // Elsewhere a password in a URL is refused outright.
  return shape.credentials === true && URL.canParse(value) && new URL(value).password !== "";
}

function inTheClear(key: string): string {
  return `${key} is a secret but stands in the clear; replace what it opens, then set it by \`pulumi config set --secret --path ${key}\`.`;
}
