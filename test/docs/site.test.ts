/** The navigation of the site of the documentation. That the site is built and works is for site.tools.test.ts. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryFolder, textFiles } from "./textFiles";

interface Part {
  readonly title: string;
  readonly for?: string;
  readonly pages?: readonly string[];
  readonly folder?: string;
  readonly groups?: readonly Part[];
}

const docs = join(repositoryFolder, "docs");
const navigation = JSON.parse(readFileSync(join(docs, "site/navigation.json"), "utf8")) as readonly Part[];
const written = textFiles((path) => /^docs\/(?!site\/).*\.md$/.test(path)).map(({ path }) =>
  path.slice("docs/".length),
);

/** Pages of a part; a folder stands for all of its pages. */
const pagesOf = ({ pages = [], folder, groups = [] }: Part): string[] => [
  ...pages,
  ...(folder === undefined ? [] : written.filter((page) => page.startsWith(`${folder}/`))),
  ...groups.flatMap(pagesOf),
];

describe("the navigation of the site", () => {
  it("is by reader", () => {
    expect(navigation.map(({ title, for: reader }) => [title, reader])).toEqual([
      ["Use the cluster", "Teams that run applications"],
      ["Run the cluster", "SREs"],
      ["Change the program", "Developers"],
      ["Reference", "Everybody"],
    ]);
  });

  it("leads to every page of docs, and to each once", () => {
    const named = navigation.flatMap(pagesOf);
    expect([...named, "index.md"].sort()).toEqual([...written].sort());
  });

  it("takes the title of each page from its heading, which comes first", () => {
    const withoutHeading = written.filter(
      (page) => !/^(?:<!--[^]*?-->\s*)?# \S/.test(readFileSync(join(docs, page), "utf8")),
    );
    expect(withoutHeading).toEqual([]);
  });

  it("is not read by Vue: outside of code no page has what it would take for its own", () => {
    const strange = written.flatMap((page) => {
      const text = readFileSync(join(docs, page), "utf8")
        .replace(/^( *)```[^]*?^\1```$/gm, "")
        .replace(/`[^`]*`/g, "");
      return /\{\{/.test(text) ? [page] : [];
    });
    expect(strange).toEqual([]);
  });
});

describe("the packages of the site", () => {
  const lock = JSON.parse(readFileSync(join(docs, "site/package-lock.json"), "utf8")) as {
    packages: Record<string, { resolved?: string; integrity?: string }>;
  };

  it("are pinned by hash and by no address, in a lock of their own", () => {
    const entries = Object.entries(lock.packages).filter(([folder]) => folder !== "");
    expect(entries.length).toBeGreaterThan(100);
    expect(entries.filter(([, { integrity, resolved }]) => integrity === undefined || resolved !== undefined)).toEqual(
      [],
    );
    expect(readFileSync(join(docs, "site/.npmrc"), "utf8")).toBe(
      readFileSync(join(repositoryFolder, ".npmrc"), "utf8"),
    );
  });

  it("are not installed with the program", () => {
    expect(existsSync(join(repositoryFolder, "node_modules/vitepress"))).toBe(false);
  });
});
