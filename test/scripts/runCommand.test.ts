/** What npm does to a command that it runs. Every call ends before Pulumi is loaded. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "../..");

/** The preview as npm runs it: in the package's folder, with what npm says of itself. */
function preview(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["-r", "./scripts/typescript.js", "scripts/preview.ts", ...args],
    {
      cwd: root,
      encoding: "utf8",
      env: {
        PATH: process.env.PATH,
        npm_lifecycle_script: "node -r ./scripts/typescript.js scripts/preview.ts",
        ...environment,
      },
    },
  );
  return { status, stdout, stderr };
}

describe("a command that npm runs", () => {
  const folder = mkdtempSync(join(tmpdir(), "called-from-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("takes paths from the folder that npm was called in", () => {
    writeFileSync(join(folder, "mine.yaml"), "config: {}\n");
    const { status, stderr } = preview(["dev", "--config", "mine.yaml"], { INIT_CWD: folder });
    expect([status, stderr.split("\n")[0]]).toEqual([1, "The configuration of mine.yaml has an error:"]);
  });

  it("prints no JSON behind the lines that npm prints", () => {
    expect(preview(["dev", "--json"])).toEqual({
      status: 1,
      stdout: "",
      stderr: "npm writes lines of its own before the JSON; call it as `npm run --silent preview -- dev --json`.\n",
    });
  });

  it("takes an empty path for wrong usage", () => {
    for (const option of ["--out", "--config", "--previous", "--report", "--flavors", "--against"]) {
      const { status, stderr } = preview(["dev", option, ""]);
      expect([option, status, stderr]).toEqual([option, 2, expect.stringContaining("it must name a file or folder.")]);
    }
  });
});
