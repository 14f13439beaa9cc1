/** The pages of the site in the order of navigation.json, each with the title that its first heading gives. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The side bar for the pages below `docs`. A folder stands for all its pages; a README is the first of them.
 * Throws where a page does not exist.
 */
export function sidebar(docs) {
  const item = (page) => ({ text: titleOf(join(docs, page)), link: linkTo(page) });
  const inFolder = (folder) =>
    readdirSync(join(docs, folder))
      .filter((name) => name.endsWith(".md"))
      .sort((a, b) => Number(b === "README.md") - Number(a === "README.md") || a.localeCompare(b))
      .map((name) => item(`${folder}/${name}`));
  const itemsOf = ({ pages = [], folder, groups = [] }) => [
    ...pages.map(item),
    ...(folder === undefined ? [] : inFolder(folder)),
    ...groups.map((group) => ({ text: group.title, collapsed: true, items: itemsOf(group) })),
  ];
  const navigation = JSON.parse(readFileSync(join(docs, "site/navigation.json"), "utf8"));
  return navigation.map((part) => ({ text: part.title, collapsed: false, items: itemsOf(part) }));
}

/** A folder's README is the page that one gets for the folder. */
const linkTo = (page) => `/${page.replace(/README\.md$/, "").replace(/\.md$/, "")}`;

const titleOf = (file) =>
  /^# (.+)$/m.exec(readFileSync(file, "utf8"))?.[1].replaceAll("`", "") ?? fail(`${file} has no heading`);

function fail(message) {
  throw new Error(message);
}
