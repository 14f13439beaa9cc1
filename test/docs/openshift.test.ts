/** What the page on leaving OpenShift shows is what the command prints. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryFolder } from "./textFiles";

describe("docs/how-to/leave-openshift.md", () => {
  it("shows the audit of an export as the command prints it", () => {
    const page = readFileSync(join(repositoryFolder, "docs/how-to/leave-openshift.md"), "utf8");
    const [, file = "", shown = ""] = /<!-- audit of (\S+) -->\n\n```text\n([^]*?)```/.exec(page) ?? [];
    const { stdout } = spawnSync(
      process.execPath,
      ["-r", "./scripts/typescript.js", "scripts/openshift.ts", "audit", file],
      {
        cwd: repositoryFolder,
        encoding: "utf8",
      },
    );
    // The page wraps what a terminal would.
    const words = (text: string) => text.trim().split(/\s+/);
    expect(words(stdout)).toEqual(words(shown));
  });
});
