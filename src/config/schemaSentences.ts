/** What zod found wrong, as sentences for the user: key path, value, and what is allowed. */
import type { z } from "zod";
import { didYouMean, type KeyPath, keyPath, lengthOf, shown } from "./keyPath";
import { type Shape, shapeAt, valueAt, variantOf } from "./shape";

type Issue = z.core.$ZodIssue;

/**
 * Sentences for the issues found in `root`; those on values under the top-level keys in `secretKeys` show neither the
 * value nor anything made from it.
 */
export function schemaSentences(issues: readonly Issue[], root: unknown, secretKeys: ReadonlySet<string>): string[] {
  const misspelt = new Set(
    issues.flatMap((issue) =>
      issue.code === "unrecognized_keys" ? misspeltKeys(pathOf(issue), issue.keys, root) : [],
    ),
  );
  // A required key that was merely misspelt is one error, not two.
  return issues
    .filter((issue) => !misspelt.has(keyPath(pathOf(issue))))
    .flatMap((issue) => sentencesOf(issue, root, secretKeys.has(String(issue.path[0]))));
}

function pathOf(issue: Issue): (string | number)[] {
  return issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
}

/** Paths of the absent keys of the section at `path` that the unknown `keys` are probably meant to be. */
function misspeltKeys(path: KeyPath, keys: readonly string[], root: unknown): string[] {
  const parent = shapeAt(path, root);
  const section = parent?.kind === "variants" ? variantOf(parent, valueAt(path, root)) : parent;
  const known = section?.kind === "section" ? Object.keys(section.keys) : [];
  return keys.flatMap((key) => {
    const near = didYouMean(key, known);
    return near !== undefined && valueAt([...path, near], root) === undefined ? [keyPath([...path, near])] : [];
  });
}

function sentencesOf(issue: Issue, root: unknown, secret: boolean): string[] {
  const path = pathOf(issue);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(path, key, root));
  if (issue.code === "invalid_key") {
    return [
      `${keyPath(path.slice(0, -1))} has the key ${shown(path.at(-1))}, but a key ${issue.issues[0]?.message ?? "must be text"}.`,
    ];
  }
  const value = valueAt(path, root);
  const shape = shapeAt(path, root);
  if (value === undefined) return [missing(path, shape)];
  if (shape?.kind === "text" && shape.format === "secret")
    return [ended(`${keyPath(path)} is [secret] but ${issue.message}`)];
  if (secret && value !== null)
    return [
      `${keyPath(path)} is [secret] but is not a valid ${shape?.kind === "text" ? shape.format : String(shape?.kind)}; see docs/configuration.md.`,
    ];
  const isHidden = shape?.kind === "text" && shape.neverShown === true && typeof value === "string";
  return [
    ended(
      `${keyPath(path)} is ${isHidden ? lengthOf(value) : shown(value)} but ${issue.message}${suggestion(value, shape)}`,
    ),
  ];
}

function missing(path: KeyPath, shape: Shape | undefined): string {
  const description = (shape?.description ?? "").replace(/\.$/, "");
  const choices = shape && "choices" in shape && shape.choices ? ` One of: ${shape.choices.join(", ")}.` : "";
  const keys =
    shape?.kind === "section"
      ? ` Keys it needs: ${requiredKeys(shape)}.`
      : shape?.kind === "variants"
        ? ` Keys it needs: kind.`
        : "";
  return ended(`${keyPath(path)} is required but missing: ${description}`) + choices + keys;
}

function requiredKeys(shape: Extract<Shape, { kind: "section" }>): string {
  return Object.keys(shape.keys)
    .filter((key) => shape.keys[key]?.required)
    .join(", ");
}

function unknownKey(path: KeyPath, key: string, root: unknown): string {
  const parent = shapeAt(path, root);
  const name = `${keyPath([...path, key])} is not a known key`;
  if (parent?.kind === "variants") {
    const chosen = variantOf(parent, valueAt(path, root));
    const others = Object.keys(parent.variants).filter((kind) => Object.hasOwn(parent.variants[kind]?.keys ?? {}, key));
    const kind = String(valueAt([...path, "kind"], root));
    if (others.length > 0)
      return `${name} of kind ${kind}; it belongs to kind ${others.join(" and ")}, so remove it or change ${keyPath([...path, "kind"])}.`;
    return `${name} of kind ${kind}; ${alternatives(key, Object.keys(chosen?.keys ?? {}))}`;
  }
  return `${name}; ${alternatives(key, parent?.kind === "section" ? Object.keys(parent.keys) : [])}`;
}

function alternatives(key: string, known: readonly string[]): string {
  const near = didYouMean(key, known);
  return near === undefined ? `known here: ${known.join(", ")}.` : `did you mean ${near}?`;
}

function suggestion(value: unknown, shape: Shape | undefined): string {
  if (shape?.kind !== "text" || !shape.choices || typeof value !== "string") return "";
  const near = didYouMean(value, shape.choices);
  return near === undefined ? "" : `; did you mean ${near}?`;
}

function ended(sentence: string): string {
  return /[.?]$/.test(sentence) ? sentence : `${sentence}.`;
}
