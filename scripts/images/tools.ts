/** The programs that `npm run images` calls, each the one that its project publishes. */
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const getThem = {
  crane:
    "go install github.com/google/go-containerregistry/cmd/crane@v0.21.8, or https://github.com/google/go-containerregistry/releases",
  flux: "https://fluxcd.io/flux/installation/#install-the-flux-cli",
  helm: "https://helm.sh/docs/intro/install/",
  kubeadm:
    "https://dl.k8s.io/release/v<version>/bin/linux/amd64/kubeadm, of the stack's kubernetes.version, or call this on Linux",
  tar: "it comes with the system",
} as const;

type ImageTool = keyof typeof getThem;

/** Errors: what is absent from PATH, all at once, with where to get each. */
export function assertTools(tools: readonly ImageTool[]): void {
  const absent = tools.filter((tool) => !isInPath(tool));
  if (absent.length === 0) return;
  throw new Error(["Not in PATH:", ...absent.map((tool) => `  ${tool}: ${getThem[tool]}`)].join("\n"));
}

function isInPath(tool: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, process.platform === "win32" ? `${tool}.exe` : tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export class ToolError extends Error {
  constructor(
    call: string,
    /** What the program wrote to its standard error. */
    readonly complaint: string,
  ) {
    super(`${call}: ${complaint.trim() || "failed without a word"}`);
    this.name = "ToolError";
  }
}

/** What the program writes to its standard output. Errors: ToolError with what it writes to standard error. */
export function runTool(tool: ImageTool, args: readonly string[], workingFolder?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { encoding: "utf8" as const, maxBuffer: 256 * 1024 * 1024, cwd: workingFolder, env: process.env };
    execFile(tool, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new ToolError([tool, ...args.slice(0, 3)].join(" "), stderr || error.message));
    });
  });
}
