/**
 * Builds the site: the documentation of this tree, and below it that of each tag v*, in a folder of the tag's name.
 *
 *   node build.js [--out FOLDER] [--base /PATH/] [--source ADDRESS]
 *
 * FOLDER (default .preview/site of the repository) is emptied first. PATH is where the site is served, ADDRESS where a
 * browser finds the repository's files, such as https://forge.example.org/platform/cluster/-/blob/main. Needs `npm ci`
 * in this folder, and no network. Tags without docs/site/navigation.json are left out.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const site = dirname(fileURLToPath(import.meta.url));
const repository = resolve(site, "../..");
const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(repository, ".preview/site") },
    base: { type: "string", default: "/" },
    source: { type: "string", default: "" },
  },
});
const out = resolve(values.out);
const scratch = mkdtempSync(join(tmpdir(), "site-"));
const git = (...args) => execFileSync("git", ["-C", repository, ...args], { encoding: "utf8" });

/** The tags that can be built, the newest first. */
const tags = git("tag", "--list", "v*", "--sort=-version:refname")
  .split("\n")
  .filter((tag) => tag !== "" && git("ls-tree", "--name-only", tag, "docs/site/navigation.json") !== "");
const versions = ["main", ...tags].map((name, index) => ({
  name,
  base: index === 0 ? values.base : `${values.base}${name}/`,
}));

function build({ name, base }, docs) {
  execFileSync(process.execPath, [join(site, "node_modules/vitepress/bin/vitepress.js"), "build", site], {
    stdio: "inherit",
    env: {
      ...process.env,
      SITE_DOCS: docs,
      SITE_BASE: base,
      SITE_OUT: name === "main" ? out : join(out, name),
      SITE_VERSION: name,
      SITE_VERSIONS: JSON.stringify(versions),
      SITE_SOURCE: values.source.replace(/\/main$/, `/${name}`),
    },
  });
}

/** The folder docs of a tag. */
function docsOf(tag) {
  const archive = join(scratch, `${tag}.tar`);
  git("archive", "--output", archive, `--prefix=${tag}/`, tag, "docs");
  execFileSync("tar", ["-xf", archive, "-C", scratch]);
  return join(scratch, tag, "docs");
}

try {
  if (existsSync(out)) rmSync(out, { recursive: true });
  for (const version of versions) build(version, version.name === "main" ? join(site, "..") : docsOf(version.name));
} finally {
  rmSync(scratch, { recursive: true });
}
