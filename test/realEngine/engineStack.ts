/** A stack of the program, run by the real engine against the lab. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../lab/openstack/commands";
import { engine } from "../../lab/openstack/engine";
import { labFolder } from "../../lab/openstack/layout";
import { isRunning } from "../../lab/openstack/lab";
import { checkout, engineEnvironment, ensureStack, stackFileOnLab, writeStackOnLab } from "../../lab/openstack/stack";
import { labIn } from "../../lab/openstack/units";
import { clusterType } from "../../src/consequences/plannedChange";
import { describeUnless } from "../describeUnless";
import { commandsRunBy, pulumiArgumentsRunBy } from "../docs/runbooks";
import { engineObstacle, programPlugins } from "./installedEngine";

const lab = labIn(labFolder());

/** One resource that the engine did something to: `create proof-general-2 (openstack:compute/instance:Instance)`. */
interface Change {
  operation: string;
  type: string;
  name: string;
}

/** A value for the stack's configuration, by path below the project's namespace. */
export interface Setting {
  path: readonly string[];
  value: unknown;
}

interface EngineEvent {
  resourcePreEvent?: { metadata: { op: string; urn: string } };
  diagnosticEvent?: { severity: string; message: string };
}

/** Why the engine tests cannot run here, or undefined when they can. */
function obstacle(): string | undefined {
  return engineObstacle(programPlugins) ?? (isRunning(lab) ? undefined : "the lab is not up (`npm run lab -- up`)");
}

/** `describe`, or, where the tests cannot run, a skipped one that says why in a line nobody overlooks. */
export function describeOnLab(name: string, tests: () => void): void {
  describeUnless(obstacle(), name, tests);
}

/** A stack named `name`, configured as `model` with `settings` on top. */
export class EngineStack {
  protected readonly environment: NodeJS.ProcessEnv = { ...engineEnvironment(lab), PULUMI_DEBUG_COMMANDS: "true" };

  constructor(
    readonly name: string,
    protected readonly settings: readonly Setting[],
    protected readonly model = "dev",
  ) {}

  /** `pulumi up` with these settings instead of the stack's own of the same path. */
  async up(settings: readonly Setting[] = []): Promise<Change[]> {
    const file = writeStackOnLab(lab, this.name, [...this.settings, ...settings], this.model);
    await ensureStack(lab, this.name, this.environment);
    return this.change("up", "--yes", "--skip-preview", "--parallel", "16", "--config-file", file);
  }

  async preview(settings: readonly Setting[] = []): Promise<Change[]> {
    const file = writeStackOnLab(lab, this.name, [...this.settings, ...settings], this.model);
    await ensureStack(lab, this.name, this.environment);
    return this.change("preview", "--config-file", file);
  }

