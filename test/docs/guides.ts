/** The examples of a guide: commands, and the output that the page shows below them. */
import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { repositoryFolder } from "./textFiles";

export interface Example {
  readonly name: string;
  /** The test that runs it. */
  readonly marker: string;
  /** Says that a member of a tenant runs it, on a page where others do as well. */
  readonly asMember: boolean;
  readonly commands: string;
  /** Absent: it succeeds and prints nothing. */
  readonly output?: string;
}

export const guideText = (page: string): string =>
  readFileSync(join(repositoryFolder, `docs/how-to/${page}.md`), "utf8");

/** In their order. */
export function examples(page: string): Example[] {
  const pattern = /<!-- run by (\S+)( as a member)? -->\n\n```sh\n([^]*?)```\n(?:\n```text\n([^]*?)```)?/g;
  return [...guideText(page).matchAll(pattern)].map(([, marker = "", asMember, commands = "", output], index) => ({
    name: `${page}, example ${index + 1}`,
    marker,
    asMember: asMember !== undefined,
    commands,
    ...(output === undefined ? {} : { output }),
  }));
}

/** Quotas are counted, pods made and commits applied a moment later: what only looks may be asked again. */
export const onlyLooks = ({ commands }: Example): boolean => /^kubectl (get|describe|events|logs) /.test(commands);

/** What of the repository its commands need. */
const parts = [
  ...["gitops", "scripts", "simulation", "src", ".gitignore", "CHANGELOG.md", "package.json", "tsconfig.json"],
  ...["Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml"],
];

/** A clone in a folder that exists, but no repository of Git yet. */
export function layClone(folder: string): void {
  for (const name of parts) cpSync(join(repositoryFolder, name), join(folder, name), { recursive: true });
}

/** What `npm ci` would install. */
export function linkPackages(folder: string): void {
  symlinkSync(join(repositoryFolder, "node_modules"), join(folder, "node_modules"));
}

const words = (text: string) => text.trim().replace(/\s+/g, " ");

/** What a page shows of an output, in its order; `...` stands for what it leaves out. */
function partsOf({ output = "" }: Example): string[] {
  return output
    .split("...")
    .map(words)
    .filter((part) => part !== "");
}

/** The first part of what the example shows that is not in what it printed, or not after the parts before it. */
export function missingPart(example: Example, printed: string): string | undefined {
  let rest = words(printed);
  if (example.output === undefined) return rest === "" ? undefined : "nothing";
  for (const part of partsOf(example)) {
    const place = rest.indexOf(part);
    if (place < 0) return part;
    rest = rest.slice(place + part.length);
  }
  return undefined;
}
