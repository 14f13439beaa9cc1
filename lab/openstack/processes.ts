/**
 * Processes of the lab, found without ever trusting a name. Each is started as leader of its own session and carries a
 * mark in its environment; who leads is written down with the time it started, since process ids are used again.
 */
import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { isLiving, processStat, processStats, type ProcessStat } from "../procStat";
import type { Layout } from "./layout";

/** Who leads a session of the lab. */
export interface Leader {
  pid: number;
  started: number;
  /** Boot the start time counts from: after a reboot the same numbers may come again. */
  boot: string;
}

/** A process that was just started. */
interface Started {
  leader: Leader;
  /** How it ended: "status 0", a signal's name, or why it could not be started. */
  ended: Promise<string>;
}

const mark = "OPENSTACK_KUBERNETES_LAB_PROCESS";

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** Who this very process is, for a lock that outlives it. */
export function ownIdentity(): Leader {
  return { pid: process.pid, started: processStat(process.pid)?.started ?? 0, boot: bootId() };
}

/** Is this still the same process, not another with its number? */
export function isAlive(leader: Leader): boolean {
  return leader.boot === bootId() && processStat(leader.pid)?.started === leader.started;
}

/** The recorded leader of a unit, if it was ever started and not stopped since. */
function recordedLeader(lab: Layout, name: string): Leader | undefined {
  const file = record(lab, name);
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Leader;
  } catch {
    return undefined;
  }
}

/** The recorded leader of a unit, if it runs. */
export function runningLeader(lab: Layout, name: string): Leader | undefined {
  const leader = recordedLeader(lab, name);
  return leader && isAlive(leader) ? leader : undefined;
}

/**
 * Starts a process in a session of its own, its output in `log`, with nothing of this process's environment but what is
 * given. The log of the run before is kept as `<log>.previous`.
 */
export function startProcess(
  lab: Layout,
  name: string,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): Started {
  mkdirSync(lab.log, { recursive: true });
  const file = logFile(lab, name);
  if (existsSync(file)) renameSync(file, `${file}.previous`);
  const log = openSync(file, "a", 0o600);
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd: lab.root,
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...environment, [mark]: markOf(lab, name) },
  });
  closeSync(log);
  const ended = new Promise<string>((fulfil) => {
    child.on("error", ({ message }) => fulfil(message));
    child.on("exit", (code, signal) => fulfil(signal ?? `status ${code}`));
  });
  child.unref();
  if (child.pid === undefined) throw new Error(`${program} cannot be started: is its package installed?`);
  const leader = { pid: child.pid, started: processStat(child.pid)?.started ?? 0, boot: bootId() };
  mkdirSync(lab.run, { recursive: true });
  writeFileSync(`${record(lab, name)}.new`, JSON.stringify(leader));
  renameSync(`${record(lab, name)}.new`, record(lab, name));
  return { leader, ended };
}

/** Log of a unit. */
export function logFile(lab: Layout, name: string): string {
  return join(lab.log, `${name}.log`);
}

function record(lab: Layout, name: string): string {
  return join(lab.run, `${name}.json`);
}

function markOf(lab: Layout, name: string): string {
  return `${lab.root}:${name}`;
}

/** Live processes of the recorded session of each unit, by the unit's name: one look at /proc, for a table of all. */
export function processesByUnit(lab: Layout): Map<string, ProcessStat[]> {
  const live = processStats();
  return new Map(
    recordedNames(lab).map((name) => {
      const leader = runningLeader(lab, name);
      return [name, leader ? live.filter(({ session }) => session === leader.pid) : []] as const;
    }),
  );
}

/**
 * All live processes of a unit (or, without a name, of the lab): the recorded session, and whoever carries the mark.
 */
export function processesOf(lab: Layout, name?: string): ProcessStat[] {
  const names = name === undefined ? recordedNames(lab) : [name];
  const leaders = names
    .map((each) => recordedLeader(lab, each))
    .filter((leader) => leader !== undefined && leader.boot === bootId()) as Leader[];
  const wanted = `${mark}=${name === undefined ? `${lab.root}:` : markOf(lab, name)}`;
  return processStats().filter((entry) => {
    if (!isLiving(entry)) return false;
    if (entry.pid === process.pid) return false;
    const leader = leaders.find(({ pid }) => pid === entry.session);
    // A session's number is free for others only when its last member is gone, and a later session's leader started
    // later.
    if (leader && (processStat(leader.pid)?.started ?? leader.started) === leader.started) return true;
    return environmentOf(entry.pid).some((variable) =>
      name === undefined ? variable.startsWith(wanted) : variable === wanted,
    );
  });
}

function recordedNames(lab: Layout): string[] {
  if (!existsSync(lab.run)) return [];
  return readdirSync(lab.run)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length));
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/**
 * Asks the processes of the units to end and, when they have not after `patience` seconds, ends them.
 * Forgets their records when nothing of them is left.
 */
export async function stopUnits(lab: Layout, names: readonly string[], patience = 15): Promise<void> {
  await stopProcesses(() => names.flatMap((name) => processesOf(lab, name)), patience);
  for (const name of names) rmSync(record(lab, name), { force: true });
}

/** Ends everything that belongs to the lab, recorded or only marked (a step whose command was killed, say). */
export async function stopEverything(lab: Layout, patience = 5): Promise<void> {
  await stopProcesses(() => processesOf(lab), patience);
  for (const name of recordedNames(lab)) rmSync(record(lab, name), { force: true });
}

async function stopProcesses(find: () => ProcessStat[], patience: number): Promise<void> {
  const deadline = Date.now() + patience * 1000;
  let remaining = find();
  for (const { pid } of remaining) signal(pid, "SIGTERM");
  while (remaining.length > 0) {
    await new Promise((fulfil) => setTimeout(fulfil, 150));
    remaining = find();
    if (Date.now() > deadline) for (const { pid } of remaining) signal(pid, "SIGKILL");
    if (Date.now() > deadline + 10_000 && remaining.length > 0)
      throw new Error(
        `Processes ${remaining.map(({ pid }) => pid).join(", ")} of the lab do not end, not even by SIGKILL: see \`ps\` for what they wait for.`,
      );
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}
