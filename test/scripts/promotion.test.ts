/** `npm run promotion` as a user runs it, without npm itself: real Git, a stand-in for Pulumi's CLI. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { minimalStack } from "../fixtures/minimalStack";

// Each test starts processes of its own, on a machine that may be busy.
jest.setTimeout(120_000);

const checkout = join(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "promotion-test-"));
const bin = join(folder, "bin");
const clone = join(folder, "clone");
afterAll(() => rmSync(folder, { recursive: true }));

function git(...args: string[]): string {
  const who = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@example.org" };
  const env = { ...process.env, ...who, GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@example.org", ...when };
  return execFileSync("git", args, { cwd: clone, env, encoding: "utf8" }).trim();
}
let when: Readonly<Record<string, string>> = {};

function writeStack(stack: string, version: string, more: object = {}): void {
  const values = { ...minimalStack, kubernetes: { version }, ...more };
  const keys = Object.entries(values).map(([key, value]) => [`openstack-kubernetes:${key}`, value]);
  writeFileSync(join(clone, `Pulumi.${stack}.yaml`), JSON.stringify({ config: Object.fromEntries(keys) as object }));
}

/** Commits what is there as of so many days ago, and returns the commit. */
function commit(daysAgo: number): string {
  const date = new Date(Date.now() - daysAgo * 86_400_000).toISOString();
  when = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  git("add", ".");
  git("commit", "--quiet", "--message", "a change");
  return git("rev-parse", "--short", "HEAD");
}

/** DEV's nodes by version, as its last `up` left them. */
function check(nodes: object, ...options: string[]) {
  const outputs = JSON.stringify({ clusterName: "dev", adminKubeconfig: "K", kubernetesVersion: nodes });
  writeFileSync(join(bin, "pulumi"), `#!/bin/bash\n[[ "$*" == *"--stack dev"* ]] && echo '${outputs}'\n`, {
    mode: 0o755,
  });
  const words = ["-r", "./scripts/typescript.js", "scripts/promotion.ts", "check", "prod", ...options];
  const env = { PATH: `${bin}:/bin:/usr/bin`, HOME: folder };
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: clone, env, encoding: "utf8" });
  return { status, said: stdout.replace(/\s+/g, " ").trim(), stderr: stderr.trim() };
}

let upgraded = "";

beforeAll(() => {
  mkdirSync(bin);
  mkdirSync(clone);
  for (const part of ["src", "scripts", "package.json", "tsconfig.json"])
    cpSync(join(checkout, part), join(clone, part), { recursive: true });
  symlinkSync(join(checkout, "node_modules"), join(clone, "node_modules"));
  git("init", "--quiet", "--initial-branch", "main");
  writeFileSync(join(clone, ".gitignore"), "node_modules\nsrc\nscripts\n");
  writeStack("dev", "1.36.2");
  writeStack("prod", "1.36.2", { promotion: { from: "dev" } });
  commit(60);
  writeStack("dev", "1.36.3");
  upgraded = commit(10);
  git("checkout", "--quiet", "-b", "upgrade");
  writeStack("prod", "1.36.3", { promotion: { from: "dev" } });
  commit(0);
});

const everywhere = { "dev-control-plane-0": "1.36.3" };

