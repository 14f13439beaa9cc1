/** Git repositories served over HTTP by Git's own http-backend, as a forge would, and work trees to commit to them. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { dirname, join } from "node:path";
import { gitBackend } from "../../../lab/openstack/gitBackend";

const environment = {
  PATH: process.env.PATH,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "test",
  GIT_AUTHOR_EMAIL: "test@example.org",
  GIT_COMMITTER_NAME: "test",
  GIT_COMMITTER_EMAIL: "test@example.org",
};

const git = (folder: string, ...args: readonly string[]) =>
  execFileSync("git", ["-C", folder, ...args], {
    env: environment,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

/** A repository with a work tree of its own; every commit is pushed at once. */
export class Repository {
  constructor(
    readonly url: string,
    readonly folder: string,
  ) {}

  write(path: string, content: string): this {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return this;
  }

  remove(path: string): this {
    rmSync(join(this.folder, path));
    return this;
  }

  /**
   * Commits everything and pushes; yields the revision as Flux writes it. `sshKey`: file of the private key that signs.
   */
  commit(message: string, sshKey?: string): string {
    const signed = ["-c", "gpg.format=ssh", "-c", `user.signingkey=${sshKey}`, "commit", "--gpg-sign"];
    git(this.folder, "add", "--all");
    git(this.folder, ...(sshKey === undefined ? ["commit"] : signed), "--quiet", "-m", message);
    return this.push();
  }

  /** Names the last commit. */
  tag(name: string): this {
    git(this.folder, "tag", name);
    git(this.folder, "push", "--quiet", "origin", name);
    return this;
  }

  /** Undoes the last commit by a new one. */
  revert(): string {
    git(this.folder, "revert", "--no-edit", "HEAD");
    return this.push();
  }

  /** Lines that the last commit added and removed. */
  lastDiff(): readonly string[] {
    return git(this.folder, "show", "--format=", "--unified=0", "HEAD")
      .split("\n")
      .filter((line) => /^[+-](?![+-])/.test(line));
  }

  private push(): string {
    git(this.folder, "push", "--quiet", "origin", "HEAD:main");
    return `main@sha1:${git(this.folder, "rev-parse", "HEAD").trim()}`;
  }
}

export class GitServer {
  private constructor(
    private readonly folder: string,
    private readonly server: Server,
    private readonly port: number,
  ) {}

  static async start(folder: string): Promise<GitServer> {
    mkdirSync(folder, { recursive: true });
    const server = createServer(gitBackend(folder, environment));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new GitServer(folder, server, (server.address() as { port: number }).port);
  }

  /** An empty repository with the branch main. */
  create(name: string): Repository {
    const bare = join(this.folder, `${name}.git`);
    const work = join(this.folder, `${name}-work`);
    execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", bare], { env: environment });
    execFileSync("git", ["init", "--quiet", "--initial-branch=main", work], { env: environment });
    git(work, "remote", "add", "origin", bare);
    return new Repository(`http://127.0.0.1:${this.port}/${name}.git`, work);
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
