/** What `up` does with changed settings, on lab machines. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClusterConfig } from "../../../src/config/clusterConfig";
import { messageOf } from "../../../src/engine/messageOf";
import type { KubernetesRequest } from "../../../src/kubernetes/client";
import { takeChangedFiles } from "../../../src/up/changedFiles";
import type { FilesMachine } from "../../../src/up/filesMachines";

interface TakeInput {
  readonly config: ClusterConfig;
  readonly machines: readonly FilesMachine[];
  /** Names of the machines that are new. */
  readonly created: readonly string[];
  readonly request: KubernetesRequest;
  readonly print: (line: string) => void;
}

/** Returns the lines of `up`, the error that it stops with, and how long it took. */
export async function takeSettings({ config, machines, created, request, print }: TakeInput) {
  const lines: string[] = [];
  const start = Date.now();
  const error = await takeChangedFiles({
    clusterName: config.clusterName,
    machines,
    packageManager: "apt",
    withAgent: new Set(machines.map(({ name }) => name)),
    created: new Set(created),
    ...config.update,
    drainTimeoutMinutes: config.readiness.drainTimeoutMinutes,
    unlistedComponents: [],
    timeoutMinutes: 30,
    request,
    progress: () => undefined,
    tell: (line) => lines.push(line),
    warn: (line) => lines.push(line),
  }).then(() => undefined, messageOf);
  const seconds = Math.round((Date.now() - start) / 1000);
  for (const line of lines) print(line);
  print(`taken in ${seconds} s${error === undefined ? "" : `: ${error}`}`);
  return { lines, error, seconds };
}

/** The same with another content of one file; the digest as the agent computes it. */
export function withFile(
  files: FilesMachine["files"],
  path: string,
  change: (content: string) => string,
): FilesMachine["files"] {
  const all = JSON.parse(files.files) as { path: string; content: string }[];
  const text = JSON.stringify(
    all.map((file) => (file.path === path ? { ...file, content: change(file.content) } : file)),
  );
  return { ...files, files: text, digest: createHash("sha256").update(`${files.agent}\0${text}`).digest("hex") };
}

/** The certificate (PEM) of a CA that signs nothing. */
export function createCa(): string {
  const folder = mkdtempSync(join(tmpdir(), "ca-"));
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", join(folder, "key")];
  const file = join(folder, "ca.crt");
  execFileSync("openssl", ["req", "-x509", ...key, "-subj", "/CN=a CA of the site", "-days", "30", "-out", file], {
    stdio: "pipe",
  });
  const pem = readFileSync(file, "utf8");
  rmSync(folder, { recursive: true });
  return pem;
}
