/** Which deeper proofs .ci/run tries, and in which order. Not proven here: that they pass, and their usual times. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { textFiles } from "../docs/textFiles";

const root = path.join(__dirname, "../..");

/** Runs bash lines that know the functions of .ci/proofs. */
function bash(lines: string, cwd = root, input = ""): string {
  const script = `set -euo pipefail; source ${path.join(root, ".ci/proofs")}; ${lines}`;
  return execFileSync("bash", ["-c", script], { cwd, input, encoding: "utf8" });
}

interface Proof {
  readonly name: string;
  readonly usual: number;
  readonly limit: number;
  readonly project: string;
  readonly needsLab: string;
  readonly test: string;
  readonly concerns: readonly string[];
}

const proofs = bash(`printf '%s\\n' "\${proofs[@]}"`)
  .trim()
  .split("\n")
  .map((row): Proof => {
    const [name = "", usual, limit, project = "", needsLab = "", test = "", ...concerns] = row.split("|");
    return { name, usual: Number(usual), limit: Number(limit), project, needsLab, test, concerns };
  });

const order = (landing: number, ...changed: string[]) =>
  bash(`order ${landing}`, root, changed.map((file) => `${file}\n`).join(""))
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [number, reason] = line.split("\t");
      return { name: proofs[Number(number)]?.name, reason };
    });

/** Names of the proofs that would begin within `minutes`, each taking its usual time. */
function begun(minutes: number, landing: number, ...changed: string[]): string[] {
  let left = minutes;
  return order(landing, ...changed).flatMap(({ name = "" }) => {
    const usual = proofs.find((proof) => proof.name === name)?.usual ?? 0;
    if (usual > left) return [];
    left -= usual;
    return [name];
  });
}

describe("the list of deeper proofs", () => {
  it("names tests and paths that exist", () => {
    const missing = proofs.flatMap(({ test, project, concerns }) => [
      test.endsWith(`.${project}`) ? `${test}.test.ts` : test,
      ...concerns,
    ]);
    expect(missing.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });

  it("runs every test that needs more than npm and the tools, each in one proof", () => {
    const deep = textFiles((file) => /\.(gitops|engine|lab)\.test\.ts$/.test(file)).map((file) => file.path);
    const proofsOf = (file: string) =>
      proofs.filter(
        ({ project, test }) =>
          file.endsWith(`.${project}.test.ts`) && (file === `${test}.test.ts` || file.startsWith(`${test}/`)),
      );
    expect(deep.length).toBeGreaterThan(30);
    expect(deep.filter((file) => proofsOf(file).length !== 1)).toEqual([]);
  });

  it("leaves no proof beyond the hour and a half after which a run is ended", () => {
    const labDown = 5;
    const latest = proofs.map(({ name, usual, limit }) => ({ name, minutes: 60 - usual + limit + labDown }));
    expect(latest.filter(({ minutes }) => minutes > 88)).toEqual([]);
  });
});

describe("the order of deeper proofs", () => {
  it("begins with those whose subject changed, and says which file chose them", () => {
    expect(order(0, "README.md", "src/sweep/sweep.ts", "lab/qemu/machine.ts").slice(0, 3)).toEqual([
      { name: "sweep on the lab", reason: "src/sweep/sweep.ts changed" },
      { name: "a machine with a kernel of its own", reason: "lab/qemu/machine.ts changed" },
      { name: "real machines", reason: "its turn" },
    ]);
  });

  it("counts a changed test as a change of its subject", () => {
    expect(order(0, "test/up/faults.engine.test.ts")[0]).toEqual({
      name: "faults on the lab",
      reason: "test/up/faults.engine.test.ts changed",
    });
  });

  it("holds every proof once, whatever changed", () => {
    const names = proofs.map(({ name }) => name).sort();
    for (const changed of [[], ["src/up/rolling/roll.ts"], ["src/", "lab/", "gitops/", "test/"]])
      expect(
        order(7, ...changed)
          .map(({ name }) => name)
          .sort(),
      ).toEqual(names);
  });

  it.each([
    ["nothing that concerns them changed", []],
    ["everything changed", proofs.map(({ test }) => test)],
  ])("runs all of them within eight landings of 40 minutes, where %s", (_, changed) => {
    const seen = new Set([5, 6, 7, 8, 9, 10, 11, 12].flatMap((landing) => begun(40, landing, ...changed)));
    expect([...seen].sort()).toEqual(proofs.map(({ name }) => name).sort());
  });
});

describe("the last landing", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "landing-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is what was committed without a pause of an hour", () => {
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.invalid", ...args], {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, GIT_COMMITTER_DATE: `${start + minutes * 60} +0000` },
      }).trim();
    const start = 1_790_000_000;
    let minutes = 0;
    git("init", "--quiet");
    const commits = [0, 50, 100, 161, 200, 300, 330].map((at) => {
      minutes = at;
      git("commit", "--quiet", "--allow-empty", "-m", String(at));
      return git("rev-parse", "HEAD");
    });
    expect(bash("lastLanding", folder)).toBe(`3 ${commits[4]}\n`);
  });

  it("is the whole history where there was no pause", () => {
    const young = path.join(folder, "young");
    execFileSync("git", ["init", "--quiet", young]);
    expect(bash("git() { printf '1790000000 a\\n'; }; lastLanding", young)).toBe("1 \n");
  });
});

describe("the script that runs them", () => {
  const stubs = mkdtempSync(path.join(tmpdir(), "stubs-"));
  afterAll(() => rmSync(stubs, { recursive: true, force: true }));

  it("says what it chose each for, and ends with the sum of all tests", () => {
    for (const name of ["npm", "npx"])
      writeFileSync(path.join(stubs, name), "#!/bin/sh\necho 2 passed, 0 failed, 1 skipped\n", { mode: 0o755 });
    const output = execFileSync(path.join(root, ".ci/run"), {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, PATH: `${stubs}:${process.env.PATH ?? ""}`, OPENSTACK_KUBERNETES_LAB: stubs },
    });
    const chosen = [...output.matchAll(/^=== (.+) is chosen: (its turn|\S+ changed)$/gm)].map(([, name]) => name);
    expect(chosen.sort()).toEqual(proofs.map(({ name }) => name).sort());
    // Seven commands come before the deeper proofs; the line of each counts.
    const steps = proofs.length + 7;
    expect(output.trimEnd().split("\n").at(-1)).toBe(`${2 * steps} passed, 0 failed, ${steps} skipped`);
  });
});
