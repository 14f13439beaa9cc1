/** `npm run defragment -- <stack>`: give back the space that etcd's database holds without need. */
import { join } from "node:path";
import { Command } from "commander";
import { defragment } from "../src/defragment/defragment";
import { kubernetesApi } from "../src/kubernetes/client";
import { execInPod } from "../src/kubernetes/execInPod";
import { readAdminKubeconfig } from "../src/pki/kubeconfig";
import { machinesByPool } from "../src/status/nodeStatus";
import { readStackOutputs } from "../src/status/stackOutputs";
import { confirmed } from "./confirmed";
import { runCommand } from "./runCommand";
import { say } from "./wrapped";

const root = join(__dirname, "..");
const exitCodes = { done: 0, "nothing to do": 0, declined: 3 };
/** Milliseconds. */
const outputsLimit = 60_000;
const etcdctlLimit = 11 * 60_000;
const pki = "/etc/kubernetes/pki/etcd";
const etcdctl = ["etcdctl", "--cacert", `${pki}/ca.crt`, "--cert", `${pki}/server.crt`, "--key", `${pki}/server.key`];

async function run(stack: string, options: { readonly yes: boolean }): Promise<number> {
  const outputs = await readStackOutputs(stack, root, outputsLimit);
  const access = readAdminKubeconfig(outputs.adminKubeconfig);
  const outcome = await defragment({
    controlPlane: machinesByPool(outputs).get("control-plane") ?? [],
    request: kubernetesApi(access),
    etcdctl: (machine, command) => {
      const call = { namespace: "kube-system", pod: `etcd-${machine}`, container: "etcd" };
      return execInPod(access, { ...call, command: [...etcdctl, ...command] }, etcdctlLimit);
    },
    confirmed: () => confirmed({ yes: options.yes, question: "Begin?", refusal: "Nothing was done", say }),
    tell: say,
  });
  return exitCodes[outcome];
}

void runCommand(
  new Command("npm run defragment --")
    .description(
      "Defragments etcd where it pays, one member after the other, the leader last. When etcd has reached its quota, also removes its history and ends the alarm. Does nothing while a member is not well.",
    )
    .argument("<stack>", "name of the stack")
    .option("--yes", "do not ask", false)
    .addHelpText(
      "after",
      "\nExit code: 0 done, or nothing to do; 1 a member is not well, or still full; 2 wrong usage; 3 nobody confirmed.",
    )
    .action(async (stack: string, options: { readonly yes: boolean }) => {
      process.exitCode = await run(stack, options);
    }),
);