  /** What `npm run consequences` says of a preview with these settings. */
  async consequences(settings: readonly Setting[]): Promise<{ stdout: string; code: number }> {
    const file = writeStackOnLab(lab, this.name, [...this.settings, ...settings], this.model);
    const folder = mkdtempSync(join(tmpdir(), "consequences-"));
    try {
      const plan = join(folder, "plan.json");
      writeFileSync(plan, await this.engine("preview", "--json", "--config-file", file));
      const script = ["-r", join(checkout, "scripts", "typescript.js"), join(checkout, "scripts", "consequences.ts")];
      return await run(process.execPath, [...script, plan], { allowFailure: true });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** What the engine finds different in OpenStack from what it remembers. */
  refresh(): Promise<Change[]> {
    return this.change("refresh", "--yes", "--skip-preview", "--config-file", stackFileOnLab(lab, this.name));
  }

  /** Step 3 of docs/runbooks/destroy.md. */
  async unprotect(): Promise<void> {
    const [unprotect = []] = pulumiArgumentsRunBy(__filename, "docs/runbooks/destroy.md");
    await this.engine(...unprotect, "--yes");
  }

  /** Steps 3 and 4 of docs/runbooks/destroy.md, with the answers that a person would type. */
  async destroy(): Promise<void> {
    const [, destroy = []] = pulumiArgumentsRunBy(__filename, "docs/runbooks/destroy.md");
    await this.unprotect();
    await this.change(...destroy, "--yes", "--skip-preview", "--config-file", stackFileOnLab(lab, this.name));
  }

  /** The sweep of docs/runbooks/destroy.md, with these options besides. */
  sweep(...options: string[]): Promise<{ stdout: string; code: number }> {
    const commands = commandsRunBy(__filename, "docs/runbooks/destroy.md");
    const sweep = commands.find((command) => command.startsWith("npm ")) ?? "";
    const here = sweep.trim().replace(/ dev$/, ` ${this.name} --config "$STACK_FILE" "$@"`);
    return run("bash", ["-c", `cd "$CHECKOUT" && ${here}`, "sweep", ...options], {
      environment: {
        ...this.environment,
        npm_config_loglevel: "silent",
        CHECKOUT: checkout,
        STACK_FILE: stackFileOnLab(lab, this.name),
      },
      allowFailure: true,
    });
  }

  /**
   * What commands of a runbook print: letter for letter but for the stack's name, with the lab's client, the stack's
   * file, and the answers that a person would type.
   *
   * @param folder Where they run. Errors: one of them fails.
   */
  async commands(text: string, folder = checkout): Promise<string> {
    const programs = `
      openstack() { /usr/bin/openstack "$@"; }
      pulumi() {
        local own=()
        case $1 in preview | up | refresh | destroy) own=(--config-file "$STACK_FILE") ;; esac
        case "$*" in up* | refresh* | destroy*) [[ $* == *--preview-only* ]] || own+=(--yes --skip-preview) ;; esac
        "$ENGINE" "$@" "\${own[@]}" --cwd "$CHECKOUT" --non-interactive
      }
      cd "$FOLDER"
    `;
    const environment = {
      ...this.environment,
      PULUMI_STACK: this.name,
      ENGINE: engine,
      CHECKOUT: checkout,
      STACK_FILE: stackFileOnLab(lab, this.name),
      FOLDER: folder,
    };
    const commands = text.replace(/\bdev\b/g, this.name);
    return (await run("bash", ["-euc", `${programs}${commands}`], { environment })).stdout;
  }

  /** Ends what an earlier run of the tests left: the stack, if there is one. */
  async removeLeftovers(): Promise<void> {
    writeStackOnLab(lab, this.name, this.settings, this.model);
    await ensureStack(lab, this.name, this.environment);
    await this.engine("cancel", "--yes").catch(() => undefined); // Only a run that was killed leaves something to cancel.
    const { deployment } = JSON.parse(await this.exported()) as {
      deployment: { resources?: { custom: boolean; type: string }[] };
    };
    if (deployment.resources?.some(({ custom, type }) => custom && !type.startsWith("pulumi:"))) await this.destroy();
  }

  /** Outputs, secrets included. */
  async outputs(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.engine("stack", "output", "--json", "--show-secrets")) as Record<string, unknown>;
  }

  /** The state as the backend holds it: secrets encrypted. */
  exported(): Promise<string> {
    return this.engine("stack", "export");
  }

  /** The state with its secrets in the clear. */
  exportedInTheClear(): Promise<string> {
    return this.engine("stack", "export", "--show-secrets");
  }

  protected async engine(...args: string[]): Promise<string> {
    // Asked of the checkout, since that is where the project is.
    return (
      await run(engine, [...args, "--cwd", checkout, "--stack", this.name, "--non-interactive"].filter(notFor(args)), {
        environment: this.environment,
      })
    ).stdout;
  }

  private async change(...args: string[]): Promise<Change[]> {
    const folder = mkdtempSync(join(tmpdir(), "engine-"));
    const log = join(folder, "events.jsonl");
    try {
      const { code, stdout } = await run(
        engine,
        [...args, "--event-log", log, "--cwd", checkout, "--stack", this.name, "--non-interactive"],
        {
          environment: this.environment,
          allowFailure: true,
        },
      );
      const events = existsSync(log)
        ? readFileSync(log, "utf8")
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as EngineEvent)
        : [];
      const errors = events.flatMap(({ diagnosticEvent }) =>
        diagnosticEvent?.severity === "error" ? [diagnosticEvent.message] : [],
      );
      if (code !== 0)
        throw new Error(
          `pulumi ${args[0]} of ${this.name} failed (${code}): ${errors.join("\n") || stdout.slice(-2000)}`,
        );
      return events
        .flatMap(({ resourcePreEvent }) => (resourcePreEvent ? [changeOf(resourcePreEvent.metadata)] : []))
        .filter(({ operation, type }) => !quiet.has(operation) && !(operation === "update" && type === clusterType));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** Operations that change nothing; nor does an update of the cluster's component, which records the configuration. */
const quiet = new Set(["same", "read", "refresh"]);

/** `pulumi cancel` takes the stack as its argument and not as an option. */
function notFor(args: readonly string[]): (arg: string) => boolean {
  return (arg) => !(args[0] === "cancel" && arg === "--stack");
}

function changeOf({ op, urn }: { op: string; urn: string }): Change {
  const [, , types = "", name = ""] = urn.split("::");
  return { operation: op, type: types.split("$").pop() ?? "", name };
}
