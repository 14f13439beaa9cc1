/**
 * The site of one version of the documentation. The environment says which (build.js sets it): SITE_DOCS the folder
 * docs, SITE_BASE the path at which the site is served, SITE_VERSION and SITE_VERSIONS what the menu of versions shows,
 * SITE_SOURCE the address of the repository's files for links that lead out of docs; without it those are plain text.
 */
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { sidebar } from "../pages.js";

const site = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const { SITE_BASE = "/", SITE_VERSION = "main", SITE_SOURCE = "" } = process.env;
const docs = resolve(process.env.SITE_DOCS ?? join(site, ".."));
const versions = JSON.parse(process.env.SITE_VERSIONS ?? "[]");
const parts = sidebar(docs);

/** The first page of a part, at whatever depth. */
const firstOf = ({ items, link }) => link ?? firstOf(items[0]);

/** The anchor that GitHub and GitLab give a heading, so that links written for them lead there. */
const slugify = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replace(/ /g, "-");

/** Links to files that are no page lead to the repository, or are plain text where its address is unknown. */
function linksOutOfDocs(markdown) {
  markdown.core.ruler.push("links-out-of-docs", ({ tokens, env }) => {
    for (const { children } of tokens) {
      if (children === null) continue;
      let isDropped = false;
      for (const token of children) {
        if (token.type === "link_close" && isDropped) {
          token.hidden = true;
          token.tag = "span";
          isDropped = false;
        }
        if (token.type !== "link_open") continue;
        const href = token.attrGet("href") ?? "";
        if (/^([a-z]+:|#|\/)/.test(href)) continue;
        const [path = "", hash = ""] = href.split(/(?=#)/);
        const target = relative(docs, resolve(dirname(join(docs, env.relativePath)), path));
        if (!target.startsWith("..") && /(\.md|\.svg)$/.test(target)) {
          // A folder's README is the page of the folder.
          token.attrSet("href", `${path.replace(/(^|\/)README\.md$/, "$1") || "./"}${hash}`);
          continue;
        }
        if (SITE_SOURCE !== "") {
          token.attrSet("href", `${SITE_SOURCE}/${join("docs", target)}${hash}`);
        } else {
          token.tag = "span";
          token.attrs = [];
          token.type = "span_open";
          isDropped = true;
        }
      }
    }
  });
}

/** Code that is set off by four blanks is shown as a block too: it scrolls by itself and can be copied. */
function indentedCode(markdown) {
  markdown.core.ruler.push("indented-code", ({ tokens }) => {
    for (const token of tokens) {
      if (token.type !== "code_block") continue;
      token.type = "fence";
      token.tag = "code";
      token.info = "sh";
    }
  });
}

export default defineConfig({
  title: "openstack-kubernetes",
  description: "Kubernetes on OpenStack from code",
  // Without one a browser asks the server for favicon.ico.
  head: [["link", { rel: "icon", href: "data:," }]],
  srcDir: relative(site, docs) || ".",
  srcExclude: ["site/**"],
  rewrites: { "decisions/README.md": "decisions/index.md" },
  base: SITE_BASE,
  outDir: process.env.SITE_OUT,
  cacheDir: join(site, "node_modules/.cache/vitepress"),
  ignoreDeadLinks: false,
  markdown: {
    anchor: { slugify },
    config: (markdown) => [linksOutOfDocs, indentedCode].forEach((rule) => rule(markdown)),
  },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    sidebar: parts,
    nav: [
      ...parts.map((part) => ({ text: part.text, link: firstOf(part) })),
      ...(versions.length < 2
        ? []
        : [
            {
              text: SITE_VERSION,
              items: versions.map(({ name, base }) => ({ text: name, link: base, target: "_self" })),
            },
          ]),
    ],
  },
});
