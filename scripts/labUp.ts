/** `npm run lab:up -- STACK`: the lab's OpenStack, then the stack on it, with the real engine. */
import { Command } from "commander";
import { up } from "../lab/openstack/lab";
import { labFolder } from "../lab/openstack/layout";
import { stackUp } from "../lab/openstack/stack";
import { labIn } from "../lab/openstack/units";

const say = (line: string) => process.stderr.write(`${line}\n`);

new Command("lab:up")
  .description("Bring up the lab's OpenStack, then a stack of the program on it with the real Pulumi engine.")
  .argument("<stack>", "stack to bring up, for instance dev")
  .option("--yes", "install packages without asking", false)
  .action(async (stack: string, options: { yes: boolean }) => {
    const lab = labIn(labFolder());
    const interruption = new AbortController();
    const interrupt = () => interruption.abort();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, interrupt);
    await up(lab, { yes: options.yes, stopped: interruption.signal }, say);
    process.exitCode = await stackUp(lab, stack, say);
  })
  .parseAsync()
  .catch((error: unknown) => {
    say((error as Error).message);
    process.exitCode = 1;
  });
