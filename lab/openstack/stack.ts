/**
 * A stack of the program on the lab: its configuration with the lab's overlay, state in the lab's folder, the real
 * engine.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { isMap, parseDocument } from "yaml";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { parseClusterConfig } from "../../src/config/parse";
import { parseStackFile } from "../../src/config/stackFile";
import { hostCgroup } from "../machines/power";
import { run } from "./commands";
import { engine, engineFolder } from "./engine";
import type { Layout } from "./layout";
import { locked, stackLock } from "./lock";
import { kubectlProgram, machinesOf } from "./machines";
import { kubeconfigFile, type StackOutputs, waitForNodes } from "./nodes";
import { type OverlayChange, changesWithMachines, changesWithoutMachines, shownChange } from "./overlay";
import type { LabPlatform } from "./platform";
import { siteCertificate } from "./siteServices";

const project = "openstack-kubernetes";

/** The checkout. */
export const checkout = resolve(__dirname, "..", "..");

/** What a lab changes of a stack file. */
function changesOf(lab: Layout, stackFile: string, platform?: LabPlatform): readonly OverlayChange[] {
  return machinesOf(lab) === undefined
    ? changesWithoutMachines
    : changesWithMachines(parseStackFile(stackFile, "the stack file").values, hostCgroup(), platform);
}

/**
 * A stack file with the lab's changes made, but for secrets, which the engine writes. Pulumi writes the salt of the
 * passphrase into the file it is given, so the salt of the file written before is kept: without it the state could not
 * be read any more.
 *
 * @param stackFile Content of Pulumi.<stack>.yaml.
 * @param before Content of the file that was made for the lab earlier.
 * @param settings Further values, by path below the project's namespace (tests).
 * @param changes What the lab changes. @default what a lab without machines does
 */
export function stackOnLab(
  stackFile: string,
  before?: string,
  settings: readonly Setting[] = [],
  changes: readonly OverlayChange[] = changesWithoutMachines,
): string {
  const document = parseDocument(stackFile);
  if (!isMap(document.contents)) throw new Error("The stack file is no map: it must hold the key `config`.");
  for (const { path, value, isSecret } of [...changes, ...settings]) {
    if (isSecret === true) continue;
    const [key = "", ...rest] = path;
    const at = ["config", `${project}:${key}`, ...rest];
    if (value === undefined) document.deleteIn(at);
    else document.setIn(at, document.createNode(value));
  }
  const salt: unknown = before === undefined ? undefined : parseDocument(before).get("encryptionsalt");
  if (salt !== undefined) document.set("encryptionsalt", salt);
  return document.toString({ lineWidth: 0 });
}

type Setting = Pick<OverlayChange, "path" | "value" | "isSecret">;

/** What the program makes of a stack on the lab. Errors: the configuration is refused. */
export function configOnLab(
  lab: Layout,
  stack: string,
  platform: LabPlatform,
  settings: readonly Setting[],
): ClusterConfig {
  const model = stackModel(stack);
  const changes = changesOf(lab, model, platform).map((change) => ({ ...change, isSecret: undefined }));
  const { values } = parseStackFile(stackOnLab(model, undefined, settings, changes), "the stack file");
  return parseClusterConfig(values, stack);
}

/** Content of a stack's file. Errors: there is none. */
function stackModel(stack: string): string {
  const source = join(checkout, `Pulumi.${stack}.yaml`);
  if (!existsSync(source))
    throw new Error(`There is no Pulumi.${stack}.yaml: name one of the stacks of this folder, for instance dev.`);
  return readFileSync(source, "utf8");
}

/** Where a stack's configuration for the lab is written. */
export function stackFileOnLab(lab: Layout, stack: string): string {
  return join(lab.data, "stacks", `Pulumi.${stack}.yaml`);
}

/**
 * Writes the stack's configuration for the lab and returns its path. Errors: there is no such stack file.
 *
 * @param modelStack Stack whose file is taken. @default the stack itself
 */
