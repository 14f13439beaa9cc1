/**
 * Takes secrets out of what is handed to others: by value, where this computer knows them, by their form, and by the
 * name that they go by. Too much is taken out rather than too little.
 */
import { gunzipSync } from "node:zlib";
import { blockKey, dataKey, forms, isSecretFlag, isSecretName, leads, mark } from "./secretForms";

export const redacted = "(left out)";

/** @param known Secrets that this computer knows: they go out whatever they look like, encoded as well. */
export function withoutSecrets(text: string, known: readonly string[] = []): string {
  return cleaned(text, encodings(known)).replaceAll(mark, redacted);
}

/** The object less values of variables, of Helm charts and of Secrets; texts within it as `withoutSecrets` has them. */
export function objectWithoutSecrets(value: unknown, known: readonly string[] = []): unknown {
  return shown(cleanedObject(value, encodings(known)));
}

const shown = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null).replaceAll(mark, redacted)) as unknown;

/** Longest first: one may contain another. */
function encodings(known: readonly string[]): readonly string[] {
  return known
    .filter((value) => value.length >= 6)
    .flatMap((value) => [
      value,
      Buffer.from(value).toString("base64"),
      encodeURIComponent(value),
      JSON.stringify(value).slice(1, -1),
    ])
    .sort((a, b) => b.length - a.length);
}

/** Colours of a terminal: they would stand between a name and its value. */
const colours = /(?:\u001b|\\u001b|\\x1b|\\033)\[[0-9;]*m/g;

/** With marks in the place of secrets. */
function cleaned(text: string, known: readonly string[]): string {
  const plain = known.reduce((left, value) => left.replaceAll(value, mark), text.replace(colours, ""));
  const withoutBlocks = withoutYamlBlocks(withoutKeyEnds(withoutJson(plain, known)));
  const shaped = forms.reduce((left, form) => left.replace(form, mark), withoutBlocks);
  const named = leads.reduce((left, lead) => left.replace(lead, keepingQuotes), shaped);
  return withoutEncoded(named, known);
}

function keepingQuotes(all: string, lead: string): string {
  const value = all.slice(lead.length);
  const [quote = ""] = /^(?:\\*["']|&quot;|&#3[49];|%22)/.exec(value) ?? [];
  return value.length > quote.length && value.endsWith(quote) ? `${lead}${quote}${mark}${quote}` : `${lead}${mark}`;
}

/** Bytes of a document beyond which it is taken line by line. */
const mostJson = 8_000_000;

/** Documents of JSON, and lines that end with one: their texts may hold documents again. */
function withoutJson(text: string, known: readonly string[]): string {
  if (!/[[{]/.test(text)) return text;
  const whole = text.length < mostJson && /^\s*[[{]/.test(text) ? cleanedJson(text, known) : undefined;
  if (whole !== undefined) return whole;
  return text
    .split("\n")
    .map((line) => {
      const start = line.search(/\{"|\[[{"]/);
      if (start < 0 || !/[}\]]\s*$/.test(line)) return line;
      return line.slice(0, start) + (cleanedJson(line.slice(start), known) ?? line.slice(start));
    })
    .join("\n");
}

/** Undefined where it is none. What holds no secret keeps each of its signs. */
function cleanedJson(text: string, known: readonly string[]): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const before = JSON.stringify(value);
    const after = JSON.stringify(cleanedObject(value, known));
    return before === after ? text : after;
  } catch {
    return undefined;
  }
}

/** The end of a private key whose beginning stands before the text: a log shows its last lines only. */
function withoutKeyEnds(text: string): string {
  if (!/-----END [A-Z0-9 ]*PRIVATE KEY/.test(text)) return text;
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    if (!/-----END [A-Z0-9 ]*PRIVATE KEY/.test(line) || line.includes("-----BEGIN")) continue;
    let first = index;
    while (first > 0 && /[A-Za-z0-9+/=]{16,}\s*$/.test(lines[first - 1] ?? "")) first--;
    if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(lines[first - 1] ?? "")) continue;
    lines.fill(mark, first, index);
  }
  return lines.join("\n");
}

const indentOf = (line: string): number => line.search(/\S|$/);

/** What lies below a key of YAML that holds a secret: a block of text, a list, a map, the rest of a long text. */
function withoutYamlBlocks(text: string): string {
  if (!text.includes("\n")) return text;
  const holdsSecret = /\bkind["']?\s*:\s*["']?Secret\b/.test(text);
  const kept: string[] = [];
  let below: { readonly indent: number; readonly isItem: boolean } | undefined;
  for (const line of text.split("\n")) {
    if (below !== undefined) {
      const indent = indentOf(line);
      const isBelow =
        indent > below.indent ||
        line.trim() === "" ||
        (indent === below.indent && !below.isItem && /^\s*- /.test(line));
      if (isBelow) {
        const isFirst = kept.at(-1)?.trim() !== mark;
        if (isFirst && line.trim() !== "") kept.push(`${" ".repeat(below.indent + 2)}${mark}`);
        continue;
      }
      below = undefined;
    }
    const found = blockKey.exec(line) ?? (holdsSecret ? dataKey.exec(line) : null);
    const indent = found?.groups?.indent;
    if (indent !== undefined) below = { indent: indent.length, isItem: indent.includes("-") };
    kept.push(line);
  }
  return kept.join("\n");
}

/** Base64, in lines as well, of a text that holds a secret. */
function withoutEncoded(text: string, known: readonly string[]): string {
  const judged = (encoded: string) => (holdsSecret(encoded, known) ? mark : encoded);
  return text
    .replace(/(?:[A-Za-z0-9+/]{64}\r?\n[ \t]*)+[A-Za-z0-9+/]{1,64}={0,2}/g, judged)
    .replace(/(?:[A-Za-z0-9+/]{76}\r?\n[ \t]*)+[A-Za-z0-9+/]{1,76}={0,2}/g, judged)
    .replace(/[A-Za-z0-9+/_-]{24,}={0,2}/g, judged);
}

/** Bytes that what is compressed may have. */
const mostPlain = 1 << 24;

function holdsSecret(encoded: string, known: readonly string[]): boolean {
  const bytes = Buffer.from(encoded.replace(/\s/g, ""), "base64");
  const content = bytes[0] === 0x1f && bytes[1] === 0x8b ? unzipped(bytes) : bytes;
  if (content === undefined) return true;
  // What is not compressed and no text is a key, a certificate or a digest: nobody can tell.
  const text = content.toString("latin1").replaceAll("\0", "");
  const strange = text.replace(/[\t\n\r\x20-\x7e\xa0-\xff]/g, "").length;
  return strange === 0 && cleaned(text, known) !== text;
}

/** Undefined where it is cut off or too large. */
function unzipped(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: mostPlain });
  } catch {
    return undefined;
  }
}

