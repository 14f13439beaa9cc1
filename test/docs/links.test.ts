/**
 * Pages that are named with a heading: by a link in Markdown, and as `page, "Heading"` in messages and comments.
 * That a page exists is for test/house/paths; that it helps is for its reader.
 */
import * as path from "node:path";
import { textFiles } from "./textFiles";

const files = textFiles((file) => /\.(md|ts|js|sh|py|ya?ml)$/.test(file) && file !== "CHANGELOG.md");
const headings = new Map(
  files.filter((file) => file.path.endsWith(".md")).map((file) => [file.path, headingsOf(file.lines)]),
);

/** Headings outside blocks of code. */
function headingsOf(lines: readonly string[]): readonly string[] {
  let inCode = false;
  return lines.flatMap((line) => {
    if (/^\s*```/.test(line)) inCode = !inCode;
    const [, heading] = (inCode ? null : /^#+ (.+)$/.exec(line)) ?? [];
    return heading === undefined ? [] : [heading];
  });
}

/** The anchor that GitHub and GitLab give a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replace(/ /g, "-");

interface Named {
  readonly place: string;
  readonly page: string;
  readonly heading: string;
}

/** Matches of a pattern with a page and a heading, across the line ends and comment signs of a file. */
function named(pattern: RegExp, wanted: (file: string) => boolean): Named[] {
  return files
    .filter((file) => wanted(file.path))
    .flatMap(({ path: place, lines }) =>
      [
        ...lines
          .join("\n")
          .replace(/\n\s*(?:\*|\/\/|#)? */g, " ")
          .matchAll(pattern),
      ].map(([, page = "", heading = ""]) => ({ place, page, heading })),
    );
}

describe("A page that is named with a heading", () => {
  it("has it, where a link of Markdown leads", () => {
    const links = named(/\]\(\s*([^\s)#:]*)#([^\s)]+)\s*\)/g, (file) => file.endsWith(".md"));
    expect(links.length).toBeGreaterThan(0);
    const dead = links.filter(({ place, page, heading }) => {
      const target = page === "" ? place : path.join(path.dirname(place), page);
      return headings.get(target)?.map(anchor).includes(heading) !== true;
    });
    expect(dead).toEqual([]);
  });

  it("has it, where a message or a comment names both", () => {
    const citations = named(/\b((?:docs|gitops|lab)\/[\w/-]+\.md), \\?"([^"\\]+)/g, () => true);
    expect(citations.length).toBeGreaterThan(0);
    expect(citations.filter(({ page, heading }) => headings.get(page)?.includes(heading) !== true)).toEqual([]);
  });
});
