/** Runs `npm run preview` as a user would, without npm itself: the command that package.json names. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parse } from "yaml";

export const root = path.join(__dirname, "../..");

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function preview(...args: readonly string[]): Promise<Ended> {
  const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    scripts: { preview: string };
  };
  const [command = "", ...rest] = scripts.preview.split(" ");
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...rest, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject).once("close", (status) => {
      resolve({ status, stdout, stderr });
    });
  });
}

/** A folder for one test file, and a way to clear it away. */
export function scratch(): {
  readonly folder: string;
  readonly in: (name: string) => string;
  readonly remove: () => void;
} {
  const folder = mkdtempSync(path.join(tmpdir(), "preview-test-"));
  return {
    folder,
    in: (name) => path.join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The configuration of a stack of this repository, to be changed by a test. */
export function stackFile(stack: string): { config: Record<string, unknown> } {
  return parse(readFileSync(path.join(root, `Pulumi.${stack}.yaml`), "utf8")) as { config: Record<string, unknown> };
}
