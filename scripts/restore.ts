/** `npm run restore -- <stack> --key <file>`: put a backup of etcd in the place of the cluster's data. */
import { basename, join, resolve } from "node:path";
import { Command } from "commander";
import type { ClusterConfig } from "../src/config/clusterConfig";
import { parseClusterConfig } from "../src/config/parse";
import { readStackFile } from "../src/config/stackFile";
import { httpCall } from "../src/engine/httpCall";
import { proxiesOf } from "../src/engine/proxies";
import { kubernetesApi } from "../src/kubernetes/client";
import { readAdminKubeconfig } from "../src/pki/kubeconfig";
import { type Bucket, listBackups } from "../src/restore/backups";
import { restoreBackup } from "../src/restore/restore";
import { machinesByPool } from "../src/status/nodeStatus";
import { readStackOutputs } from "../src/status/stackOutputs";
import { confirmed } from "./confirmed";
import { filePath, runCommand } from "./runCommand";
import { say } from "./wrapped";

interface Options {
  readonly config?: string;
  readonly key?: string;
  readonly backup?: string;
  readonly list?: true;
  readonly yes: boolean;
}

const root = join(__dirname, "..");
const exitCodes = { done: 0, notConfirmed: 3 };
/** Milliseconds. */
const engineLimit = 60_000;
const callLimit = 60_000;

/** The bucket of the stack, for the credential of whoever restores. */
function bucketOf({ kubernetes: { etcd } }: ClusterConfig): Bucket {
  const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = process.env;
  if (etcd.backup === undefined)
    throw new Error("The stack file has no kubernetes.etcd.backup; set it to where the backups are.");
  // A pipeline sets variables that it does not have to nothing.
  if (accessKeyId === "" || secretAccessKey === "")
    throw new Error(
      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set. Set them to a credential that may list and read the bucket.",
    );
  const { endpoint, region, bucket, prefix } = etcd.backup;
  const proxies = proxiesOf(process.env);
  return {
    access: { endpoint, region, bucket, accessKeyId, secretAccessKey },
    prefix,
    read: (url) => httpCall({ method: "GET", url: new URL(url), proxies, timeout: callLimit }),
  };
}

async function restore(stack: string, options: Options): Promise<number> {
  const file = options.config ?? join(root, `Pulumi.${stack}.yaml`);
  const { values, problems } = readStackFile(file);
  const config = parseClusterConfig(values, stack, { problems, source: basename(file) });
  const bucket = bucketOf(config);
  const { clusterName } = config;
  if (options.list === true) {
    for (const name of await listBackups(bucket, clusterName)) process.stdout.write(`${name}\n`);
    return exitCodes.done;
  }
  if (options.key === undefined) throw new Error("Give the private key that opens the backups with --key FILE.");
  const outputs = await readStackOutputs(stack, root, engineLimit);
  const access = readAdminKubeconfig(outputs.adminKubeconfig);
  const pools = machinesByPool(outputs);
  const done = await restoreBackup({
    clusterName,
    ca: access.clusterCaCertificatePem,
    controlPlane: pools.get("control-plane") ?? [],
    workers: [...pools].flatMap(([pool, names]) => (pool === "control-plane" ? [] : names)),
    bucket,
    ...(options.backup === undefined ? {} : { backup: options.backup }),
    keyFile: resolve(options.key),
    request: kubernetesApi(access),
    confirmed: () => confirmed({ yes: options.yes, question: "Restore it?", refusal: "Nothing was restored", say }),
    tell: say,
  });
  return done ? exitCodes.done : exitCodes.notConfirmed;
}

void runCommand(
  new Command("npm run restore --")
    .description("Puts a backup of etcd in the place of the cluster's data, on all control-plane machines at once.")
    .argument("<stack>", "name of the stack; its configuration is Pulumi.<stack>.yaml")
    .option("--key <file>", "private key that opens the backups", filePath)
    .option("--backup <name>", "name of a backup, as --list shows it; otherwise the newest")
    .option("--list", "only list the backups of the cluster, newest first")
    .option("--config <file>", "read this stack file instead", filePath)
    .option("--yes", "do not ask", false)
    .addHelpText("after", "\nExit code: 0 done, 1 refused or failed, 2 wrong usage, 3 not confirmed.")
    .action(async (stack: string, options: Options) => {
      process.exitCode = await restore(stack, options);
    }),
);
