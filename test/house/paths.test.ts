/**
 * Paths of this repository that comments and documentation name. One that begins with a folder of the repository must
 * exist, or be the beginning of a file's path as in docs/decisions/0008; the name of a script, a page or a file of
 * TypeScript must be the end of a path. Code is not looked at: the compiler or a test misses a file that it names.
 */
import { existsSync } from "node:fs";
import * as path from "node:path";
import { repositoryFolder, textFiles } from "../docs/textFiles";

const all = textFiles(() => true).map((file) => file.path);
const roots = [...new Set(all.filter((file) => file.includes("/")).map((file) => file.split("/")[0] as string))];

/** The lines of a file in which somebody talks. */
function prose(file: string, lines: readonly string[]): readonly string[] {
  if (file.endsWith(".md")) return lines;
  if (/\.(ts|js)$/.test(file))
    return lines.map((line) => /^\s*(?:\/\*\*|\*|\/\/)(.*)|\s\/\/ (.*)$/.exec(line)?.[0] ?? "");
  if (/\.(sh|ya?ml|py)$/.test(file)) return lines.map((line) => /(?:^|\s)#\s(.*)$/.exec(line)?.[1] ?? "");
  return [];
}

/** Tells of the past, and is written when a release is: docs/capabilities.md is due then. */
const notLookedAt = ["CHANGELOG.md", "docs/capabilities.md"];

const exists = (name: string) => existsSync(path.join(repositoryFolder, name));
const isBeginning = (name: string) =>
  all.some((file) => file.startsWith(name) && !/[a-z0-9]/.test(file[name.length] ?? ""));
const isEnding = (name: string) => all.some((file) => file === name || file.endsWith(`/${name}`));

function missing(file: string, line: string): string[] {
  const words = line.match(/(?<![\w./@:<$~{}-])[\w-][\w.-]*(?:\/[\w.-]+)*\/?/g) ?? [];
  return words
    .map((word) => word.replace(/[.]+$/, ""))
    .filter((word) => {
      if (roots.some((root) => word.startsWith(`${root}/`))) return !exists(word) && !isBeginning(word);
      return /\.(ts|sh|md)$/.test(word) && !isEnding(word) && !exists(path.join(path.dirname(file), word));
    });
}

describe("paths in comments and documentation", () => {
  it("exist", () => {
    const dead = textFiles((file) => !notLookedAt.includes(file)).flatMap(({ path: file, lines }) =>
      prose(file, lines).flatMap((line, index) => missing(file, line).map((word) => `${file}:${index + 1} ${word}`)),
    );
    expect(dead).toEqual([]);
  });
});
