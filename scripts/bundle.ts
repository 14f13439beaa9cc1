/** `npm run bundle -- <stack>`: what somebody who helps needs to see, without secrets, as one archive. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { gatherBundle } from "../src/bundle/bundle";
import { isSecretName } from "../src/bundle/secretForms";
import { parseClusterConfig } from "../src/config/parse";
import { readStackFile } from "../src/config/stackFile";
import { kubernetesApi } from "../src/kubernetes/client";
import { OpenstackApi } from "../src/openstack/client";
import { findOpenstackCloud } from "../src/openstack/cloud";
import { readAdminKubeconfig } from "../src/pki/kubeconfig";
import { checkPreflight } from "../src/preflight/checkPreflight";
import { gatherCloudFacts } from "../src/preflight/gatherCloudFacts";
import { readStackOutputs } from "../src/status/stackOutputs";
import { askStatus } from "../src/status/status";
import { renderStatus } from "../src/status/statusReport";
import { providerKeys } from "./providerKeys";
import { filePath, runCommand } from "./runCommand";
import { say } from "./wrapped";

interface Options {
  readonly config?: string;
  readonly out?: string;
}

const root = join(__dirname, "..");
/** Milliseconds. */
const outputsLimit = 30_000;
/** Of variables that log in to something. */
const secretVariable = /PASS|SECRET|TOKEN|KEY/i;

/** What this computer logs in with: variables, the file of Pulumi's passphrase, the log-in to OpenStack. */
function knownSecrets(findCloud: () => object): string[] {
  const attempt = (work: () => string[]) => {
    try {
      return work();
    } catch {
      return [];
    }
  };
  const { PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile = "" } = process.env;
  return [
    ...Object.entries(process.env).flatMap(([variable, value]) =>
      secretVariable.test(variable) && value !== undefined ? [value] : [],
    ),
    ...attempt(() => [readFileSync(passphraseFile, "utf8").trim()]),
    ...attempt(() => namedSecrets(findCloud())),
  ];
}

/** Texts that go by a secret's name, at any depth. */
function namedSecrets(fields: object): string[] {
  return Object.entries(fields).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value === "object" && value !== null) return namedSecrets(value);
    return typeof value === "string" && isSecretName(key) ? [value] : [];
  });
}

/** Throws before anything is asked, which takes minutes. */
function assertUsable(file: string, stack: string, archive: string): void {
  if (!existsSync(file))
    throw new Error(
      `There is no ${file}, so ${stack} may be misspelt; name its file with --config where it has another.`,
    );
  const folder = dirname(archive);
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new Error(`There is no folder ${folder}; create it, or name another file with --out.`);
}

async function bundle(stack: string, options: Options): Promise<void> {
  const file = options.config ?? join(root, `Pulumi.${stack}.yaml`);
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  // As `organization/project/stack` too.
  const name = `bundle-${stack.replaceAll("/", "-")}-${stamp}`;
  const archive = resolve(options.out ?? `${name}.tar.gz`);
  assertUsable(file, stack, archive);
  // Nobody else reads the archive, not even while it is written.
  process.umask(0o077);
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  const readFile = () => {
    const { values, problems, notes } = readStackFile(file);
    return { config: parseClusterConfig(values, stack, { problems }), hasEncrypted: notes.length > 0 };
  };
  const outputs = readStackOutputs(stack, root, outputsLimit);
  // Whoever needs them learns why they are not there.
  outputs.catch(() => undefined);
  const findCloud = () => findOpenstackCloud(providerKeys(file), process.env);
  const logIn = async (allowed: readonly string[]) => OpenstackApi.login(findCloud(), allowed);
  const cloud = () => logIn(readFile().config.allowPlainHttp);
  try {
    await gatherBundle({
      own: {
        "status.txt": async () =>
          renderStatus(await askStatus({ stack, readFile, readOutputs: () => outputs, logIn }), (_level, text) => text),
        "stack-file.yaml": () => Promise.resolve(readFileSync(file, "utf8")),
        "preflight.json": async () => {
          const { config } = readFile();
          return checkPreflight(config, await gatherCloudFacts(await cloud(), config));
        },
        "versions.json": () =>
          Promise.resolve({
            program: (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version,
            node: process.version,
            platform: `${process.platform} ${process.arch}`,
            pulumi: execFileSync("pulumi", ["version"], { encoding: "utf8", stdio: "pipe", timeout: 10_000 }).trim(),
          }),
      },
      outputs: () => outputs,
      request: async () => kubernetesApi(readAdminKubeconfig((await outputs).adminKubeconfig)),
      cloud,
      known: knownSecrets(findCloud),
      write: (path, content) => {
        const target = join(folder, name, path);
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, content);
      },
      tell: say,
    });
    execFileSync("tar", ["-czf", archive, "-C", folder, name], { stdio: "pipe" });
  } finally {
    rmSync(folder, { recursive: true });
  }
  say("Secrets were taken out by their form and their names. Look through the archive before you hand it on.");
  process.stdout.write(`${archive}\n`);
}

void runCommand(
  new Command("npm run bundle --")
    .description(
      "Collects what somebody who helps needs to see: status, pre-flight, versions, outputs, the stack file, OpenStack's servers and consoles, Kubernetes' objects and events, logs of machines and of the cluster's own pods. Secrets are taken out.",
    )
    .argument("<stack>", "name of the stack; its configuration is Pulumi.<stack>.yaml")
    .option("--config <file>", "read this stack file instead", filePath)
    .option("--out <file>", "write the archive here instead of into the current folder", filePath)
    .addHelpText(
      "after",
      "\nExit code: 0 the archive was written, whatever could not be asked; 1 it was not; 2 wrong usage.",
    )
    .action(async (stack: string, options: Options) => {
      await bundle(stack, options);
      // Whoever did not answer may still hold a connection.
      process.exit(0);
    }),
);
