/** Runs `npm run preview` as a user would, without npm itself: the command that package.json names. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parse } from "yaml";

export const root = path.join(__dirname, "../..");

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** As a person runs it: a pipeline's own target branch is nothing to these tests. */
export const preview = Object.assign((...args: readonly string[]) => previewIn({}, ...args), { in: previewIn });

const targetBranch = /^(CI_MERGE_REQUEST_\w+|GITHUB_BASE_REF)$/;

function previewIn(environment: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ended> {
  const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    scripts: { preview: string };
  };
  const [command = "", ...rest] = scripts.preview.split(" ");
  return new Promise((resolve, reject) => {
    const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !targetBranch.test(name)));
    const env = { ...own, ...environment };
    const child = spawn(command, [...rest, ...args], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
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
