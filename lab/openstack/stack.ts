/** A stack of the program on the lab: its configuration with the lab's overlay, state in the lab's folder, the real engine. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isMap, parseDocument } from "yaml";
import { run } from "./commands";
import type { Layout } from "./layout";

const project = "openstack-kubernetes";

/** The checkout. */
export const checkout = resolve(__dirname, "..", "..");

/**
 * What the lab changes of a stack's configuration, and why. Everything else is the stack's own.
 */
export const overlay: readonly { readonly path: readonly string[]; readonly value: boolean; readonly reason: string }[] = [
  {
    path: ["readiness", "machinesBoot"],
    value: false,
    reason: "Nova's fake driver makes machines ACTIVE, but nothing boots: `up` does not wait for the Kubernetes API",
  },
  { path: ["protect"], value: false, reason: "the lab's clusters are there to be destroyed" },
];

/**
 * A stack file with the overlay applied. Pulumi writes the salt of the passphrase into the file it is given, so the salt of the
 * file written before is kept: without it the state could not be read any more.
 *
 * @param stackFile Content of Pulumi.<stack>.yaml.
 * @param before Content of the file that was made for the lab earlier.
 * @param settings Further values, by path below the project's namespace (tests).
 */
export function stackOnLab(stackFile: string, before?: string, settings: readonly { path: readonly string[]; value: unknown }[] = []): string {
  const document = parseDocument(stackFile);
  if (!isMap(document.contents)) throw new Error("The stack file is no map: it must hold the key `config`.");
  for (const { path, value } of [...overlay, ...settings]) {
    const [key = "", ...rest] = path;
    const at = ["config", `${project}:${key}`, ...rest];
    document.setIn(at, document.createNode(value));
  }
  const salt: unknown = before === undefined ? undefined : parseDocument(before).get("encryptionsalt");
  if (salt !== undefined) document.set("encryptionsalt", salt);
  return document.toString({ lineWidth: 0 });
}

/** Where a stack's configuration for the lab is written. */
export function stackFileOnLab(lab: Layout, stack: string): string {
  return join(lab.data, "stacks", `Pulumi.${stack}.yaml`);
}

/**
 * Writes the stack's configuration for the lab and returns its path. Errors: there is no such stack file.
 *
 * @param model Stack whose file is taken. @default the stack itself
 */
export function writeStackOnLab(lab: Layout, stack: string, settings: readonly { path: readonly string[]; value: unknown }[] = [], model = stack): string {
  const source = join(checkout, `Pulumi.${model}.yaml`);
  if (!existsSync(source)) throw new Error(`There is no Pulumi.${model}.yaml: name one of the stacks of this folder, for instance dev.`);
  const target = stackFileOnLab(lab, stack);
  mkdirSync(join(lab.data, "stacks"), { recursive: true, mode: 0o700 });
  const before = existsSync(target) ? readFileSync(target, "utf8") : undefined;
  writeFileSync(target, stackOnLab(readFileSync(source, "utf8"), before, settings), { mode: 0o600 });
  return target;
}

/** Environment in which the engine uses the lab: its cloud, and state and passphrase in the lab's folder. */
export function engineEnvironment(lab: Layout): NodeJS.ProcessEnv {
  // OS_* variables of the user's own cloud would win over the lab's clouds.yaml.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("OS_") && !/_proxy$/i.test(name));
  return {
    ...Object.fromEntries(own),
    OS_CLIENT_CONFIG_FILE: lab.cloudsYaml,
    OS_CLOUD: "lab",
    PULUMI_BACKEND_URL: `file://${lab.state}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: lab.passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

/** The engine's launcher, as npm installed it. */
export const launcher = join(checkout, "node_modules", ".bin", "pulumi");

/** The engine's version, or undefined when it is neither installed nor can be downloaded. */
export async function engineVersion(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { stdout, code } = await run(launcher, ["version"], { allowFailure: true, environment });
  return code === 0 ? stdout.trim() : undefined;
}

/** Runs the engine with the user's terminal. Returns its exit status. */
export function runEngine(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((fulfil, reject) => {
    const child = spawn(launcher, args, { cwd: checkout, env: environment, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", (code) => fulfil(code ?? 1));
  });
}

/** `pulumi up` of a stack on the lab that runs. Returns the engine's exit status. */
export async function stackUp(lab: Layout, stack: string, say: (line: string) => void): Promise<number> {
  const environment = engineEnvironment(lab);
  const version = await engineVersion(environment);
  if (version === undefined)
    throw new Error(
      "Pulumi's engine is not on this machine and cannot be downloaded: put its release (pulumi, pulumi-language-nodejs) into ~/.pulumi/versions/<version>/bin, or use `npm run preview`, which needs none.",
    );
  const file = writeStackOnLab(lab, stack);
  say(`Pulumi ${version} brings up stack ${stack} on the lab. Different from Pulumi.${stack}.yaml (the file in use is ${file}):`);
  for (const { path, value, reason } of overlay) say(`  ${path.join(".")}: ${value}   ${reason}`);
  await ensureStack(lab, stack, environment);
  const began = Date.now();
  const status = await runEngine(["up", "--yes", "--parallel", "16", "--stack", stack, "--config-file", file, "--non-interactive"], environment);
  say(
    status === 0
      ? `Stack ${stack} is up on the lab after ${Math.round((Date.now() - began) / 1000)} s.`
      : `Stack ${stack} is not complete on the lab: run the command again to continue.`,
  );
  return status;
}

/**
 * Makes the stack in the lab's state unless it is there. The engine writes the salt of the passphrase into the stack file beside the
 * project file that it finds: a project file in the lab's folder keeps it away from the checkout's.
 */
export async function ensureStack(lab: Layout, stack: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const folder = dirname(stackFileOnLab(lab, stack));
  writeFileSync(join(folder, "Pulumi.yaml"), `name: ${project}\nruntime: nodejs\n`);
  const known = await run(launcher, ["stack", "ls", "--json", "--cwd", folder], { environment });
  if ((JSON.parse(known.stdout) as { name: string }[]).some(({ name }) => name === stack)) return;
  await run(launcher, ["stack", "init", stack, "--no-select", "--non-interactive", "--cwd", folder], { environment });
}
