/** A stack whose `up` can be watched while it runs, and killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labFolder } from "../../lab/openstack/layout";
import { engine } from "../../lab/openstack/engine";
import { checkout, ensureStack, writeStackOnLab } from "../../lab/openstack/stack";
import { labIn } from "../../lab/openstack/units";
import { EngineStack, type Setting } from "./engineStack";
import { killSession } from "./killSession";
import { pulumiArgumentsRunBy } from "../docs/runbooks";

const lab = labIn(labFolder());

/** Milliseconds that an `up` may take, however slow the machine or the fault. */
const patience = 10 * 60_000;

/** A resource of the state. Components and providers have no place in OpenStack. */
interface StateResource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  initErrors?: string[];
}

/** What `pulumi stack export` shows, as far as the tests ask. */
export interface State {
  resources: StateResource[];
  pending_operations?: { type: string; resource: StateResource }[];
}

/** How an `up` ended. */
export interface Ending {
  /** Exit status; null when it was killed. */
  code: number | null;
  /** What the engine called errors, one message after the other. */
  errors: string;
  /** What the engine called warnings. */
  warnings: string;
  /** `create fault-general-0`, for every step that was begun, without those that change nothing. */
  steps: string[];
}

interface EngineEvent {
  resourcePreEvent?: { metadata: { op: string; urn: string } };
  resOutputsEvent?: { metadata: { op: string; urn: string } };
  diagnosticEvent?: { severity: string; message: string };
}

/** An `up` under way. */
export class Up {
  private readonly log: string;
  private readonly child: ChildProcess;
  private printed = "";
  /** Resolves when it has ended, well or not. */
  readonly ending: Promise<Ending>;

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv) {
    const folder = mkdtempSync(join(tmpdir(), "engine-"));
    this.log = join(folder, "events.jsonl");
    // In a session of its own, by which all that the engine starts can be found again.
    this.child = spawn(engine, [...args, "--event-log", this.log, "--cwd", checkout, "--non-interactive"], {
      env: environment,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on("data", (chunk: Buffer) => (this.printed += chunk.toString()));
    this.ending = new Promise<number | null>((fulfil, reject) => {
      this.child.on("error", reject);
      this.child.on("close", fulfil);
    })
      .then((code) => this.end(code))
      .finally(() => rmSync(folder, { recursive: true, force: true }));
  }

  /**
   * Resolves once the engine has begun (`begun`) or finished (`done`) to create a resource of this type whose name
   * matches. Errors: the run ended before.
   */
  async reaches(moment: "begun" | "done", type: string, name: RegExp): Promise<void> {
    const deadline = Date.now() + patience;
    let ended: Ending | undefined;
    void this.ending.then((ending) => (ended = ending));
    for (;;) {
      const seen = this.events().some(({ resourcePreEvent, resOutputsEvent }) => {
        const metadata = (moment === "begun" ? resourcePreEvent : resOutputsEvent)?.metadata;
        return (
          metadata?.op === "create" &&
          metadata.urn.includes(`${type}::`) &&
          name.test(metadata.urn.split("::").pop() ?? "")
        );
      });
      if (seen) return;
      if (ended !== undefined || Date.now() > deadline)
        throw new Error(`The up ended before ${type} ${String(name)} was ${moment}: ${ended?.errors ?? ""}`);
      await pause(50);
    }
  }

  /** What a power cut does: engine, language host, program and plugins are gone at once. */
  async cutPower(): Promise<void> {
    await killSession(this.child.pid);
    await this.ending;
  }

  /** Events so far; the last line may be half written. */
  private events(): EngineEvent[] {
    if (!existsSync(this.log)) return [];
    const lines = readFileSync(this.log, "utf8").split("\n");
    return lines.slice(0, -1).map((line) => JSON.parse(line) as EngineEvent);
  }

  private end(code: number | null): Ending {
    const events = this.events();
    const message = (severity: string) =>
      events
        .flatMap(({ diagnosticEvent }) => (diagnosticEvent?.severity === severity ? [diagnosticEvent.message] : []))
        .join("\n");
    return {
      code,
      errors: message("error") || (code === 0 ? "" : this.printed.slice(-2000)),
      warnings: message("warning"),
      steps: events.flatMap(({ resourcePreEvent }) =>
        resourcePreEvent === undefined ? [] : stepOf(resourcePreEvent.metadata),
      ),
    };
  }
}

/** Operations that change nothing. */
const quiet = new Set(["same", "read", "refresh"]);

function stepOf({ op, urn }: { op: string; urn: string }): string[] {
  return quiet.has(op) ? [] : [`${op} ${urn.split("::").pop()}`];
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((fulfil) => setTimeout(fulfil, milliseconds));
}

export class InterruptibleStack extends EngineStack {
  /** Makes the stack, empty, unless it is there. */
  async prepare(): Promise<void> {
    writeStackOnLab(lab, this.name, this.settings, this.model);
    await ensureStack(lab, this.name, this.environment);
  }

  /** Begins an `up` with these settings on top. `environment` wins over the lab's. */
  async begin(settings: readonly Setting[] = [], environment: NodeJS.ProcessEnv = {}): Promise<Up> {
    const file = writeStackOnLab(lab, this.name, [...this.settings, ...settings], this.model);
    await ensureStack(lab, this.name, this.environment);
    const args = ["up", "--yes", "--skip-preview", "--parallel", "16", "--stack", this.name, "--config-file", file];
    return new Up(args, { ...this.environment, ...environment });
  }

  /** An `up` from begin to end, however it ends. */
  async tryUp(settings: readonly Setting[] = [], environment: NodeJS.ProcessEnv = {}): Promise<Ending> {
    return (await this.begin(settings, environment)).ending;
  }

  async state(): Promise<State> {
    const { deployment } = JSON.parse(await this.exported()) as { deployment: Partial<State> };
    return { ...deployment, resources: deployment.resources ?? [] };
  }

  /** Removes the lock that a killed run has left, by the command of docs/runbooks/interrupted-up.md. */
  async cancel(): Promise<void> {
    const [cancel = []] = pulumiArgumentsRunBy(__filename, "docs/runbooks/interrupted-up.md");
    await this.engine(...cancel);
  }
}
