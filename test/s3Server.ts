/** A real S3 server, versitygw, with one bucket in a folder; its port stays the same when it is away for a while. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BucketAccess, presignedUrl } from "../src/restore/presignedUrl";

export const bucket = "cluster-backups";

export class S3Server {
  readonly credential = { accessKeyId: "operator", secretAccessKey: "operators-secret" };
  private readonly folder = mkdtempSync(join(tmpdir(), "s3-"));
  private port = 0;
  private server: ChildProcess | undefined;

  /**
   * @param binary Path of versitygw.
   * @param host Address that it serves at.
   * @param enter Begins the command of whatever runs in its network.
   */
  constructor(
    private readonly binary: string,
    private readonly host = "127.0.0.1",
    private readonly enter: readonly string[] = [],
  ) {
    for (const name of ["data", "users", `data/${bucket}`]) mkdirSync(join(this.folder, name));
  }

  get endpoint(): string {
    return `http://${this.host}:${this.port}`;
  }

  async start(): Promise<void> {
    this.port ||= await freePort();
    const { accessKeyId, secretAccessKey } = this.credential;
    const words = [...this.enter, this.binary];
    const program = words.shift() as string;
    const server = spawn(
      program,
      [
        ...words,
        ...["--quiet", "--port", `${this.host}:${this.port}`, "--iam-dir", join(this.folder, "users")],
        ...["posix", join(this.folder, "data")],
      ],
      { env: { ...process.env, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey }, stdio: "pipe" },
    );
    this.server = server;
    let said = "";
    server.stderr.on("data", (text: Buffer) => (said += text.toString()));
    for (let look = 0; look < 300; look++) {
      if (this.get(this.endpoint).status === 0) return;
      if (server.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`versitygw did not start: ${said}`);
  }

  /** It does not answer any more; what it holds stays. */
  async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGKILL");
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** Asks in its network, with curl. */
  get(url: string): { readonly status: number | null; readonly stdout: Buffer } {
    const words = [...this.enter, "curl", "--silent", url];
    const program = words.shift() as string;
    return spawnSync(program, words, { maxBuffer: 1 << 28 });
  }

  /** A user of the server who may do nothing before a policy says so. */
  addUser(access: string, secret: string): void {
    const { accessKeyId, secretAccessKey } = this.credential;
    execFileSync(
      this.binary,
      [
        ...["admin", "--access", accessKeyId, "--secret", secretAccessKey, "--endpoint-url", this.endpoint],
        ...["create-user", "--access", access, "--secret", secret, "--role", "user"],
      ],
      { stdio: "pipe" },
    );
  }

  /** Names of the objects, sorted. */
  objects(): string[] {
    return readdirSync(join(this.folder, "data", bucket), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(join(this.folder, "data", bucket).length + 1))
      .sort();
  }

  read(name: string): Buffer {
    return readFileSync(join(this.folder, "data", bucket, name));
  }

  /** What opens the bucket for everything. */
  get access(): BucketAccess {
    return { ...this.credential, endpoint: this.endpoint, region: "us-east-1", bucket };
  }

  /** A policy of the bucket: this user may do that to its objects. */
  async allow(user: string, actions: readonly string[]): Promise<void> {
    const statement = { Effect: "Allow", Principal: user, Action: actions, Resource: `arn:aws:s3:::${bucket}/*` };
    const request = { method: "PUT", key: "", query: { policy: "" }, seconds: 60 } as const;
    const answer = await fetch(presignedUrl(this.access, request, new Date()), {
      method: "PUT",
      body: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
    });
    if (!answer.ok) throw new Error(`versitygw refuses the policy: ${await answer.text()}`);
  }

  /** An object of a few bytes. */
  put(name: string): void {
    const path = join(this.folder, "data", bucket, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, "old");
  }

  /** What somebody with access to the bucket could do. */
  overwrite(name: string, content: Buffer): void {
    writeFileSync(join(this.folder, "data", bucket, name), content);
  }
}

export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    }),
  );
}
