/** What a command and all that it starts take of the machine, read from /proc while they run. */
import { spawn } from "node:child_process";
import { processStats, type ProcessStat } from "../procStat";

export type Process = Pick<ProcessStat, "pid" | "parent" | "name" | "ticks" | "pages">;

export interface Usage {
  readonly seconds: number;
  /**
   * Processor seconds of all processes. What a process used after its last sample is missing: at most one interval
   * each.
   */
  readonly cpuSeconds: number;
  /**
   * Largest sum of resident memory of all processes at one moment, in MiB; pages that several of them share count more
   * than once.
   */
  readonly peakMib: number;
  /** Largest resident memory by name of program, in MiB. */
  readonly peakByProgram: Readonly<Record<string, number>>;
}

export interface Outcome extends Usage {
  readonly code: number;
  readonly output: string;
}

/** Milliseconds between two looks. */
const interval = 100;
/** Ticks per second and bytes per page on every Linux that this runs on (x86-64 and arm64 with 4 KiB pages). */
const ticksPerSecond = 100;
const pagesPerMib = 256;

/** `root` and its descendants. */
export function descendants(all: readonly Process[], root: number): Process[] {
  const tree = all.filter(({ pid }) => pid === root);
  for (const member of tree) tree.push(...all.filter(({ parent, pid }) => parent === member.pid && pid !== root));
  return tree;
}

/** Sums up samples of a tree. */
export class UsageMeter {
  private readonly ticks = new Map<number, number>();
  private readonly peaks = new Map<string, number>();
  private peak = 0;

  sample(tree: readonly Process[]): void {
    for (const { pid, name, ticks, pages } of tree) {
      this.ticks.set(pid, ticks);
      this.peaks.set(name, Math.max(this.peaks.get(name) ?? 0, pages));
    }
    this.peak = Math.max(
      this.peak,
      tree.reduce((sum, { pages }) => sum + pages, 0),
    );
  }

  usage(seconds: number): Usage {
    const mib = (pages: number) => Math.round(pages / pagesPerMib);
    return {
      seconds,
      cpuSeconds: [...this.ticks.values()].reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond,
      peakMib: mib(this.peak),
      peakByProgram: Object.fromEntries([...this.peaks].map(([name, pages]) => [name, mib(pages)])),
    };
  }
}

/** Runs a command to its end and measures it. Never throws for an exit status other than 0. */
export function measure(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Outcome> {
  return new Promise((fulfil, reject) => {
    const start = performance.now();
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    const meter = new UsageMeter();
    const timer = setInterval(() => meter.sample(descendants(processStats(), child.pid as number)), interval);
    child.on("error", (error) => {
      clearInterval(timer);
      reject(error);
    });
    child.on("close", (code) => {
      clearInterval(timer);
      fulfil({
        ...meter.usage((performance.now() - start) / 1000),
        code: code ?? 1,
        output: Buffer.concat(chunks).toString("utf8"),
      });
    });
  });
}
