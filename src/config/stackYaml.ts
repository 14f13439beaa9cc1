/** The YAML of a stack file: its mistakes in our words, and what YAML readers take for different values. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Document,
  type Node,
  parseDocument,
  type Scalar,
} from "yaml";
import { ConfigError } from "./configError";
import { type KeyPath, keyPath, shown } from "./keyPath";
import { isAmbiguous } from "./yamlReaders";

/** Throws a ConfigError when `content` is no YAML. */
export function parseStackYaml(content: string, file: string): Document {
  const markers = content
    .split("\n")
    .flatMap((line, index) => (/^(<{7}|={7}|>{7})( |\r?$)/.test(line) ? [index + 1] : []));
  if (/^<{7} /m.test(content) && markers.length > 1) {
    throw new ConfigError(file, [
      `${file} has merge-conflict markers at the lines ${markers.join(", ")}; decide between the two sides, then take the markers out.`,
    ]);
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(content, { lineCounter, merge: true, prettyErrors: false, logLevel: "error" });
  const lines = content.split("\n");
  const sentences = document.errors.map((error) => {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    const text = lines[line - 1] ?? "";
    const where = `${file} is not valid YAML at line ${line}, column ${col}${quoted(text)}`;
    switch (error.code) {
      case "DUPLICATE_KEY":
        return `${where}: the key ${keyAt(content, error.pos[0])} stands there a second time; remove one of the two.`;
      case "TAB_AS_INDENT":
        return `${where}: the line is indented with a tab; use spaces.`;
      case "BAD_INDENT":
        if (error.message.startsWith("Flow "))
          return `${where}: a list or map that begins above has no end; close it with ] or }, or indent what it holds.`;
        return misfit(where);
      case "BLOCK_AS_IMPLICIT_KEY":
      case "MULTILINE_IMPLICIT_KEY":
      case "UNEXPECTED_TOKEN":
        return misfit(where);
      default:
        return `${where}: ${error.message.replace(/\s+/g, " ").replace(/\.$/, "")}.`;
    }
  });
  // One wrong line often makes several errors; the first names the cause.
  const firstOfLine = document.errors.map((error) => lineCounter.linePos(error.pos[0]).line);
  const message = sentences.filter((_, index) => firstOfLine.indexOf(firstOfLine[index] ?? 0) === index);
  if (message.length > 0) throw new ConfigError(file, message);
  return document;
}

const misfit = (where: string) =>
  `${where}: the line does not fit what stands above it; check its indent, and that ": " follows each key.`;

/** A line as a part of a sentence, without its value, which may be secret; nothing where the line has no key. */
function quoted(line: string): string {
  const key = /^\s*(?:- +)?("[^"]*"|[A-Za-z][\w.:/-]*?)\s*:(?=\s|$)/.exec(line)?.[0].trim();
  return key === undefined ? "" : ` (${JSON.stringify(key === line.trim() ? key : `${key} ...`)})`;
}

function keyAt(content: string, position: number): string {
  const key = /^("[^"\n]*"|'[^'\n]*'|[^\n]*?)(?=\s*:(\s|$))/.exec(content.slice(position))?.[0] ?? "";
  return key.replace(/^["']|["']$/g, "");
}

/** A plain scalar that not every reader takes for the same value. */
interface Ambiguous {
  readonly path: KeyPath;
  readonly source: string;
  /** Whether it is the last step of the path, and not the value there. */
  readonly isKey: boolean;
}

/** The ambiguous scalars within `node`, which stands at `path`: values and keys. */
export function ambiguousScalars(node: unknown, path: KeyPath): Ambiguous[] {
  if (isMap(node)) {
    return node.items.flatMap(({ key, value }) => {
      const name = isScalar(key) ? String(key.source ?? key.value) : String(key);
      const within = ambiguousScalars(value, [...path, name]);
      return isScalar(key) && isAmbiguousScalar(key)
        ? [{ path: [...path, name], source: name, isKey: true }, ...within]
        : within;
    });
  }
  if (isSeq(node)) return node.items.flatMap((item, index) => ambiguousScalars(item as Node, [...path, index]));
  if (isAlias(node) || !isScalar(node) || !isAmbiguousScalar(node)) return [];
  return [{ path, source: String(node.source), isKey: false }];
}

const isAmbiguousScalar = ({ type, source }: Scalar) => type === "PLAIN" && source !== undefined && isAmbiguous(source);

/** What to do about an ambiguous scalar. */
export function ambiguousSentence({ path, source, isKey }: Ambiguous): string {
  const written = shown(source).replaceAll('"', "");
  return isKey
    ? `${keyPath(path.slice(0, -1))} has the key ${written} without quotes, which YAML readers take for something else; put it in quotes.`
    : `${keyPath(path)} is ${written} without quotes, which YAML readers take for something else; put it in quotes, or write the number plainly.`;
}
