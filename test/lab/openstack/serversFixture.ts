/**
 * A lab of one's own whose servers are machines, as its user drives it, and the questions that servers.lab.test.ts asks
 * it.
 */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { enterNetwork, type Site } from "../../../lab/machines/site";
import { labFolder, layout } from "../../../lab/openstack/layout";
import { kubectlProgram } from "../../../lab/openstack/machines";
import { kubeconfigFile } from "../../../lab/openstack/nodes";
import { installedPackages, machinePackages, unpackedPresent } from "../../../lab/openstack/packages";
import { describeUnless } from "../../describeUnless";
import { engineObstacle, programPlugins } from "../../realEngine/installedEngine";
import { describeOnMachines } from "../machines/machinesFixture";

const checkout = join(__dirname, "..", "..", "..");
const machineScript = join(checkout, "lab", "machines", "machine.sh");

/** Tests on such a lab, or skipped ones with a loud line that says why there can be none here. */
export function describeOnServers(name: string, tests: (site: () => Site) => void): void {
  const reason = serversObstacle();
  if (reason === undefined) describeOnMachines(name, tests);
  else describeUnless(reason, name, () => tests(() => undefined as never));
}

function serversObstacle(): string | undefined {
  const installed = spawnSync(
    "dpkg-query",
    ["-W", "-f", "${db:Status-Status}\\n", ...installedPackages, ...machinePackages],
    { encoding: "utf8" },
  );
  if (installed.error !== undefined || installed.status !== 0 || !unpackedPresent(layout(labFolder())))
    return "the lab's packages are not installed (`npm run lab:up -- dev` installs them)";
  return engineObstacle(programPlugins);
}

interface CommandAnswer {
  readonly code: number | null;
  readonly output: string;
}

interface RunningCommand {
  /** Its first process, and its session where that is its own. */
  readonly session: number | undefined;
  readonly answer: Promise<CommandAnswer>;
}

interface NodeSeen {
  readonly ready: boolean;
  readonly address: string;
  /** Boot id, by which a reboot is told. */
  readonly boot: string;
}

const upOf = (stack: string, settings: readonly string[], platform = ["--no-platform"]) => [
  "scripts/labUp.ts",
  stack,
  ...platform,
  ...settings.flatMap((setting) => ["--set", setting]),
];

/** A lab in a folder of its own; the user's is not touched, but for its unpacked packages, which are copied. */
export class ServersLab {
  readonly folder = mkdtempSync("/tmp/lab-");
  readonly places = layout(this.folder);

  constructor() {
    mkdirSync(this.places.root, { recursive: true });
    cpSync(layout(labFolder()).unpacked, this.places.unpacked, { recursive: true });
  }

  /** A command of the checkout, on this lab. */
  command(script: string, ...words: string[]): Promise<CommandAnswer> {
    return this.begin([script, ...words]).answer;
  }

