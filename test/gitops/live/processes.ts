/** Programs started by a test: output in a file each, ended by their own process id when the test is over. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

export class Processes {
  private readonly running: { readonly name: string; readonly child: ChildProcess }[] = [];

  /** `folder` takes `<name>.log` of each program. */
  constructor(private readonly folder: string) {}

  start(name: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
    const log = openSync(join(this.folder, `${name}.log`), "a");
    const child = spawn(program, args, {
      stdio: ["ignore", log, log],
      env: { PATH: process.env.PATH, HOME: this.folder, TMPDIR: this.folder, ...env },
    });
    closeSync(log);
    this.running.push({ name, child });
  }

  /** Last lines of a program's output, for the message of a failed wait. */
  tail(name: string, lines = 15): string {
    return readFileSync(join(this.folder, `${name}.log`), "utf8")
      .split("\n")
      .slice(-lines)
      .join("\n");
  }

  /** Ends one at once, as a power cut would, and waits until it is gone. */
  async kill(name: string): Promise<void> {
    const index = this.running.findLastIndex((each) => each.name === name);
    const [found] = this.running.splice(index, 1);
    if (index === -1 || found === undefined) throw new Error(`${name} was not started`);
    const gone = new Promise((resolve) => found.child.once("exit", resolve));
    if (found.child.kill("SIGKILL")) await gone;
  }

  /** Ends all, the last started first, and waits until each is gone. */
  async stop(): Promise<void> {
    for (const { child } of this.running.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const impatient = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await gone;
      clearTimeout(impatient);
    }
  }
}

/**
 * Ports of the loopback interface that nobody has at this moment; all different, as they are held until the last is
 * found.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * Repeats `attempt` until it yields something; after `seconds` an error that says what was waited for, and what
 * `otherwise` knows.
 */
export async function eventually<T>(
  what: string,
  seconds: number,
  attempt: () => T | undefined | Promise<T | undefined>,
  otherwise: () => string = () => "",
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let last = "";
  while (Date.now() < end) {
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      last = (error as Error).message;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${what} did not come about within ${seconds} s. ${last}\n${otherwise()}`);
}