describe("the promotion command", () => {
  it("lets a version pass that DEV's file named for ten days and DEV's nodes run", () => {
    expect(check(everywhere)).toMatchObject({
      status: 0,
      said: `Pulumi.dev.yaml named 1.36.3 for 10 days, from commit ${upgraded} on. Every node of dev (1) runs 1.36.3 or newer. prod may take Kubernetes 1.36.3.`,
    });
  });

  it("refuses one that DEV's nodes do not run, with exit code 3 and the key that allows it", () => {
    const { status, said } = check({ "dev-control-plane-0": "1.36.2" });
    expect(status).toBe(3);
    expect(said).toContain("left nodes below 1.36.3: dev-control-plane-0 (1.36.2)");
    expect(said).toContain("name it in promotion.allow of Pulumi.prod.yaml");
  });

  it("reads the change's version, but the settings of the checkout, so that no change allows itself", () => {
    writeStack("prod", "1.36.4", { promotion: { from: "dev", soakDays: 0, allow: ["1.36.4"] } });
    const own = commit(0);
    git("checkout", "--quiet", "main");
    const { status, said } = check(everywhere, "--change", own);
    git("checkout", "--quiet", "upgrade");
    expect(status).toBe(3);
    expect(said).toContain("Pulumi.dev.yaml has never named 1.36.4. Upgrade dev first.");
    expect(check({}).status).toBe(0);
  });

  it("lets a change pass that keeps the version, proven or not", () => {
    const same = git("rev-parse", "HEAD");
    expect(check({}, "--change", same)).toMatchObject({ status: 0, said: "prod keeps Kubernetes 1.36.4." });
  });

  it("asks Git alone with --no-outputs, and says so", () => {
    git("checkout", "--quiet", "--detach", "upgrade~1");
    const { status, said } = check({}, "--no-outputs");
    git("checkout", "--quiet", "upgrade");
    expect(status).toBe(0);
    expect(said).toContain("The nodes of dev were not asked.");
  });

  it("does not believe a computer whose clock is years behind", () => {
    git("checkout", "--quiet", "-b", "clock", "main");
    writeFileSync(join(clone, "notes"), "something else");
    commit(1);
    writeStack("dev", "1.36.5");
    writeStack("prod", "1.36.5", { promotion: { from: "dev" } });
    commit(3_000);
    const { status, said } = check({ "dev-control-plane-0": "1.36.5" });
    git("checkout", "--quiet", "upgrade");
    expect(said).toContain("named 1.36.5 for 1 day");
    expect(said).toContain("promotion.soakDays wants 7. Wait 6 more days.");
    expect(status).toBe(3);
  });

  it("finds the files of a project that lies in a folder of its repository", () => {
    const mono = join(folder, "mono");
    mkdirSync(mono);
    cpSync(clone, join(mono, "cluster"), { recursive: true, filter: (path) => !/\/(\.git|node_modules)$/.test(path) });
    symlinkSync(join(checkout, "node_modules"), join(mono, "cluster/node_modules"));
    writeStack("prod", "1.36.3", { promotion: { from: "dev" } });
    cpSync(join(clone, "Pulumi.prod.yaml"), join(mono, "cluster/Pulumi.prod.yaml"));
    git("checkout", "--quiet", "Pulumi.prod.yaml");
    const place = { cwd: mono, env: { ...process.env, ...when }, stdio: "ignore" as const };
    execFileSync("git", ["init", "--quiet"], place);
    execFileSync("git", ["config", "log.showSignature", "true"], place);
    const who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    execFileSync("git", ["add", "cluster/Pulumi.dev.yaml", "cluster/Pulumi.prod.yaml"], place);
    execFileSync("git", [...who, "commit", "--quiet", "--message", "a change"], place);
    const words = ["-r", "./scripts/typescript.js", "scripts/promotion.ts", "check", "prod", "--no-outputs"];
    const env = { PATH: `${bin}:/bin:/usr/bin`, HOME: folder };
    const { stdout } = spawnSync(process.execPath, words, { cwd: join(mono, "cluster"), env, encoding: "utf8" });
    expect(stdout).toContain("Pulumi.dev.yaml named 1.36.3");
  });

  it("ends with a sentence where the history is not whole, or a revision is unknown", () => {
    const shallow = join(clone, ".git/shallow");
    writeFileSync(shallow, `${git("rev-parse", "main")}\n`);
    expect(check({}, "--no-outputs")).toMatchObject({
      status: 1,
      stderr: "This clone does not have the whole history. Run `git fetch --unshallow`.",
    });
    rmSync(shallow);
    expect(check({}, "--no-outputs", "--branch", "nowhere")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^`git log` failed: fatal: /) as string,
    });
  });

  it("says what is missing in a stack file without promotion", () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ["-r", "./scripts/typescript.js", "scripts/promotion.ts", "check", "dev"],
      { cwd: clone, env: { PATH: `${bin}:/bin:/usr/bin`, HOME: folder }, encoding: "utf8" },
    );
    expect({ status, stderr: stderr.trim() }).toEqual({
      status: 1,
      stderr: "Pulumi.dev.yaml has no key promotion, which names the stack that goes first.",
    });
  });
});
