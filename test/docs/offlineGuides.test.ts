/** The guides that need no cloud, command by command, in a copy of the repository. `npm ci` is not run. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { examples, guideText, layClone, linkPackages, missingPart } from "./guides";

jest.setTimeout(120_000);

/** The first makes the baseline that the others' previews are compared with. */
const pages = ["tutorial", "scale", "proxy", "rhel-and-selinux"];
const scratch = mkdtempSync(join(tmpdir(), "guides-"));
const folder = join(scratch, "clone");
const environment = {
  PATH: process.env.PATH,
  HOME: scratch,
  NO_COLOR: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  npm_config_update_notifier: "false",
};
const git = (...args: readonly string[]) => execFileSync("git", args, { cwd: folder, env: environment });

beforeAll(() => {
  mkdirSync(folder);
  layClone(folder);
  linkPackages(folder);
  git("init", "--quiet");
  git("add", "--all");
  git("-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "--quiet", "-m", "The clone");
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.each(pages)("the guide %s", (page) => {
  it("has every command run", () => {
    const shell = guideText(page).match(/```sh/g) ?? [];
    const marker = "test/docs/offlineGuides.test.ts";
    expect(examples(page).map((example) => example.marker)).toEqual(Array(shell.length).fill(marker));
    expect(shell.length).toBeGreaterThan(1);
  });

  it.each(examples(page))("prints what it shows: $name", (example) => {
    const commands = `npm() { [ "$1" = ci ] || command npm "$@"; }\n{ ${example.commands}\n} 2>&1`;
    const { stdout } = spawnSync("bash", ["-c", commands], { cwd: folder, env: environment, encoding: "utf8" });
    const missing = missingPart(example, stdout);
    if (missing !== undefined) throw new Error(`It printed, without what the page shows (${missing}):\n${stdout}`);
  });

  it("leaves the clone as it was", () => {
    expect(git("status", "--short").toString()).toBe("");
  });
});
