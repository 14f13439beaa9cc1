/**
 * The commands in docs/runbooks, block by block. What a test runs is what an operator reads: a block says above itself
 * which test runs it, when somebody saw it work, or that nobody has executed it yet.
 */
import { readdirSync, readFileSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { repositoryFolder } from "./textFiles";

interface CommandBlock {
  /** For instance docs/runbooks/destroy.md:12. */
  readonly place: string;
  /** What the comment above the block says; absent where there is none. */
  readonly marker: string | undefined;
  readonly commands: string;
}

/** Every runbook, relative to the repository. */
export function runbooks(): string[] {
  return readdirSync(join(repositoryFolder, "docs/runbooks"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/runbooks/${name}`)
    .sort();
}

/** The blocks of shell of a page, in their order. */
export function commandBlocks(page: string): CommandBlock[] {
  const text = readFileSync(join(repositoryFolder, page), "utf8");
  const block = /(?:^ *<!-- (?<marker>.*?) -->\n\s*?)?^(?<indent> *)```(?:ba)?sh\n(?<body>[\s\S]*?)^ *```$/gm;
  return [...text.matchAll(block)].map((match) => {
    const { marker, indent = "", body = "" } = match.groups ?? {};
    const line = text.slice(0, match.index + match[0].indexOf("```")).split("\n").length;
    return { place: `${page}:${line}`, marker, commands: body.replace(new RegExp(`^${indent}`, "gm"), "") };
  });
}

/** The blocks of `page` that say to be run by `test`, a file by its path in the repository or its `__filename`. */
export function commandsRunBy(test: string, page: string): string[] {
  const path = isAbsolute(test) ? relative(repositoryFolder, test) : test;
  const found = commandBlocks(page).flatMap(({ marker, commands }) => (marker === `run by ${path}` ? [commands] : []));
  if (found.length === 0) throw new Error(`${page} has no block of commands that ${path} runs`);
  return found;
}

/** The arguments of each call of pulumi that `test` runs, without the stack, which is the test's own. */
export function pulumiArgumentsRunBy(test: string, page: string): string[][] {
  return commandsRunBy(test, page)
    .flatMap((commands) => commands.split("\n"))
    .filter((line) => line.startsWith("pulumi "))
    .map((line) =>
      line
        .replace(/ --stack dev\b| dev$/, "")
        .split(" ")
        .slice(1),
    );
}
