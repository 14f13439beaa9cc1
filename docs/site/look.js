/**
 * Opens a built site in a real browser and prints what it saw as JSON (test/docs/site.tools.test.ts judges it):
 *
 *   node look.js FOLDER BROWSER
 *
 * Every page is opened on a telephone's width and a computer's; search, the copy button and the dark mode are used.
 */
import { createServer } from "node:http";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

const [folder = "", executablePath = ""] = process.argv.slice(2);
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://site");
  const file = join(folder, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
  const isThere = existsSync(file) && statSync(file).isFile();
  response.writeHead(isThere ? 200 : 404, { "content-type": types[extname(file)] ?? "application/octet-stream" });
  response.end(isThere ? readFileSync(file) : "");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const paths = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".html") && name !== "404.html")
  .map((name) => `/${name}`)
  .sort();
const seen = { pages: paths.length, errors: [], elsewhere: [], wide: [], wideTables: [], broken: [] };

const browser = await chromium.launch({ executablePath });
const phone = { width: 360, height: 740 };
const computer = { width: 1280, height: 900 };

/** A page that notes what goes wrong in it, and whatever it asks of another server. */
async function newPage(options) {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => seen.errors.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && seen.errors.push(`${page.url()}: ${message.text()}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith("data:")) seen.elsewhere.push(url);
  });
  return page;
}

try {
  const page = await newPage({ viewport: phone });
  const links = [];
  const anchors = new Map();
  for (const path of paths) {
    await page.setViewportSize(phone);
    await page.goto(`${origin}${path}`, { waitUntil: "load" });
    const found = await page.evaluate(() => ({
      isWide: document.documentElement.scrollWidth > window.innerWidth,
      links: [...document.querySelectorAll("a[href]")].map(({ href }) => href),
      ids: [...document.querySelectorAll("[id]")].map(({ id }) => id),
    }));
    if (found.isWide) seen.wide.push(path);
    anchors.set(path, new Set(found.ids));
    links.push(...found.links.map((href) => ({ path, href })));
    await page.setViewportSize(computer);
    const tables = await page.evaluate(
      () => [...document.querySelectorAll("table")].filter((table) => table.scrollWidth > table.clientWidth).length,
    );
    if (tables > 0) seen.wideTables.push(path);
  }
  seen.links = links.length;
  for (const { path, href } of links.filter((link) => link.href.startsWith(origin))) {
    const { pathname, hash } = new URL(href);
    const target = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    const ids = anchors.get(target);
    const isThere = ids === undefined ? existsSync(join(folder, target)) : true;
    if (!isThere || (ids !== undefined && hash !== "" && !ids.has(decodeURIComponent(hash.slice(1)))))
      seen.broken.push(`${path}: ${href.slice(origin.length)}`);
  }

  await page.goto(`${origin}/tenants.html`);
  const block = page.locator("div[class*='language-']").first();
  await block.hover();
  await block.locator("button.copy").click();
  seen.copied = await page.evaluate(() => navigator.clipboard.readText());
  seen.copiedFrom = await block.locator("pre code").innerText();

  await page.locator("#local-search button").first().click();
  await page.locator(".search-input").fill("ephemeral storage quota");
  await page.locator(".VPLocalSearchBox .result").first().waitFor();
  seen.results = await page.locator(".VPLocalSearchBox .result").count();
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.endsWith("/tenants.html") || url.hash !== "");
  seen.resultOpened = await page.locator("h1").first().innerText();

  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  seen.light = await background();
  await page.locator(".VPSwitchAppearance").first().click();
  seen.dark = await background();
  const dark = await newPage({ viewport: computer, colorScheme: "dark" });
  await dark.goto(`${origin}/`);
  seen.darkAsAsked = await dark.evaluate(() => getComputedStyle(document.body).backgroundColor);
} finally {
  await browser.close();
  server.close();
}
console.log(JSON.stringify(seen));
