/** Key paths and values as a user reads and types them. */
import { counted } from "./counted";
import { closest, distance } from "fastest-levenshtein";
import { holdsPrivateKey } from "./keyForms";

export type KeyPath = readonly (string | number)[];

/** A path as in `pulumi config set --path '...'`, for instance `nodePools[0].labels["example.org/tier"]`. */
export function keyPath(path: KeyPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) return text === "" ? step : `${text}.${step}`;
    return `${text}[${JSON.stringify(step)}]`;
  }, "");
}

/** Longest text shown whole, in characters. */
const longestShown = 80;

/** A value for a sentence: short, on one line, and without what may be secret (PEM blocks, passwords within URLs). */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a map";
  if (typeof value !== "string") return `${value as number | boolean}`;
  if (holdsPrivateKey(value) || value.includes("-----BEGIN") || value.includes("\n")) return lengthOf(value);
  // Everything up to the last "@": a token may stand in the place of the user, and a password may hold an "@" itself.
  const masked = value.includes("://") ? value.replace(/:\/\/.*@/, "://***@") : value.replace(/^[^/]*:.*@/, "***@");
  return masked.length > longestShown
    ? `${JSON.stringify(masked.slice(0, longestShown)).slice(0, -1)}..."`
    : JSON.stringify(masked);
}

/** What is shown of a text that may be secret. */
export const lengthOf = (text: string): string => `a text of ${counted(text.length, "character")}`;

/** The known word that `word` is probably meant to be; undefined when none is near. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || word.length > 64) return undefined;
  const lower = word.toLowerCase();
  const byLower = new Map(known.map((candidate) => [candidate.toLowerCase(), candidate]));
  const near = closest(lower, [...byLower.keys()]);
  // A third of the letters may be wrong, and two letters swapped (which counts as two) in any word that is not tiny.
  const shortest = Math.min(near.length, lower.length);
  return distance(lower, near) <= Math.max(shortest < 4 ? 1 : 2, Math.floor(shortest / 3))
    ? byLower.get(near)
    : undefined;
}
