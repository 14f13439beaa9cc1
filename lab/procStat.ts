/** The processes of this machine, as /proc/<pid>/stat shows them. */
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly state: string;
  readonly session: number;
  /** Clock ticks since boot. */
  readonly started: number;
  /** Clock ticks of processor time, user and system. */
  readonly ticks: number;
  /** Resident memory in pages. */
  readonly pages: number;
}

/** Reads one line. The name stands in parentheses and may itself hold spaces and parentheses. */
export function parseStat(line: string): ProcessStat {
  const end = line.lastIndexOf(")");
  const [state = "", ...fields] = line.slice(end + 2).split(" ");
  const number = (index: number) => Number(fields[index]);
  return {
    pid: parseInt(line, 10),
    parent: number(0),
    name: line.slice(line.indexOf("(") + 1, end),
    state,
    session: number(2),
    started: number(18),
    ticks: number(10) + number(11),
    pages: number(20),
  };
}

function read(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined; // It ended while we looked.
  }
}

/** Whether it still runs: a zombie only waits to be reaped. */
export const isLiving = ({ state }: ProcessStat): boolean => state !== "Z" && state !== "X";

/** The process with this id, if it runs. */
export function processStat(pid: number): ProcessStat | undefined {
  const found = read(pid);
  return found !== undefined && isLiving(found) ? found : undefined;
}

/** All processes, zombies included, whose processor time still counts. */
export function processStats(): ProcessStat[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => read(Number(pid)))
    .filter((found) => found !== undefined);
}
