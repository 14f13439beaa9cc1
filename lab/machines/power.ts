/** The power switch of the lab's machines, and what can be asked of them from outside. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ConfigDrive } from "./configDrive";
import { ownerOfMachines } from "./owner";
import { groupFolders, hierarchies, labGroup, namespaces, namespacePrefix, networkNamespace, runFolder } from "./site";
import type { PlannedMachine } from "./plan";

const machineScript = join(__dirname, "machine.sh");

/**
 * Where a machine's disk, drive and console are; for a server of the lab's OpenStack, where Nova's driver has put them.
 */
export function machineFolder(name: string): string {
  const owner = ownerOfMachines();
  return owner?.kind === "openstack"
    ? join(owner.folder, "data", "machines", "servers", name)
    : join(runFolder, "disks", name);
}

/**
 * Puts a config drive in a machine and switches it on. A machine that has been on before keeps its disk, as after a
 * power cut.
 */
export function startMachine(machine: PlannedMachine, layers: readonly string[], drive: ConfigDrive): void {
  const folder = machineFolder(machine.name);
  layDrive(folder, drive);
  execFileSync(machineScript, ["start", machine.name, folder, layers.join(":"), machine.mac], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Writes a config drive where a machine with this folder finds it. */
export function layDrive(folder: string, drive: ConfigDrive): void {
  for (const [path, content] of Object.entries(drive)) {
    const file = join(folder, "drive", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: 0o600 });
  }
}

/**
 * Pulls the plug. Returns when no process, mount, namespace or control group of the machine is left; its disk stays.
 */
export function stopMachine(name: string): void {
  execFileSync(machineScript, ["stop", name], { stdio: ["ignore", "ignore", "inherit"] });
}

/** Throws away the disk of a machine that is off. */
export function wipeMachine(name: string): void {
  rmSync(machineFolder(name), { recursive: true, force: true });
}

/** Names of the machines that have power, or of which a start that was cut short left something. */
export function machinesWithPower(): string[] {
  const names = new Set<string>();
  for (const folder of groupFolders())
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) names.add(entry.name);
  for (const name of namespaces()) names.add(name.slice(namespacePrefix.length));
  names.delete(networkNamespace);
  names.delete(networkNamespace.slice(namespacePrefix.length));
  return [...names].sort();
}

/** Whether something runs a machine: false after a power-off, and when it could not even be started. */
export function hasPower(name: string): boolean {
  const file = join(hierarchies()[0] ?? "", labGroup, name, "supervisor", "cgroup.procs");
  return existsSync(file) && readFileSync(file, "utf8") !== "";
}

/** What the host's machines boot with: v2 when the unified hierarchy is the only one. */
export function hostCgroup(): "v1" | "v2" {
  return existsSync("/sys/fs/cgroup/cgroup.controllers") ? "v2" : "v1";
}

export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in a machine as root, with `input` on its standard input. */
export function onMachine(name: string, command: readonly string[], timeoutSeconds = 60, input = ""): Answer {
  const { status, stdout, stderr } = spawnSync(machineScript, ["enter", name, ...command], {
    encoding: "utf8",
    input,
    timeout: timeoutSeconds * 1000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr };
}

/** What the machine has printed on its console since its disk was new. */
export function consoleOf(name: string): string {
  const file = join(machineFolder(name), "console.log");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** A shell in the machine, on our terminal. Returns its exit code. */
export function shellOn(name: string): number {
  return spawnSync(machineScript, ["enter", name, "/bin/bash", "--login"], { stdio: "inherit" }).status ?? 1;
}

/** Memory that the machine holds, in MiB, page cache not counted; undefined where the host does not account for it. */
export function memoryMib(name: string): number | undefined {
  for (const [file, key] of [
    [`/sys/fs/cgroup/memory/${labGroup}/${name}/memory.stat`, "total_rss"],
    [`/sys/fs/cgroup/${labGroup}/${name}/memory.stat`, "anon"],
  ] as const) {
    if (!existsSync(file)) continue;
    const bytes = new RegExp(`^${key} (\\d+)$`, "m").exec(readFileSync(file, "utf8"))?.[1];
    if (bytes !== undefined) return Math.round(Number(bytes) / 2 ** 20);
  }
  return undefined;
}
