/** `npm run lab -- up | status | down | wipe | env`: a real OpenStack on this machine. */
import { Command } from "commander";
import { down, environmentLines, preparePackages, requireCredentials, status, up, wipe } from "../lab/openstack/lab";
import { labFolder, layout } from "../lab/openstack/layout";
import { againInside, inNetworkOf, machinesOf, outsideNetwork, startNetwork } from "../lab/openstack/machines";
import { userEnvironment } from "../lab/openstack/stack";
import { labIn } from "../lab/openstack/units";

const say = (line: string) => process.stderr.write(`${line}\n`);

/** `name=limit` pairs of --quota. */
function quota(pair: string, sofar: Record<string, number>): Record<string, number> {
  const [, name, limit] = /^([a-z_]+)=(-?\d+)$/.exec(pair) ?? [];
  if (!name) throw new Error(`--quota ${pair} is not of the form name=limit, for instance cores=20; -1 is no limit.`);
  return { ...sofar, [name]: Number(limit) };
}

const program = new Command("lab")
  .description("A real OpenStack (Debian 12's packages) on this machine, for trying and for tests.")
  .enablePositionalOptions()
  .showHelpAfterError();

program
  .command("up")
  .description(
    "install what is missing, start what does not run, make flavors, images, external network and credentials",
  )
  .option("--yes", "install packages without asking", false)
  .option("--machines", "servers are real machines (Linux namespaces) and boot; a lab that has them keeps them", false)
  .option(
    "--quota <name=limit>",
    "set a quota of the project (repeatable), for instance cores=20; -1 is no limit",
    quota,
    {},
  )
  .action(async (options: { yes: boolean; machines: boolean; quota: Record<string, number> }) => {
    const places = layout(labFolder());
    if (options.machines || machinesOf(places) !== undefined) {
      await startNetwork(places);
      if (outsideNetwork(places)) {
        await preparePackages(labIn(labFolder()), options, say);
        process.exitCode = await againInside(places);
        return;
      }
    }
    const interruption = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => interruption.abort());
    await up(labIn(labFolder(), options.quota), { yes: options.yes, stopped: interruption.signal }, say);
  });

program
  .command("status")
  .description("show what runs; exit status 0 when everything serves, 3 otherwise")
  .action(async () => {
    const places = layout(labFolder());
    if (outsideNetwork(places)) {
      process.exitCode = await againInside(places);
      return;
    }
    const services = await status(labIn(labFolder()));
    for (const { name, state, pid, memoryMib } of services)
      console.log(
        `${name.padEnd(20)}${state.padEnd(10)}${pid === undefined ? "" : `process ${String(pid).padStart(7)} ${String(memoryMib).padStart(6)} MiB`}`,
      );
    const serving = services.filter(({ state }) => state === "serving").length;
    console.log(
      `${serving} of ${services.length} services serve; ${services.reduce((sum, { memoryMib = 0 }) => sum + memoryMib, 0)} MiB of memory`,
    );
    process.exitCode = serving === services.length ? 0 : 3;
  });

program
  .command("down")
  .description("stop everything; data is kept")
  .action(() => down(labIn(labFolder()), say));

program
  .command("wipe")
  .description("stop everything and remove the data")
  .action(() => wipe(labIn(labFolder()), say));

program
  .command("env")
  .description('print shell exports: eval "$(npm run --silent lab -- env)"')
  .action(() => environmentLines(labIn(labFolder())).forEach((line) => console.log(line)));

program
  .command("run")
  .description(
    "run a command that uses the lab, in the lab's network: `npm run lab -- run /usr/bin/openstack server list`",
  )
  .argument("<command...>")
  .passThroughOptions()
  .allowUnknownOption()
  .action(async (command: string[]) => {
    const lab = labIn(labFolder());
    requireCredentials(lab);
    process.exitCode = await inNetworkOf(lab, command, userEnvironment(lab));
  });

program.parseAsync().catch((error: unknown) => {
  say((error as Error).message);
  process.exitCode = 1;
});
