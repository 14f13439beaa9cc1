/**
 * A pretended machine for the scripts of src/bootstrap/files: the script's absolute paths are moved below a folder, and
 * the programs it calls are small stand-ins that write down each call and answer as the test says. Proves what a script
 * decides, not what the programs would do.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const sources = join(__dirname, "../../src/bootstrap/files");
const movedRoots = [
  "/etc/openstack-kubernetes",
  "/etc/kubernetes",
  "/etc/keepalived",
  "/etc/dnf",
  "/etc/fstab",
  "/etc/modules-load.d",
  "/etc/sysctl.d",
  "/etc/systemd",
  "/usr/lib/systemd",
  "/proc/filesystems",
  "/var/lib/",
  "/run/openstack-kubernetes",
  "/run/agent.py",
  "/run/etcd.py",
  "/opt/openstack-kubernetes",
  "/var/log/",
  "/var/backups/",
  "/dev/console",
];

interface ScriptResult {
  readonly status: number | null;
  readonly output: string;
  readonly calls: string[];
}

export class ScriptMachine {
  readonly root = mkdtempSync(join(tmpdir(), "machine-"));

  constructor() {
    // Time does not pass on this machine unless a test says so.
    this.program("sleep", "true");
  }

  remove(): void {
    // What a program that was just ended leaves to the processes it started may still be written.
    rmSync(this.root, { recursive: true, maxRetries: 20, retryDelay: 100 });
  }

  /** Lays a file at an absolute path of the machine. */
  file(path: string, content = ""): void {
    mkdirSync(dirname(this.root + path), { recursive: true });
    writeFileSync(this.root + path, content);
  }

  has(path: string): boolean {
    return existsSync(this.root + path);
  }

  delete(path: string): void {
    rmSync(this.root + path);
  }

  read(path: string): string {
    return readFileSync(this.root + path, "utf8");
  }

  /** Octal, without a leading zero. */
  mode(path: string): string {
    return (statSync(this.root + path).mode & 0o777).toString(8);
  }

  /**
   * A stand-in: its call is written down, then `body` (bash) runs with the call's arguments; "$machine" is the
   * machine's root.
   */
  program(name: string, body: string): void {
    const path = join(this.root, "stand-ins", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/bash\nmachine=${this.root}\necho "${name} $*" >>"$machine/calls"\n${body}\n`, {
      mode: 0o755,
    });
  }

  /** The text of a script, with the machine's paths below the folder. */
  moved(script: string): string {
    const source = readFileSync(join(sources, script), "utf8");
    return movedRoots.reduce((text, path) => text.replaceAll(path, this.root + path), source);
  }

  /** Runs a script; `seconds` is how long it has been running already when it first looks at the clock. */
  run(script: string, seconds = 0, words: readonly string[] = []): ScriptResult {
    const { path, env } = this.prepared(script, seconds);
    const { status, stdout, stderr } = spawnSync("bash", [path, ...words], { encoding: "utf8", env, timeout: 55_000 });
    const calls = this.read("/calls")
      .split("\n")
      .filter((call) => call !== "" && !call.startsWith("sleep"));
    return {
      status,
      output: `${stdout}${stderr}`.replaceAll(this.root, ""),
      calls: calls.map((call) => call.replaceAll(this.root, "")),
    };
  }

  /** Starts a script and does not wait for its end. */
  start(script: string): ChildProcess {
    const { path, env } = this.prepared(script, 0);
    return spawn("bash", [path], { env, stdio: "ignore" });
  }

  private prepared(script: string, seconds: number): { readonly path: string; readonly env: NodeJS.ProcessEnv } {
    writeFileSync(join(this.root, "calls"), "");
    const source = this.moved(script);
    for (const folder of ["/var/lib/openstack-kubernetes", "/var/log", "/run", "/dev", "/etc"])
      mkdirSync(this.root + folder, { recursive: true });
    const path = join(this.root, script);
    writeFileSync(path, source);
    const env = {
      ...process.env,
      PATH: `${join(this.root, "stand-ins")}:${process.env["PATH"] ?? ""}`,
      SECONDS: String(seconds),
      LC_ALL: "C",
    };
    return { path, env };
  }
}
