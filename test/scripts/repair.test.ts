/** `npm run repair` as a user runs it, without npm itself and without a cluster. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { minimalStack } from "../fixtures/minimalStack";

// Each test starts a process of its own, on a machine that may be busy.
jest.setTimeout(60_000);

const root = join(__dirname, "../..");
const command = ["-r", join(root, "scripts/typescript.js"), join(root, "scripts/repair.ts")];

/** Runs it with a folder in PATH where `pulumi` is this script (bash); undefined: there is none. */
function repair(pulumi: string | undefined, ...options: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "repair-test-"));
  const file = join(folder, "Pulumi.dev.yaml");
  const keys = Object.entries(minimalStack).map(([key, value]) => [`openstack-kubernetes:${key}`, value]);
  writeFileSync(file, JSON.stringify({ config: Object.fromEntries(keys) as object }));
  if (pulumi !== undefined) writeFileSync(join(folder, "pulumi"), `#!/bin/bash\n${pulumi}\n`, { mode: 0o755 });
  try {
    const env = { PATH: `${folder}:/bin:/usr/bin`, HOME: "/nonexistent" };
    return spawnSync(process.execPath, [...command, "dev", "--config", file, ...options], { env, encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the repair command", () => {
  it("says in its help what it does, and what its exit codes mean", () => {
    const { status, stdout } = repair(undefined, "--help");
    expect(status).toBe(0);
    expect(stdout).toContain("a reboot first");
    expect(stdout).toContain("3 something is broken and was left");
  });

  it("needs a stack of which an `up` has ended", () => {
    const { status, stderr } = repair("echo '{}'");
    expect(status).toBe(1);
    expect(stderr.trim()).toBe("stack dev has no kubeconfig among its outputs, so no `pulumi up` has ended yet");
  });

  it("names what it needs where Pulumi's CLI is missing", () => {
    const { status, stderr } = repair(undefined);
    expect(status).toBe(1);
    expect(stderr.trim()).toBe("Pulumi's CLI is not in PATH (scripts/installPulumi.sh says where it is)");
  });
});
