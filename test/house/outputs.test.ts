/** What the lint of outputs refuses. A rule that cannot see types accepts everything in silence. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";

const fixture = path.join(__dirname, "../fixtures/outputs");

describe("the lint of outputs", () => {
  it("refuses what Pulumi would copy to an empty object, and accepts plain data, secrets and resources", () => {
    const lines = readFileSync(path.join(fixture, "outputs.ts"), "utf8").split("\n");
    const expected = lines.flatMap((line, index) => {
      const lost = /^\/\/ lost: (.*)$/.exec(line)?.[1];
      return lost === undefined ? [] : [{ line: index, lost }];
    });
    const eslint = path.join(__dirname, "../../node_modules/eslint/bin/eslint.js");
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [eslint, "--config", "lint.js", "--format", "json", "outputs.ts"],
      {
        cwd: fixture,
        encoding: "utf8",
      },
    );
    if (stdout === "") throw new Error(stderr);
    const [report] = JSON.parse(stdout) as [{ messages: { line: number; message: string }[] }];
    expect(
      report.messages.map(({ line, message }) => ({ line, lost: message.replace(/ does not survive outputs.*/, "") })),
    ).toEqual(expected);
    expect(expected).toHaveLength(6);
  });
});
