/** The files of exports, as text. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../src/engine/messageOf";

interface ExportFiles {
  readonly files: readonly { readonly file: string; readonly content: string }[];
  /** Sentences about what cannot be read. */
  readonly problems: readonly string[];
}

/** Files, and all files of folders. Throws a sentence where a path leads nowhere. */
export function readFiles(paths: readonly string[]): ExportFiles {
  const absent = paths.filter((path) => !existsSync(path));
  if (absent.length > 0) throw new Error(`There is no ${absent.join(", ")}; name files or folders of exports.`);
  const parts = paths.map((path) => (statSync(path).isDirectory() ? readFolder(path) : readText(path)));
  return { files: parts.flatMap(({ files }) => files), problems: parts.flatMap(({ problems }) => problems) };
}

function readFolder(folder: string): ExportFiles {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const isExport = (file: string) => /\.(ya?ml|json)$/i.test(file);
  const parts = found.filter(isExport).map(readText);
  const problems = [
    ...(parts.length === 0 ? [`${folder} has no file .yaml, .yml or .json.`] : []),
    ...found
      .filter((file) => !isExport(file))
      .map((file) => `${file} is passed over; if it is an export, let its name end with .yaml or .json.`),
  ];
  return {
    files: parts.flatMap(({ files }) => files),
    problems: [...parts.flatMap((part) => part.problems), ...problems],
  };
}

/** UTF-8, or what a shell of Windows writes. */
function readText(file: string): ExportFiles {
  try {
    const bytes = readFileSync(file);
    const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8";
    return { files: [{ file, content: new TextDecoder(encoding, { fatal: true }).decode(bytes) }], problems: [] };
  } catch (error) {
    const isText = error instanceof TypeError;
    const reason = isText ? "it is no text in UTF-8" : messageOf(error).replace(/, (open|read).*$/, "");
    return { files: [], problems: [`${file} cannot be read: ${reason}. Export again.`] };
  }
}
