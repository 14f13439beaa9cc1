/** May the lab run here? All that speaks against it, at once. */
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { accepts } from "./probes";
import { runningLeader } from "./processes";
import { takenPorts } from "./services";
import type { Lab } from "./units";

/** What is known about the machine. */
export interface Machine {
  /** Numeric user id; 0 is root. */
  readonly userId: number;
  /** ID and VERSION_ID of /etc/os-release. */
  readonly distribution: { readonly id: string; readonly version: string; readonly name: string };
  /** MemAvailable of /proc/meminfo, in MiB. */
  readonly memoryMib: number;
  /** Free space where the lab's folder lies, in MiB. */
  readonly diskMib: number;
  /** Ports the lab needs on which somebody else listens. */
  readonly takenPorts: readonly { readonly port: number; readonly name: string }[];
  /** Do the packages have to be installed yet? */
  readonly toInstall: boolean;
  /** Does it run already? Then its memory is in use and its ports are its own. */
  readonly running: boolean;
  /** Folder of the lab. */
  readonly root: string;
}

/**
 * Memory the lab takes, measured as proportional set size with all services idle: 3.0 GiB without Cinder, 3.4 with; the
 * rest is for the databases to grow.
 */
const neededMemoryMib = 4096;
/**
 * Databases, logs and compiled Python of a lab in use: 300 MB were seen; 0.8 GB of packages come on top when they are
 * still to be installed.
 */
const neededDiskMib = 1024;
const installationDiskMib = 1536;
/** Longest path of a Unix socket on Linux is 107 bytes; the longest name of ours below the folder has 17. */
const longestRoot = 107 - "/run/mariadb.sock".length;

/** Why the lab cannot run on the machine: one sentence per reason, each with its remedy. Empty: it can. */
export function problems(machine: Machine): string[] {
  const found: string[] = [];
  if (machine.userId !== 0)
    found.push(
      "The lab installs packages and runs databases, which needs root: run it as root (a container or virtual machine of your own is the place for it).",
    );
  const { id, version, name } = machine.distribution;
  if (id !== "debian" || version !== "12")
    found.push(
      `The lab is made of the OpenStack packages of Debian 12 (bookworm), and this is ${name}: use a Debian 12 machine, virtual machine or container.`,
    );
  if (!machine.running && machine.memoryMib < neededMemoryMib)
    found.push(
      `The lab needs ${neededMemoryMib} MiB of free memory and ${machine.memoryMib} MiB are available: stop something, or use a larger machine.`,
    );
  const disk = neededDiskMib + (machine.toInstall ? installationDiskMib : 0);
  if (machine.diskMib < disk)
    found.push(
      `The lab needs ${disk} MiB of disk at ${machine.root} and ${machine.diskMib} MiB are free: make room, or choose another folder with OPENSTACK_KUBERNETES_LAB.`,
    );
  for (const { port, name: unit } of machine.takenPorts)
    found.push(
      `Port ${port} of 127.0.0.1, which the lab needs for ${unit}, is taken by another program (\`ss -ltnp sport = :${port}\` shows which): stop that program.`,
    );
  if (Buffer.byteLength(machine.root) > longestRoot)
    found.push(
      `The lab's folder ${machine.root} has a path of ${Buffer.byteLength(machine.root)} bytes, and sockets within allow ${longestRoot}: choose a shorter one with OPENSTACK_KUBERNETES_LAB.`,
    );
  return found;
}

/** Looks at this machine. */
export async function inspectMachine(lab: Lab, toInstall: boolean): Promise<Machine> {
  const release = new Map(
    (existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "")
      .split("\n")
      .filter((line) => line.includes("="))
      .map(
        (line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1).replace(/^"|"$/g, "")] as const,
      ),
  );
  const memory = existsSync("/proc/meminfo")
    ? /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]
    : undefined;
  let folder = lab.root;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const taken: { port: number; name: string }[] = [];
  for (const candidate of takenPorts(lab)) {
    if (!runningLeader(lab, candidate.name) && (await accepts({ port: candidate.port, host: "127.0.0.1" })))
      taken.push(candidate);
  }
  return {
    userId: process.getuid?.() ?? -1,
    distribution: {
      id: release.get("ID") ?? "unknown",
      version: release.get("VERSION_ID") ?? "",
      name: release.get("PRETTY_NAME") ?? `${process.platform}, of which the release is unknown`,
    },
    memoryMib: Math.floor(Number(memory ?? 0) / 1024),
    diskMib: Math.floor((bavail * bsize) / 1024 / 1024),
    takenPorts: taken,
    toInstall,
    running: runningLeader(lab, "keystone") !== undefined,
    root: lab.root,
  };
}
