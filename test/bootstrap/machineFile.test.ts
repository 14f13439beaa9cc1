import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { renderYaml, scriptFile, textFile, withoutComments } from "../../src/bootstrap/machineFile";

const directory = join(__dirname, "../../src/bootstrap/files");
const scripts = readdirSync(directory).filter((name) => name.endsWith(".sh"));

describe("a file for a machine", () => {
  it("ends with a line break, as every tool on the machine expects", () => {
    expect(textFile("/a", "x").content).toBe("x\n");
    expect(textFile("/a", "x\n").content).toBe("x\n");
    expect(textFile("/a", "").content).toBe("");
  });

  it("keeps a long value on its line and writes equal parts out", () => {
    const list = ["x".repeat(200)];
    expect(renderYaml({ a: list, b: list })).toBe(`a:\n  - ${"x".repeat(200)}\nb:\n  - ${"x".repeat(200)}\n`);
  });
});

describe("the scripts", () => {
  it("lose their comments and nothing else", () => {
    expect(withoutComments('#!/bin/sh\n# why\n\necho "# no comment" # kept\n  # indented\n\tx\n')).toBe(
      '#!/bin/sh\necho "# no comment" # kept\n\tx',
    );
  });

  it.each(scripts)("%s has no here-document whose lines could look like comments", (name) => {
    const source = readFileSync(join(directory, name), "utf8");
    expect(source).not.toMatch(/(?<!<)<<-?\s*['"\\A-Za-z_]/);
    expect(source.split("\n")[0]).toBe("#!/usr/bin/env bash");
  });

  it.each(scripts)("%s stops at the first error", (name) => {
    expect(scriptFile(name).content).toContain(name === "check-api.sh" ? "exec curl" : "\nset -euo pipefail\n");
  });
});
