/** The two tools that are compared, each behind the same few verbs. Every verb is measured. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engine } from "../openstack/engine";
import { checkout, ensureStack } from "../openstack/stack";
import type { Layout } from "../openstack/layout";
import { run } from "../openstack/commands";
import {
  multiplyPulumiState,
  multiplyTofuState,
  type Multiplication,
  type PulumiExport,
  type TofuState,
} from "./multipliedState";
import { measure, type Outcome } from "./processTree";

/**
 * What the tool must find: everything to make, or nothing to change. Anything else is an error, so that no time is
 * taken of a run that did other work.
 */
type Expected = "everything" | "nothing";

export interface Tool {
  readonly name: "Pulumi" | "OpenTofu";
  /** Says what an `up` would do. @param refresh Ask OpenStack about everything in the state first. */
  preview(expected: Expected, refresh: boolean): Promise<Outcome>;
  up(): Promise<Outcome>;
  destroy(): Promise<Outcome>;
  /** Bytes of the state as the tool leaves it on disk. */
  stateBytes(): number;
}

/** Operations at a time, for both tools. */
const parallel = 16;

/** The program on a stack of its own. */
export class PulumiTool implements Tool {
  readonly name = "Pulumi";

  /** @param file The stack's configuration. @param state Folder of the engine's state. */
  constructor(
    private readonly stack: string,
    private readonly file: string,
    private readonly state: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  static async open(
    lab: Layout,
    stack: string,
    file: string,
    state: string,
    environment: NodeJS.ProcessEnv,
  ): Promise<PulumiTool> {
    mkdirSync(state, { recursive: true, mode: 0o700 });
    // As docs/state.md advises: what is encrypted and written as text loses a quarter, and what every machine repeats
    // nearly all.
    const env = { ...environment, PULUMI_BACKEND_URL: `file://${state}`, PULUMI_DIY_BACKEND_ZSTD: "true" };
    await ensureStack(lab, stack, env);
    return new PulumiTool(stack, file, state, env);
  }

  /** Destroys what an interrupted benchmark left of this stack. */
  async removeLeftovers(): Promise<void> {
    // Only a run that was killed leaves something to cancel.
    await run(engine, ["cancel", this.stack, "--yes", "--cwd", checkout, "--non-interactive"], {
      environment: this.env,
      allowFailure: true,
    });
    const { stdout } = await run(engine, ["stack", "export", ...this.quietly], { environment: this.env });
    const { deployment } = JSON.parse(stdout) as { deployment: { resources?: unknown[] } };
    if ((deployment.resources?.length ?? 0) > 1) await this.destroy();
  }

  async preview(expected: Expected, refresh: boolean): Promise<Outcome> {
    const outcome = await this.engine(
      "preview",
      "--config-file",
      this.file,
      `--refresh=${refresh}`,
      ...(expected === "nothing" ? ["--expect-no-changes"] : []),
    );
    return accepted(
      outcome,
      this.name,
      expected === "nothing" || (/ to create/.test(outcome.output) && !/ unchanged/.test(outcome.output)),
    );
  }

  up = async (): Promise<Outcome> => accepted(await this.engine("up", "--yes", "--config-file", this.file), this.name);

  async destroy(): Promise<Outcome> {
    await run(engine, ["state", "unprotect", "--all", "--yes", ...this.quietly], { environment: this.env });
    return accepted(await this.engine("destroy", "--yes", "--skip-preview", "--config-file", this.file), this.name);
  }

  stateBytes = (): number =>
    statSync(join(this.state, ".pulumi", "stacks", "openstack-kubernetes", `${this.stack}.json.zst`)).size;

  /** A preview with more workers in the state than there are; the configuration must ask for as many. */
  async previewMultiplied(what: Multiplication): Promise<Outcome> {
    const real = `${this.file}.state.json`;
    const multiplied = `${this.file}.multiplied.json`;
    await run(engine, ["stack", "export", "--file", real, ...this.quietly], { environment: this.env });
    writeFileSync(
      multiplied,
      JSON.stringify(multiplyPulumiState(JSON.parse(readFileSync(real, "utf8")) as PulumiExport, what)),
      { mode: 0o600 },
    );
    await run(engine, ["stack", "import", "--file", multiplied, ...this.quietly], { environment: this.env });
    try {
      return await this.preview("nothing", false);
    } finally {
      await run(engine, ["stack", "import", "--file", real, ...this.quietly], { environment: this.env });
    }
  }

  private get quietly(): readonly string[] {
    return ["--stack", this.stack, "--cwd", checkout, "--non-interactive"];
  }

  private engine(verb: string, ...args: string[]): Promise<Outcome> {
    const parallelism = ["--parallel", String(parallel)];
    return measure(engine, [verb, ...args, ...parallelism, "--stack", this.stack, "--non-interactive"], {
      cwd: checkout,
      env: this.env,
    });
  }
}

/** OpenTofu on a configuration in a folder of its own. */
export class TofuTool implements Tool {
  readonly name = "OpenTofu";
  private readonly env: NodeJS.ProcessEnv;