export function writeStackOnLab(
  lab: Layout,
  stack: string,
  settings: readonly Setting[] = [],
  modelStack = stack,
  platform?: LabPlatform,
): string {
  const model = stackModel(modelStack);
  const target = stackFileOnLab(lab, stack);
  mkdirSync(join(lab.data, "stacks"), { recursive: true, mode: 0o700 });
  const before = existsSync(target) ? readFileSync(target, "utf8") : undefined;
  writeFileSync(target, stackOnLab(model, before, settings, changesOf(lab, model, platform)), { mode: 0o600 });
  return target;
}

/** Environment in which the engine uses the lab: its cloud, and state and passphrase in the lab's folder. */
export function engineEnvironment(lab: Layout): NodeJS.ProcessEnv {
  // OS_* variables of the user's own cloud would win over the lab's clouds.yaml.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("OS_") && !/_proxy$/i.test(name));
  return {
    ...Object.fromEntries(own),
    PATH: [engineFolder() ?? [], process.env.PATH ?? []].flat().join(delimiter),
    OS_CLIENT_CONFIG_FILE: lab.cloudsYaml,
    OS_CLOUD: "lab",
    PULUMI_BACKEND_URL: `file://${lab.state}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: lab.passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

/** What Helm, crane and Git trust in the network of the lab's machines, from where nothing else is reached. */
export const siteTrust = (lab: Layout) => ({
  SSL_CERT_FILE: siteCertificate(lab),
  GIT_SSL_CAINFO: siteCertificate(lab),
});

/**
 * Environment of a user's own commands on the lab: beside the engine's, kubectl and the kubeconfig of the stack that
 * came up last.
 */
export function userEnvironment(lab: Layout): NodeJS.ProcessEnv {
  const environment = engineEnvironment(lab);
  if (machinesOf(lab) === undefined) return environment;
  return {
    ...environment,
    ...siteTrust(lab),
    PATH: [dirname(kubectlProgram()), environment.PATH].join(delimiter),
    KUBECONFIG: kubeconfigFile(lab),
  };
}

const noEngine =
  "Pulumi's engine is not on this machine: run scripts/installPulumi.sh, or use `npm run preview`, which needs none.";

/** The engine's version, or undefined when it is not installed. */
async function engineVersion(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { stdout, code } = await run(engine, ["version"], { allowFailure: true, environment }).catch(() => ({
    stdout: "",
    code: 1,
  }));
  return code === 0 ? stdout.trim() : undefined;
}

/**
 * Sees to it that engine and plugins are on this machine: the network of the lab's machines has no way to where they
 * are downloaded from. Errors: what the engine says.
 */
export async function prepareEngine(lab: Layout): Promise<void> {
  const environment = engineEnvironment(lab);
  if ((await engineVersion(environment)) === undefined) throw new Error(noEngine);
  await run(engine, ["install", "--no-dependencies", "--cwd", checkout], { environment });
}

/** Runs the engine with the user's terminal. Returns its exit status. */
function runEngine(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((fulfil, reject) => {
    const child = spawn(engine, args, { cwd: checkout, env: environment, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", (code) => fulfil(code ?? 1));
  });
}

/** Milliseconds of silence after which a command says that it is at work. */
const silence = 60_000;

/**
 * `action`, with a line a minute: an engine without a terminal prints nothing while a gate of the program waits, which
 * may take 20 minutes.
 */
export async function withSignsOfLife<T>(
  what: string,
  say: (line: string) => void,
  action: () => Promise<T>,
): Promise<T> {
  const began = Date.now();
  const timer = setInterval(
    () => say(`${what}: still at work after ${Math.round((Date.now() - began) / 60_000)} min`),
    silence,
  );
  try {
    return await action();
  } finally {
    clearInterval(timer);
  }
}

/**
 * `pulumi up` of a stack on the lab that runs; with machines, the wait for their nodes too. Returns the engine's exit
 * status. Errors: another run is at work on the stack; its file is left alone then.
 *
 * @param settings Values other than the stack file's.
 */
export function stackUp(
  lab: Layout,
  stack: string,
  say: (line: string) => void,
  settings: readonly OverlayChange[] = [],
  platform?: LabPlatform,
): Promise<number> {
  return locked(stackLock(lab, stack), () => lockedStackUp(lab, stack, say, settings, platform));
}

async function lockedStackUp(
  lab: Layout,
  stack: string,
  say: (line: string) => void,
  settings: readonly OverlayChange[],
  platform: LabPlatform | undefined,
): Promise<number> {
  const environment = { ...engineEnvironment(lab), ...(platform === undefined ? {} : siteTrust(lab)) };
  const version = await engineVersion(environment);
  if (version === undefined) throw new Error(noEngine);
  const file = writeStackOnLab(lab, stack, settings, stack, platform);
  const changes = [...changesOf(lab, stackModel(stack), platform), ...settings];
  const machines = machinesOf(lab) !== undefined;
  say(
    `Pulumi ${version} brings up stack ${stack} on the lab. Different from Pulumi.${stack}.yaml (the file in use is ${file}):`,
  );
  for (const change of changes) say(shownChange(change));
  await ensureStack(lab, stack, environment);
  for (const change of changes) if (change.isSecret === true) writeSecret(change, stack, file, environment);
  const began = Date.now();
  const up = ["up", "--yes", "--parallel", "16", "--stack", stack, "--config-file", file, "--non-interactive"];
  const status = await withSignsOfLife(`Pulumi on stack ${stack}`, say, () => runEngine(up, environment));
  if (status !== 0) {
    say(`Stack ${stack} is not complete on the lab: run the command again to continue.`);
    return status;
  }
  if (machines) await waitForNodes(lab, stack, file, await stackOutputs(stack, environment), say);
  say(`Stack ${stack} is up on the lab after ${Math.round((Date.now() - began) / 1000)} s.`);
  say(
    machines
      ? "Its machines are real. Commands reach them in the lab's network: `npm run lab -- run kubectl get nodes`."
      : "NOTHING OF IT BOOTS: Nova only keeps books of its machines.",
  );
  return status;
}

/** Has the engine encrypt a value into the stack file; it is on no command line. */
function writeSecret({ path, value }: OverlayChange, stack: string, file: string, env: NodeJS.ProcessEnv): void {
  const key = `${project}:${path.join(".")}`;
  const words = ["config", "set", "--secret", "--path", key, "--stack", stack, "--config-file", file];
  execFileSync(engine, [...words, "--cwd", dirname(file), "--non-interactive"], {
    env,
    input: String(value),
    stdio: ["pipe", "ignore", "inherit"],
  });
}

/** Outputs of a stack, secrets included. */
async function stackOutputs(stack: string, environment: NodeJS.ProcessEnv): Promise<StackOutputs> {
  const { stdout } = await run(
    engine,
    ["stack", "output", "--json", "--show-secrets", "--stack", stack, "--cwd", checkout],
    { environment },
  );
  return JSON.parse(stdout) as StackOutputs;
}

/**
 * Makes the stack in the lab's state unless it is there. The engine writes the salt of the passphrase into the stack
 * file beside the project file that it finds: a project file in the lab's folder keeps it away from the checkout's.
 */
export async function ensureStack(lab: Layout, stack: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const folder = dirname(stackFileOnLab(lab, stack));
  writeFileSync(join(folder, "Pulumi.yaml"), `name: ${project}\nruntime: nodejs\n`);
  const known = await run(engine, ["stack", "ls", "--json", "--cwd", folder], { environment });
  if ((JSON.parse(known.stdout) as { name: string }[]).some(({ name }) => name === stack)) return;
  await run(engine, ["stack", "init", stack, "--no-select", "--non-interactive", "--cwd", folder], { environment });
}
