/**
 * The site of the documentation, built and opened in a real browser: every page on a telephone's width and a
 * computer's, every link, search, the copy button, light and dark. Needs `npm ci --prefix docs/site` and chromium.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeUnless } from "../describeUnless";
import { findTool } from "../findTool";
import { repositoryFolder, textFiles } from "./textFiles";

const site = join(repositoryFolder, "docs/site");
const browser = ["chromium", "google-chrome", "chrome"].map(findTool).find((path) => path !== undefined);
const missing = existsSync(join(site, "node_modules/vitepress"))
  ? browser === undefined
    ? "chromium is not found; install Debian's package chromium"
    : undefined
  : "its packages are not installed; run npm ci --prefix docs/site";

/** What docs/site/look.js prints. */
interface Seen {
  readonly pages: number;
  readonly links: number;
  readonly errors: readonly string[];
  readonly elsewhere: readonly string[];
  readonly wide: readonly string[];
  readonly wideTables: readonly string[];
  readonly broken: readonly string[];
  readonly copied: string;
  readonly copiedFrom: string;
  readonly results: number;
  readonly resultOpened: string;
  readonly light: string;
  readonly dark: string;
  readonly darkAsAsked: string;
}

jest.setTimeout(600_000);

describeUnless(missing, "the site of the documentation", () => {
  const folder = mkdtempSync(join(tmpdir(), "site-"));
  const out = join(folder, "site");
  let seen: Seen;

  beforeAll(() => {
    const build = ["docs/site/build.js", "--out", out, "--source", "https://forge.example.org/cluster/blob/main"];
    execFileSync(process.execPath, build, { cwd: repositoryFolder, encoding: "utf8", stdio: "pipe" });
    const printed = execFileSync(process.execPath, [join(site, "look.js"), out, browser ?? ""], { encoding: "utf8" });
    seen = JSON.parse(printed) as Seen;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("has a page for each of docs, and no error in any", () => {
    const pages = textFiles((path) => /^docs\/(?!site\/).*\.md$/.test(path));
    expect(seen.pages).toBeGreaterThanOrEqual(pages.length);
    expect(seen.errors).toEqual([]);
  });

  it("asks nothing of another server", () => {
    expect(seen.elsewhere).toEqual([]);
  });

  it("has no broken link, within its pages neither", () => {
    expect(seen.links).toBeGreaterThan(1000);
    expect(seen.broken).toEqual([]);
  });

  it("leads to the repository from links to files that are no page", () => {
    expect(readFileSync(join(out, "testing.html"), "utf8")).toContain(
      'href="https://forge.example.org/cluster/blob/main/.ci/proofs"',
    );
  });

  it("does not scroll sideways on a telephone, and has no table wider than the page", () => {
    expect(seen.wide).toEqual([]);
    expect(seen.wideTables).toEqual([]);
  });

  it("finds what is searched, without a server", () => {
    expect(seen.results).toBeGreaterThan(0);
    expect(seen.resultOpened).toMatch(/^Tenants/);
    expect(readdirSync(join(out, "assets/chunks")).filter((name) => name.startsWith("@localSearchIndex"))).not.toEqual(
      [],
    );
  });

  it("copies the code of a block as it stands there", () => {
    expect(seen.copied).toContain("kind: Kustomization");
    expect(seen.copied.trim()).toBe(seen.copiedFrom.trim());
  });

  it("is light or dark as the system asks, and as the reader switches it", () => {
    expect(seen.light).not.toBe(seen.dark);
    expect(seen.darkAsAsked).toBe(seen.dark);
  });
});
