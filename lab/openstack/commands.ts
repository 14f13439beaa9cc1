/** Commands that run to their end: captured, or written to a log. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

/** Environment as a child process takes it. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Runs a command and returns what it printed.
 * Errors: names the command and quotes what it wrote to standard error, unless `allowFailure`.
 */
export function run(
  command: string,
  args: readonly string[],
  options: { allowFailure?: boolean; environment?: Environment } = {},
): Promise<{ stdout: string; code: number }> {
  return new Promise((fulfil, reject) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: options.environment ?? { ...process.env, LC_ALL: "C.UTF-8" },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0 || options.allowFailure) fulfil({ stdout, code: code ?? 1 });
      else reject(new Error(`${command} ${args.slice(0, 3).join(" ")} failed (${code}): ${lastLines(stderr, 5)}`));
    });
  });
}

/**
 * Runs a command whose output goes to a log file, in this process's own session, so that Ctrl-C reaches it too.
 * Errors: names the command, its log and the log's last lines.
 */
export function runLogged(
  command: string,
  args: readonly string[],
  options: { log: string; environment: Environment; cwd?: string },
): Promise<void> {
  mkdirSync(dirname(options.log), { recursive: true });
  const log = openSync(options.log, "a");
  return new Promise<void>((fulfil, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", log, log], env: options.environment, cwd: options.cwd });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) fulfil();
      else
        reject(
          new Error(
            `${command} ${args.slice(0, 3).join(" ")} ended with ${signal ?? `status ${code}`}. The end of ${options.log}:\n${logTail(options.log)}`,
          ),
        );
    });
  }).finally(() => closeSync(log));
}

/** The last lines of a log, indented; empty when there is none. */
export function logTail(file: string, lines = 8): string {
  return existsSync(file) ? lastLines(readFileSync(file, "utf8"), lines) : "";
}

function lastLines(text: string, count: number): string {
  return text
    .trimEnd()
    .split("\n")
    .slice(-count)
    .map((line) => `    ${line}`)
    .join("\n");
}
