/**
 * The project's repository and an empty one, for the guide about one's own copy: with versions, at the guide's URLs.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Example, layClone, linkPackages, missingPart } from "./guides";

export class OwnCopy {
  readonly folder = mkdtempSync(join(tmpdir(), "own-copy-"));
  /** Also an unpacked release, as it stands. */
  readonly project = join(this.folder, "openstack-kubernetes");
  private readonly environment: NodeJS.ProcessEnv;

  /** @param programs Shell functions that stand before the commands. */
  constructor(private readonly programs = "") {
    const urls = { upstream: this.project, ours: join(this.folder, "ours.git") };
    const instead = {
      [`url.${urls.upstream}.insteadOf`]: "https://git.example.org/upstream/openstack-kubernetes.git",
      [`url.${urls.ours}.insteadOf`]: "https://git.example.org/ours/clusters.git",
      "user.name": "ada",
      "user.email": "ada@example.org",
    };
    this.environment = {
      PATH: process.env.PATH,
      HOME: this.folder,
      NO_COLOR: "1",
      PULUMI_SKIP_UPDATE_CHECK: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_COUNT: String(Object.keys(instead).length),
      ...Object.fromEntries(
        Object.entries(instead).flatMap(([key, value], index) => [
          [`GIT_CONFIG_KEY_${index}`, key],
          [`GIT_CONFIG_VALUE_${index}`, value],
        ]),
      ),
    };
    mkdirSync(this.project);
    layClone(this.project);
    this.git("init", "--quiet", "--bare", "--initial-branch=main", urls.ours);
    this.git("init", "--quiet", "--initial-branch=main");
    this.release("v1.0.0");
  }

  /** A version of the project, with `from` replaced in a file. */
  release(version: string, file?: string, from = "", to = ""): void {
    if (file !== undefined) {
      const path = join(this.project, file);
      const text = readFileSync(path, "utf8");
      if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
      writeFileSync(path, text.replace(from, to));
    }
    this.git("add", "--all");
    this.git("commit", "--quiet", "-m", version);
    this.git("tag", version);
  }

  git(...args: readonly string[]): string {
    return execFileSync("git", args, { cwd: this.project, env: this.environment, encoding: "utf8" });
  }

  /** What an example printed, when it is not what the page shows. */
  run({ commands, ...example }: Example): string | undefined {
    const shell = `${this.programs}\n{ ${commands}\n} 2>&1`;
    const options = { cwd: this.folder, env: this.environment, encoding: "utf8" } as const;
    const printed = execFileSync("bash", ["-c", shell], options);
    const missing = missingPart({ commands, ...example }, printed);
    return missing === undefined ? undefined : `without ${missing}:\n${printed}`;
  }

  /** Packages of a clone, as `npm ci` would install them. */
  link(clone: string): void {
    linkPackages(join(this.folder, clone));
  }

  /** Subjects of a clone's commits, and one of its files. */
  state(clone: string, file: string): { readonly log: readonly string[]; readonly file: string } {
    const log = this.git("-C", join(this.folder, clone), "log", "--format=%s").trim().split("\n");
    return { log, file: readFileSync(join(this.folder, clone, file), "utf8") };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