  private begin(words: readonly string[], detached = false): RunningCommand {
    const child = spawn(process.execPath, ["-r", "./scripts/typescript.js", ...words], {
      cwd: checkout,
      env: {
        ...process.env,
        OPENSTACK_KUBERNETES_LAB: this.folder,
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      },
      detached,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const answer = new Promise<CommandAnswer>((fulfil) => child.on("close", (code) => fulfil({ code, output })));
    return { session: child.pid, answer };
  }

  /** `npm run lab -- ...` */
  lab(...words: string[]): Promise<CommandAnswer> {
    return this.command("scripts/lab.ts", ...words);
  }

  /** `npm run lab:up -- STACK --set ...` */
  up(stack: string, ...settings: string[]): Promise<CommandAnswer> {
    return this.begin(upOf(stack, settings)).answer;
  }

  /** The same with the platform out of a folder of images and charts. */
  upWithPlatform(folder: string, stack: string, ...settings: string[]): Promise<CommandAnswer> {
    return this.begin(upOf(stack, settings, ["--platform", folder])).answer;
  }

  /** `up` while it runs, in a session of its own, by which all that it starts can be killed. */
  beginUp(stack: string, ...settings: string[]): RunningCommand {
    return this.begin(upOf(stack, settings), true);
  }

  /** Output of a user's command in the lab's network; it must succeed. */
  async run(...words: string[]): Promise<string> {
    const { code, output } = await this.lab("run", ...words);
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    return output.trim();
  }

  openstack(...words: string[]): Promise<string> {
    return this.run("/usr/bin/openstack", ...words);
  }

  kubectl(...words: string[]): Promise<string> {
    return this.run("kubectl", ...words);
  }

  /** kubectl without the command of the lab around it, which takes a second. Its output, or undefined when it fails. */
  kubectlAtOnce(...words: string[]): Promise<string | undefined> {
    const [program = "", ...entering] = enterNetwork;
    const kubectl = [kubectlProgram(), "--kubeconfig", kubeconfigFile(this.places), "--request-timeout=5s"];
    const child = spawn(program, [...entering, ...kubectl, ...words], { stdio: ["ignore", "pipe", "ignore"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    return new Promise((fulfil) => child.on("close", (code) => fulfil(code === 0 ? output.trim() : undefined)));
  }

  async nodes(): Promise<Record<string, NodeSeen>> {
    const path =
      '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.status.addresses[0].address} {.status.nodeInfo.bootID}{"\\n"}{end}';
    const lines = (await this.kubectl("get", "nodes", "-o", `jsonpath=${path}`)).split("\n");
    return Object.fromEntries(
      lines.map((line) => {
        const [node = "", ready = "", address = "", boot = ""] = line.split(" ");
        return [node, { ready: ready === "True", address, boot }] as const;
      }),
    );
  }

  /** Boot id of a node once it is Ready with another than `old`; undefined when that takes over five minutes. */
  async anotherBoot(node: string, old: string): Promise<string | undefined> {
    for (const end = Date.now() + 300_000; Date.now() < end;) {
      const now = (await this.nodes())[node]!;
      if (now.ready && now.boot !== old) return now.boot;
    }
    return undefined;
  }

  /** Status and address of each server by name, as Nova has it from Neutron. */
  async servers(): Promise<Record<string, { status: string; address: string }>> {
    const rows = JSON.parse(await this.openstack("server", "list", "-f", "json")) as {
      Name: string;
      Networks: Record<string, string[]>;
      Status: string;
    }[];
    return Object.fromEntries(
      rows.map(({ Name, Networks, Status }) => [
        Name,
        { status: Status, address: Object.values(Networks).flat().join() },
      ]),
    );
  }

  /** What a server's machine is called on the host. */
  machine(server: string): Promise<string> {
    return this.openstack(
      "--os-cloud",
      "lab-admin",
      "server",
      "show",
      server,
      "-f",
      "value",
      "-c",
      "OS-EXT-SRV-ATTR:instance_name",
    );
  }

  /** Mounts and loop devices on the host that lie in the lab's folder. */
  heldByHost(): string[] {
    return [
      ...readFileSync("/proc/self/mountinfo", "utf8")
        .split("\n")
        .filter((line) => line.includes(this.folder)),
      ...readdirSync("/sys/block").filter((device) => {
        const file = `/sys/block/${device}/loop/backing_file`;
        return existsSync(file) && readFileSync(file, "utf8").includes(this.folder);
      }),
    ];
  }

  async remove(): Promise<void> {
    await this.lab("down");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether a machine has power: `on` or `off`. */
export function machineState(host: string): string {
  return spawnSync(machineScript, ["state", host], { encoding: "utf8" }).stdout.trim();
}

/** Output of a command in a machine. */
export function onHost(host: string, ...words: string[]): string {
  return spawnSync(machineScript, ["enter", host, ...words], { encoding: "utf8" }).stdout.trim();
}
