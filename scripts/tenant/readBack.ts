/**
 * What becomes of a text that Flux puts into a manifest: it stands there without quotes and is read as YAML 1.1, in
 * which `on` is true, `010` is eight and what follows ` #` is a comment.
 */
import { isAlias, parseDocument } from "yaml";

/** The value that Flux reads; undefined where the text is no YAML. */
export function readByFlux(text: string, version: "1.1" | "1.2" = "1.1"): unknown {
  const document = parseDocument(text, { version, logLevel: "silent" });
  // An alias to nothing is found only when it is followed.
  if (document.errors.length > 0 || isAlias(document.contents)) return undefined;
  return document.toJS() as unknown;
}

/**
 * Whether the text is read as itself. Where a manifest takes a number too, one with the same digits is as good. Flux's
 * parser also knows the numbers of YAML 1.2 (0o17), and `$` begins its own substitutions.
 */
export function isReadAsItself(text: string, isNumberAllowed: boolean): boolean {
  const isSame = (value: unknown) =>
    value === text || (isNumberAllowed && typeof value === "number" && String(value) === text);
  return !text.includes("$") && (["1.1", "1.2"] as const).every((version) => isSame(readByFlux(text, version)));
}
