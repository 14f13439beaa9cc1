/**
 * `npm run sweep -- <stack>`: delete what Kubernetes itself made in OpenStack, which no stack knows of and which keeps
 * `pulumi destroy` from ending.
 */
import { join } from "node:path";
import { Command } from "commander";
import { parseClusterConfig } from "../src/config/parse";
import { readStackFile } from "../src/config/stackFile";
import { OpenstackApi } from "../src/openstack/client";
import { findOpenstackCloud } from "../src/openstack/cloud";
import { carryOut } from "../src/sweep/carryOut";
import { gatherRemains } from "../src/sweep/gatherLeftovers";
import { planSweep } from "../src/sweep/sweepPlan";
import { renderSweep } from "../src/sweep/sweepReport";
import { confirmed } from "./confirmed";
import { providerKeys } from "./providerKeys";
import { filePath, runCommand } from "./runCommand";
import { say, wrappedFor } from "./wrapped";

interface Options {
  readonly config?: string;
  readonly volumes: boolean;
  readonly yes: boolean;
}

const exitCodes = { swept: 0, failed: 1, notConfirmed: 3 };

async function sweep(stack: string, options: Options): Promise<number> {
  const file = options.config ?? join(__dirname, "..", `Pulumi.${stack}.yaml`);
  const { values, problems } = readStackFile(file);
  const { clusterName, allowPlainHttp } = parseClusterConfig(values, stack, { problems });
  const cloud = findOpenstackCloud(providerKeys(file), process.env);
  cloud.notes?.forEach(say);
  const api = await OpenstackApi.login(cloud, allowPlainHttp);
  const plan = planSweep(clusterName, await gatherRemains(api, clusterName), options.volumes);
  process.stdout.write(wrappedFor(`${renderSweep(clusterName, plan)}\n`, process.stdout));
  if (plan.steps.length === 0) return exitCodes.swept;
  if (
    !(await confirmed({
      yes: options.yes,
      question: "Delete all of that? There is no way back.",
      refusal: "Nothing was deleted",
      say,
    }))
  )
    return exitCodes.notConfirmed;
  const failures = await carryOut(api, plan.steps, say);
  failures.forEach(say);
  say(`${plan.steps.length - failures.length} of ${plan.steps.length} deleted.`);
  return failures.length === 0 ? exitCodes.swept : exitCodes.failed;
}

void runCommand(
  new Command("npm run sweep --")
    .description(
      "Deletes what Kubernetes itself made in OpenStack for a cluster (load balancers of Services and what belongs to them), before or after `pulumi destroy`.",
    )
    .argument("<stack>", "name of the stack; its configuration is Pulumi.<stack>.yaml")
    .option("--config <file>", "read this stack file instead", filePath)
    .option("--volumes", "delete the volumes and snapshots of claims too, and all data with them", false)
    .option("--yes", "do not ask", false)
    .addHelpText(
      "after",
      "\nExit code: 0 done or nothing to do, 1 something could not be deleted or asked, 2 wrong usage, 3 not confirmed.",
    )
    .action(async (stack: string, options: Options) => {
      process.exitCode = await sweep(stack, options);
    }),
);
