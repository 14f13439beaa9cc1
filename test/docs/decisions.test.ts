/** Whoever cites a decision leads to a page in docs/decisions, and the list there names every page by its title. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryFolder, textFiles } from "./textFiles";

const folder = join(repositoryFolder, "docs/decisions");
const pages = readdirSync(folder).filter((name) => name !== "README.md");
const numbers = pages.map((name) => name.slice(0, 4));
const text = textFiles((path) => /\.(ts|js|json|sh|py|md|ya?ml)$|^\.ci\//.test(path) && path !== "CHANGELOG.md");

/** `path:line match` for every match in the repository's text. */
function matches(pattern: RegExp): { readonly place: string; readonly found: string }[] {
  return text.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) =>
      [...line.matchAll(pattern)].map((match) => ({ place: `${path}:${index + 1}`, found: match[1] ?? match[0] })),
    ),
  );
}

describe("docs/decisions", () => {
  it("has pages that begin with a number each, and no number twice", () => {
    expect(pages.filter((name) => !/^\d{4}-[a-z0-9-]+\.md$/.test(name))).toEqual([]);
    expect(numbers).toEqual([...new Set(numbers)]);
  });

  it("is listed whole in its README, each page by its title", () => {
    const list = readFileSync(join(folder, "README.md"), "utf8").replace(/\n {2}/g, " ");
    const expected = pages.map((name) => {
      const [heading = ""] = readFileSync(join(folder, name), "utf8").split("\n", 1);
      return `- [${name.slice(0, 4)}](${name}) ${heading.replace(/^# \d{4} /, "")}`;
    });
    expect(list.split("\n").filter((line) => line.startsWith("- ["))).toEqual(expected);
  });

  it("has in each page a heading with its number, a context, a decision and consequences", () => {
    for (const name of pages) {
      const page = readFileSync(join(folder, name), "utf8");
      expect(page).toMatch(new RegExp(`^# ${name.slice(0, 4)} \\S`));
      for (const part of ["Context", "Decision", "Consequences"]) expect(page).toContain(`**${part}.**`);
    }
  });
});

describe("A citation of a decision", () => {
  it("names a page that exists", () => {
    const cited = [...matches(/docs\/decisions\/(\d+)/g), ...matches(/\]\([^)]*?(\d{4})-[a-z0-9-]+\.md/g)];
    expect(cited.length).toBeGreaterThan(20);
    expect(cited.filter(({ found }) => !numbers.includes(found))).toEqual([]);
  });

  it("is a path or a link, and no bare number", () => {
    expect(matches(/\b(?:decisions?|ADRs?) \d+/gi)).toEqual([]);
  });
});
