/**
 * `npm run lab:machines -- up | status | shell NAME | console NAME | kubectl ... | down`: a real cluster of the lab's
 * machines.
 */
import { existsSync } from "node:fs";
import { Command, Option } from "commander";
import { machineName } from "../src/config/clusterConfig";
import { adminKubeconfigFile, LabCluster, labConfig, takeDown, verdictsOf, type Size } from "../lab/machines/cluster";
import { ownMachines, refuseOthers } from "../lab/machines/owner";
import { consoleOf, machineFolder, machinesWithPower, memoryMib, shellOn } from "../lab/machines/power";
import { networkNamespace, buildSite, inNetwork, programOf, siteRuns } from "../lab/machines/site";
import {
  accelerator,
  isQemuMachine,
  qemuConfig,
  qemuDisk,
  qemuLooksEvery,
  qemuReason,
  shellOnQemu,
  startQemuMachine,
} from "../lab/qemu/machine";
import { wholeNumber } from "./runCommand";

/** How long the machines of `up` may take to become Ready, in seconds: five times what two idle cores need. */
const readySeconds = 1200;

/** The same for a machine under QEMU, which may have to do without KVM. */
const qemuReadySeconds = 3600;

const started = Date.now();
const say = (line: string) =>
  console.log(`${String(Math.round((Date.now() - started) / 1000)).padStart(5)} s  ${line}`);

async function up(size: Size): Promise<void> {
  refuseOthers(ownMachines);
  const config = labConfig(size);
  const cluster = await LabCluster.of(config, await buildSite());
  cluster.startSite();
  const powered = machinesWithPower();
  for (const { name, address } of cluster.plan.machines.filter((machine) => !powered.includes(machine.name))) {
    cluster.start(name);
    say(`${name} (${address}) has power`);
  }
  await cluster.waitUntilReady(
    cluster.plan.machines.map(({ name }) => name),
    readySeconds,
    say,
  );
  console.log(`\nReady. Credentials: ${cluster.adminKubeconfig()}`);
  console.log(`Try: npm run lab:machines -- kubectl get nodes`);
}

/** One control-plane machine with a kernel of its own. */
async function upQemu(size: Size): Promise<void> {
  if (Object.keys(size).length > 0)
    throw new Error(
      "Under QEMU there is one machine, a control-plane machine: leave --control-plane and --workers out.",
    );
  refuseOthers(ownMachines);
  const reason = qemuReason();
  if (reason !== undefined) throw new Error(`A machine with its own kernel cannot be started: ${reason}`);
  const cluster = await LabCluster.of(qemuConfig(), await buildSite());
  cluster.startSite();
  const { name, address } = cluster.machine(machineName(cluster.config.clusterName, "control-plane", 0));
  if (!machinesWithPower().includes(name)) {
    const disk = qemuDisk();
    const by = accelerator(disk);
    startQemuMachine(cluster.machine(name), cluster.drive(name), disk, by);
    say(`${name} (${address}) has power, under QEMU with ${by}`);
  }
  await cluster.waitUntilReady([name], qemuReadySeconds, say, qemuLooksEvery);
  console.log(`\nReady. Credentials: ${cluster.adminKubeconfig()}`);
  console.log(`Try: npm run lab:machines -- shell ${name}`);
}

function status(): void {
  const powered = machinesWithPower();
  console.log(`site: ${siteRuns() ? "runs" : "off"}`);
  for (const name of powered) {
    const verdict = verdictsOf(name).at(-1) ?? "bootstrap still at work";
    console.log(`${name}: ${memoryMib(name) ?? "?"} MiB; ${verdict}`);
  }
  if (powered.length === 0) console.log("no machine has power");
}

function down(): void {
  takeDown(say);
  say("nothing is left but the cached builds");
}

function kubectl(words: readonly string[]): number {
  if (!existsSync(adminKubeconfigFile)) throw new Error("There is no cluster; run `npm run lab:machines -- up` first.");
  const answer = inNetwork([programOf("kubernetes", "kubectl"), "--kubeconfig", adminKubeconfigFile, ...words]);
  process.stdout.write(answer.stdout);
  process.stderr.write(answer.stderr);
  return answer.status ?? 1;
}

function requireRoot(): void {
  if (process.getuid?.() !== 0)
    throw new Error("The lab's machines are made of namespaces and control groups: run this as root.");
}

function program(): Command {
  const cli = new Command("lab:machines").description(
    "A real Kubernetes cluster on this machine, from the user data that the program renders.",
  );
  cli
    .command("up")
    .description("build what is missing, start the machines and wait until all nodes are Ready")
    .option("--control-plane <n>", "control-plane machines (default: as in Pulumi.machines.yaml)", wholeNumber(0))
    .option("--workers <n>", "workers (default: as in Pulumi.machines.yaml)", wholeNumber(0))
    .addOption(
      new Option("--backend <kind>", "qemu: one control-plane machine with a kernel of its own")
        .choices(["namespaces", "qemu"])
        .default("namespaces"),
    )
    .action(({ backend, ...size }: Size & { backend: "namespaces" | "qemu" }) =>
      backend === "qemu" ? upQemu(size) : up(size),
    );
  cli
    .command("build")
    .description("build packages, images and trees, and start nothing")
    .action(async () => {
      await buildSite();
    });
  cli.command("status").description("which machines have power, and what their bootstrap said").action(status);
  cli
    .command("shell <name>")
    .description("a root shell in a machine")
    .action((name: string) => {
      process.exitCode = isQemuMachine(name) ? shellOnQemu(name) : shellOn(name);
    });
  cli
    .command("console <name>")
    .description("what a machine printed on its console")
    .action((name: string) => {
      if (!existsSync(machineFolder(name)))
        throw new Error(`There is no machine ${name}; there are ${machinesWithPower().join(", ") || "none"}.`);
      process.stdout.write(consoleOf(name));
    });
  cli
    .command("kubectl [words...]")
    .description("kubectl with the admin kubeconfig, from within the machines' network")
    .allowUnknownOption()
    .action((words: string[]) => {
      process.exitCode = kubectl(words);
    });
  cli
    .command("down")
    .description(`pull every plug and remove disks, keys and the network ${networkNamespace}`)
    .action(down);
  return cli;
}

async function main(): Promise<void> {
  try {
    const cli = program();
    if (!process.argv.slice(2).some((word) => word === "--help" || word === "-h")) requireRoot();
    await cli.parseAsync();
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}

void main();
