/** The repository's own text: code, scripts, manifests and documentation, without what others wrote or tools made. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export const repositoryFolder = join(__dirname, "../..");

/** What belongs to the project at the top of the repository; everything else there is a tool's. */
const roots = [
  ".ci",
  ".github",
  ".gitlab-ci.yml",
  "CHANGELOG.md",
  "Pulumi.dev.yaml",
  "Pulumi.prod.yaml",
  "Pulumi.yaml",
  "README.md",
  "docs",
  "eslint.config.js",
  "eslint.rooms.js",
  "gitops",
  "jest.config.js",
  "lab",
  "package.json",
  "renovate.json",
  "scripts",
  "simulation",
  "src",
  "test",
];

interface TextFile {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly lines: readonly string[];
}

/** Every text file whose path `wanted` accepts, in order of its path. */
export function textFiles(wanted: (path: string) => boolean): TextFile[] {
  return roots
    .flatMap((root) => (statSync(join(repositoryFolder, root)).isDirectory() ? filesBelow(root) : [root]))
    .filter(wanted)
    .sort()
    .map((path) => ({ path, lines: readFileSync(join(repositoryFolder, path), "utf8").split("\n") }));
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(repositoryFolder, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}