  /** @param binaries Folders of OpenTofu and of the provider. */
  constructor(
    private readonly folder: string,
    files: Readonly<Record<string, string>>,
    private readonly binaries: { readonly opentofu: string; readonly provider: string },
    environment: NodeJS.ProcessEnv,
  ) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o600 });
    // The provider as it was built, asked of no registry.
    const rules = `provider_installation {\n  dev_overrides { "terraform-provider-openstack/openstack" = ${JSON.stringify(binaries.provider)} }\n}\n`;
    writeFileSync(join(folder, "tofu.rc"), rules);
    this.env = {
      ...environment,
      TF_CLI_CONFIG_FILE: join(folder, "tofu.rc"),
      TF_IN_AUTOMATION: "1",
      CHECKPOINT_DISABLE: "1",
    };
  }

  /** Destroys what an interrupted benchmark left in this folder. */
  async removeLeftovers(): Promise<void> {
    const state = join(this.folder, "terraform.tfstate");
    if (!existsSync(state)) return;
    if ((JSON.parse(readFileSync(state, "utf8")) as TofuState).resources.length > 0) await this.destroy();
    rmSync(state);
  }

  async preview(expected: Expected, refresh: boolean): Promise<Outcome> {
    const outcome = await this.tofu("plan", "-detailed-exitcode", `-refresh=${refresh}`);
    const wanted = expected === "nothing" ? 0 : 2;
    return accepted(
      { ...outcome, code: outcome.code === wanted ? 0 : 1 },
      this.name,
      expected === "nothing" || / to add, 0 to change, 0 to destroy/.test(outcome.output),
    );
  }

  up = async (): Promise<Outcome> => accepted(await this.tofu("apply", "-auto-approve"), this.name);

  destroy = async (): Promise<Outcome> => accepted(await this.tofu("destroy", "-auto-approve"), this.name);

  stateBytes = (): number => statSync(join(this.folder, "terraform.tfstate")).size;

  /**
   * A plan without refresh, with more workers in the state than there are; `files` is the configuration that asks for
   * as many.
   */
  previewMultiplied(what: Multiplication, pool: string, files: Readonly<Record<string, string>>): Promise<Outcome> {
    const state = JSON.parse(readFileSync(join(this.folder, "terraform.tfstate"), "utf8")) as TofuState;
    const more = { ...files, "terraform.tfstate": JSON.stringify(multiplyTofuState(state, pool, what)) };
    return new TofuTool(`${this.folder}-${what.wanted}`, more, this.binaries, this.env).preview("nothing", false);
  }

  private tofu(verb: string, ...args: string[]): Promise<Outcome> {
    const options = ["-input=false", "-no-color", `-parallelism=${parallel}`];
    return measure(join(this.binaries.opentofu, "tofu"), [verb, ...args, ...options], {
      cwd: this.folder,
      env: this.env,
    });
  }
}

/** The outcome, or an error with the end of what the tool said. */
function accepted(outcome: Outcome, tool: string, asExpected = true): Outcome {
  if (outcome.code === 0 && asExpected) return outcome;
  throw new Error(
    `${tool} did not do what was to be measured (exit status ${outcome.code}):\n${outcome.output.split("\n").slice(-40).join("\n")}`,
  );
}
