/** What the lint of the rooms refuses. A rule about imports that cannot follow them accepts everything in silence. */
import { spawnSync } from "node:child_process";
import * as path from "node:path";

const root = path.join(__dirname, "../..");
const onStdin = ["--format", "json", "--stdin", "--stdin-filename"];

/** Rule and message of each finding in `content`, as if it stood in `file`. */
function findings(file: string, content: string): string[] {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(root, "node_modules/eslint/bin/eslint.js"), "--config", "eslint.rooms.js", ...onStdin, file],
    { cwd: root, input: content, encoding: "utf8" },
  );
  if (stdout === "") throw new Error(stderr);
  const [report] = JSON.parse(stdout) as [{ messages: { ruleId: string; message: string }[] }];
  return report.messages.map(({ ruleId, message }) => `${ruleId}: ${message}`).sort();
}

describe("the lint of the rooms", () => {
  it("refuses an import from a later room, Pulumi in a pure file, and a circle", () => {
    const content = [
      'export type { SweepPlan } from "../sweep/sweepPlan";',
      'export type { Output } from "@pulumi/pulumi";',
      'export { parseClusterConfig } from "./parse";',
      "",
    ].join("\n");
    expect(findings("src/config/clusterConfig.ts", content)).toEqual([
      expect.stringMatching(/^import-x\/no-cycle: /),
      'import-x/no-restricted-paths: Unexpected path "../sweep/sweepPlan" imported in restricted zone.',
      expect.stringMatching(/^no-restricted-imports: .* This file is pure/),
    ]);
  });

  it("accepts an import from an earlier room", () => {
    expect(findings("src/sweep/sweepReport.ts", 'export { machineName } from "../config/clusterConfig";\n')).toEqual(
      [],
    );
  });
});
