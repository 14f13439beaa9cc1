/** shellcheck over the scripts that people and pipelines run; those for machines have theirs in test/bootstrap. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import * as path from "node:path";
import { describeWithTools } from "../findTool";

const root = path.join(__dirname, "../..");
const scripts = [
  ...readdirSync(path.join(root, ".ci")).map((file) => `.ci/${file}`),
  ...readdirSync(path.join(root, "scripts"))
    .filter((file) => file.endsWith(".sh"))
    .map((file) => `scripts/${file}`),
];

describeWithTools("shellcheck", ["shellcheck"], (tool) => {
  it.each(scripts)("finds nothing in %s", (script) => {
    const args = ["--external-sources", "--format", "gcc", script];
    expect(execFileSync(tool("shellcheck"), args, { cwd: root, encoding: "utf8", stdio: "pipe" })).toBe("");
  });
});
