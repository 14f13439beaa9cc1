/** The program in test/platform/platformProgram, run by the real engine with state of its own. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { stringify } from "yaml";
import { engine } from "../../lab/openstack/engine";

const programFolder = join(__dirname, "platformProgram");

/** An operation of the engine on one resource, for instance "create test-cluster-settings". */
type Step = `${string} ${string}`;

interface Outcome {
  /** What the engine said, when it failed. */
  readonly failure: string | undefined;
  /** What the engine did or would do; what it left alone is not in it. */
  readonly steps: readonly Step[];
  readonly seconds: number;
}

interface EngineEvent {
  resourcePreEvent?: { metadata: { op: string; urn: string } };
  diagnosticEvent?: { severity: string; message: string };
}

const stack = "organization/openstack-kubernetes/test";
const quiet = new Set(["same", "read", "refresh"]);

export class PlatformStack {
  private readonly configFile: string;
  private child: ChildProcess | undefined;

  /** `environment` reaches the program and the plugins. */
  constructor(
    private readonly folder: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {
    this.configFile = join(folder, "Pulumi.test.yaml");
  }

  async create(values: Readonly<Record<string, unknown>>, secrets: Readonly<Record<string, string>>): Promise<void> {
    mkdirSync(join(this.folder, "state"), { recursive: true });
    writeFileSync(join(this.folder, "Pulumi.yaml"), "name: openstack-kubernetes\nruntime: nodejs\n");
    await this.run(["stack", "init", stack, "--no-select"], this.folder);
    const salt = readFileSync(this.configFile, "utf8");
    writeFileSync(this.configFile, `${salt}${this.rendered(values)}`);
    for (const [key, value] of Object.entries(secrets)) await this.setSecret(key, value);
  }

  /** As an operator does it. */
  async setSecret(key: string, value: string): Promise<void> {
    await this.run(
      [
        "config",
        "set",
        "--secret",
        "--path",
        `openstack-kubernetes:${key}`,
        "--config-file",
        this.configFile,
        "--stack",
        stack,
      ],
      programFolder,
      value,
    );
  }

  async set(path: string, value: string): Promise<void> {
    await this.run(
      [
        "config",
        "set",
        "--path",
        `openstack-kubernetes:${path}`,
        value,
        "--config-file",
        this.configFile,
        "--stack",
        stack,
      ],
      programFolder,
    );
  }

  private rendered(values: Readonly<Record<string, unknown>>): string {
    return stringify({
      config: Object.fromEntries(Object.entries(values).map(([key, value]) => [`openstack-kubernetes:${key}`, value])),
    });
  }

  preview(environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return this.change(["preview"], environment);
  }

  up(options: { readonly refresh?: boolean; readonly environment?: NodeJS.ProcessEnv } = {}): Promise<Outcome> {
    return this.change(
      ["up", "--yes", "--skip-preview", ...(options.refresh === true ? ["--refresh"] : [])],
      options.environment ?? {},
    );
  }

  async destroy(): Promise<Outcome> {
    await this.run(["state", "unprotect", "--all", "--yes", "--stack", stack], programFolder);
    return this.change(["destroy", "--yes", "--skip-preview"], {});
  }

  /** The state as the backend holds it. */
  exported(): Promise<string> {
    return this.run(["stack", "export", "--stack", stack], programFolder);
  }

  /**
   * Ends the engine and its plugins at once, as a machine that loses its power would. Plugins have process groups of
   * their own, so each is named.
   */
  kill(): void {
    const all = execFileSync("ps", ["-e", "-o", "pid=,ppid="], { encoding: "utf8" })
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number));
    const family = (parent: number): number[] => [
      parent,
      ...all.flatMap(([pid, ppid]) => (ppid === parent && pid !== undefined ? family(pid) : [])),
    ];
    if (this.child?.pid === undefined) throw new Error("no engine was started");
    for (const pid of family(this.child.pid)) process.kill(pid, "SIGKILL");
  }

  /** Gives up the lock that a killed engine left. */
  async cancel(): Promise<void> {
    await this.run(["cancel", "--yes", stack], programFolder);
  }

  private async change(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Outcome> {
    const log = join(mkdtempSync(join(this.folder, "events-")), "events.jsonl");
    const began = Date.now();
    const { code, output } = await this.spawn(
      [...args, "--stack", stack, "--config-file", this.configFile, "--event-log", log, "--non-interactive"],
      programFolder,
      { ...environment, PULUMI_DEBUG_COMMANDS: "true" },
    );
    const events = existsSync(log)
      ? readFileSync(log, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as EngineEvent)
      : [];
    rmSync(log, { force: true });
    const messages = events
      .flatMap(({ diagnosticEvent }) =>
        diagnosticEvent === undefined || diagnosticEvent.severity === "debug" ? [] : [diagnosticEvent.message],
      )
      .join("");
    return {
      steps: events.flatMap(({ resourcePreEvent }) => {
        const { op, urn } = resourcePreEvent?.metadata ?? { op: "same", urn: "" };
        // The random provider is the test's own and no part of what is looked at.
        return quiet.has(op) || urn.includes("::default_") ? [] : [`${op} ${urn.split("::").at(-1) ?? ""}` as const];
      }),
      failure: code === 0 ? undefined : messages === "" ? output : messages,
      seconds: (Date.now() - began) / 1000,
    };
  }

  private async run(args: readonly string[], folder: string, input?: string): Promise<string> {
    const { code, output } = await this.spawn(
      [...args, ...(args[0] === "cancel" ? [] : ["--non-interactive"])],
      folder,
      {},
      input,
    );
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} failed (${code}): ${output}`);
    return output;
  }

  private spawn(
    args: readonly string[],
    folder: string,
    environment: NodeJS.ProcessEnv,
    input?: string,
  ): Promise<{ code: number; output: string }> {
    const own = Object.entries(process.env).filter(
      ([name]) => !/_proxy$/i.test(name) && !name.startsWith("OS_") && name !== "KUBECONFIG",
    );
    return new Promise((resolve, reject) => {
      const child = spawn(engine, args, {
        cwd: folder,
        stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
        env: {
          ...Object.fromEntries(own),
          PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
          PULUMI_CONFIG_PASSPHRASE: "test",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
          ...this.environment,
          ...environment,
        },
      });
      this.child = child;
      let output = "";
      child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.on("error", reject);
      child.on("close", (code) => resolve({ code: code ?? 1, output }));
      if (input !== undefined) child.stdin?.end(input);
    });
  }
}
