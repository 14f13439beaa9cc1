/** What documentation tells people to type exists: scripts of npm, and keys of the configuration. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Shape, shapeOfCluster } from "../../src/config/shape";
import { repositoryFolder, textFiles } from "./textFiles";

const pages = textFiles((path) => path.endsWith(".md") && path !== "CHANGELOG.md" && path !== "docs/configuration.md");

function found(pattern: RegExp): { readonly place: string; readonly name: string }[] {
  return pages.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) =>
      [...line.matchAll(pattern)].map((match) => ({ place: `${path}:${index + 1}`, name: match[1] ?? "" })),
    ),
  );
}

/** Whether the configuration has the key path, for instance nodePools[0].count. */
function hasKey(shape: Shape, path: readonly string[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return true;
  switch (shape.kind) {
    case "section":
      return shape.keys[first] !== undefined && hasKey(shape.keys[first], rest);
    case "variants":
      return Object.values(shape.variants).some((variant) => hasKey(variant, path));
    case "list":
      return /^\d+$/.test(first) && hasKey(shape.items, rest);
    case "map":
      return hasKey(shape.values, rest);
    default:
      return false;
  }
}

describe("A command in the documentation", () => {
  it("runs a script that package.json has", () => {
    const { scripts } = JSON.parse(readFileSync(join(repositoryFolder, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const named = found(/\bnpm run (?:--silent )?([a-z][a-z:]*)/g);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ name }) => scripts[name] === undefined)).toEqual([]);
  });

  it("sets a key that the configuration has", () => {
    const named = found(/\bpulumi config set (?:--(?:secret|path|stack \S+) )*'?([^\s'`-][^\s'`]*)/g);
    expect(named.length).toBeGreaterThan(10);
    const unknown = named.filter(
      ({ name }) =>
        !hasKey(
          shapeOfCluster(),
          name.split(/[.[\]]+/).filter((part) => part !== ""),
        ),
    );
    expect(unknown).toEqual([]);
  });
});

describe("A setting in the documentation", () => {
  it("is one of the section that it is named in", () => {
    const sections = Object.entries(shapeOfCluster().keys).flatMap(([key, shape]) =>
      ["section", "list", "variants"].includes(shape.kind) && key !== "ssh" ? [key] : [],
    );
    const named = found(new RegExp(`\`((?:${sections.join("|")})(?:\\[\\])?\\.[A-Za-z.[\\]]+)(?::[^\`]*)?\``, "g"));
    expect(named.length).toBeGreaterThan(30);
    const unknown = named.filter(({ name }) => !hasKey(shapeOfCluster(), name.replace(/\[\]/g, ".0").split(".")));
    expect(unknown).toEqual([]);
  });
});
