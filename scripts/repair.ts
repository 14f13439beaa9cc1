/** `npm run repair -- <stack>`: reboot or replace the machines that are broken, one after the other. */
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { parseClusterConfig } from "../src/config/parse";
import { readStackFile } from "../src/config/stackFile";
import { realClock } from "../src/engine/waiting";
import { kubernetesApi } from "../src/kubernetes/client";
import { OpenstackApi } from "../src/openstack/client";
import { findOpenstackCloud } from "../src/openstack/cloud";
import { readAdminKubeconfig } from "../src/pki/kubeconfig";
import { reboot, replace, type Hands } from "../src/repair/carryOut";
import { gatherMachines } from "../src/repair/gatherMachines";
import { repairMachines } from "../src/repair/repair";
import { readStackOutputs } from "../src/status/stackOutputs";
import { confirmed } from "./confirmed";
import { providerKeys } from "./providerKeys";
import { filePath, runCommand } from "./runCommand";
import { say, wrappedFor } from "./wrapped";

interface Options {
  readonly config?: string;
  readonly yes: boolean;
}

const root = join(__dirname, "..");
const exitCodes = { whole: 0, left: 3, declined: 3 };
/** Milliseconds that Pulumi may take to tell the outputs. */
const outputsLimit = 60_000;

/** Its lines go to the terminal as they come. `up` must see the stack file that the repair has read. */
function pulumi(stack: string, stackFile: string, args: readonly string[]): Promise<void> {
  const which = ["--stack", stack, "--config-file", resolve(stackFile), "--cwd", root];
  const all = [...args, ...which, "--yes", "--skip-preview", "--non-interactive"];
  return new Promise((resolve, reject) => {
    spawn("pulumi", all, { stdio: ["ignore", "inherit", "inherit"] })
      .on("error", () => reject(new Error("Pulumi's CLI is not in PATH (scripts/installPulumi.sh says where it is).")))
      .on("exit", (code) => {
        if (code === 0) resolve();
        else reject(new Error(`\`pulumi ${args.join(" ")}\` failed. Mend what it names, then run the repair again.`));
      });
  });
}

async function repair(stack: string, options: Options): Promise<number> {
  const file = options.config ?? join(root, `Pulumi.${stack}.yaml`);
  const { values, problems } = readStackFile(file);
  const config = parseClusterConfig(values, stack, { problems });
  const outputs = await readStackOutputs(stack, root, outputsLimit);
  const cloud = findOpenstackCloud(providerKeys(file), process.env);
  cloud.notes?.forEach(say);
  const hands: Hands = {
    api: await OpenstackApi.login(cloud, config.allowPlainHttp),
    request: kubernetesApi(readAdminKubeconfig(outputs.adminKubeconfig)),
    pulumi: (...args) => pulumi(stack, file, args),
    tell: say,
    clock: realClock,
    timeoutMinutes: config.readiness.clusterTimeoutMinutes,
  };
  const outcome = await repairMachines({
    settings: { ...config, clockAhead: hands.api.clockAhead },
    gather: () => gatherMachines(outputs, hands.api, hands.request),
    reboot: (machine, others) => reboot(machine, hands, others),
    replace: (machine, others) => replace(machine, hands, others),
    confirmed: () => confirmed({ yes: options.yes, question: "Begin?", refusal: "Nothing was done", say }),
    show: (plan) => process.stdout.write(`${wrappedFor(plan, process.stdout)}\n`),
    clock: hands.clock,
  });
  return exitCodes[outcome];
}

void runCommand(
  new Command("npm run repair --")
    .description(
      "Finds machines that OpenStack or Kubernetes calls broken for longer than repair.afterMinutes, says what helps, and does it: a reboot first, then a new machine; one machine after the other.",
    )
    .argument("<stack>", "name of the stack; its configuration is Pulumi.<stack>.yaml")
    .option("--config <file>", "read this stack file instead", filePath)
    .option("--yes", "do not ask", false)
    .addHelpText(
      "after",
      "\nExit code: 0 all machines are whole or were repaired, 1 a step failed or somebody could not be asked, 2 wrong usage, 3 something is broken and was left, or nobody confirmed.",
    )
    .action(async (stack: string, options: Options) => {
      process.exitCode = await repair(stack, options);
    }),
);