/** Parts of an object that may hold anything, and are of little use to who helps; of Nova with its prefix. */
const opaque = /^(?:kubectl\.kubernetes\.io\/last-applied-configuration|managedFields|(?:.*:)?user_?data)$/i;
/** What an object of a secret's name may say of where the secret is. */
const whereabouts = /^(?:name|namespace|kind|apiVersion|key|path|secretName|type)$/;

/** @param isInSecret Whether the value is part of one that goes by the name of a secret. */
function cleanedObject(value: unknown, known: readonly string[], isInSecret = false): unknown {
  if (typeof value === "string") return isInSecret && value !== "" ? mark : cleaned(value, known);
  if (Array.isArray(value))
    return value.map((item: unknown, index) => {
      const before: unknown = value[index - 1];
      const isArgument = typeof item === "string" && typeof before === "string" && isSecretFlag(before);
      return isArgument ? mark : cleanedObject(item, known, isInSecret);
    });
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(fields).map(([key, inner]) => {
      const isSecret = isSecretName(key);
      const clear = cleanedObject(inner, known, isSecret || (isInSecret && !whereabouts.test(key)));
      return [cleaned(key, known), isHidden(fields, key) || (isSecret && typeof inner === "number") ? mark : clear];
    }),
  );
}

function isHidden(fields: Readonly<Record<string, unknown>>, key: string): boolean {
  const { kind, key: itsKey } = fields;
  return (
    opaque.test(key) ||
    (key === "value" && ("name" in fields || (typeof itsKey === "string" && isSecretName(itsKey)))) ||
    (key === "values" && ("chart" in fields || "chartRef" in fields)) ||
    (kind === "Secret" && ["data", "stringData"].includes(key))
  );
}
