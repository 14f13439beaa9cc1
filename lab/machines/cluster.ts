/** A cluster of lab machines: its stack, its keys, and the questions that its user would ask. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { parseClusterConfig } from "../../src/config/parse";
import { readStackFile } from "../../src/config/stackFile";
import { renderAdminKubeconfig } from "../../src/pki/kubeconfig";
import { prefixLength } from "../../src/config/cidr";
import { renderConfigDrive, type ConfigDrive } from "./configDrive";
import { createLabKeys, type LabKeys } from "./keys";
import { placeMachines, type MachinesPlan, type PlannedMachine } from "./plan";
import { claimMachines, ownMachines, refuseOthers, releaseMachines } from "./owner";
import {
  consoleOf,
  hasPower,
  hostCgroup,
  machinesWithPower,
  startMachine,
  stopMachine,
  wipeMachine,
  type Answer,
} from "./power";
import { inNetwork, programOf, runFolder, startSite, stopSite, type Site } from "./site";

/** The admin kubeconfig of the cluster on this host's machines; mode 0600. */
export const adminKubeconfigFile = join(runFolder, "kubeconfig");

export const stackFile = join(__dirname, "Pulumi.machines.yaml");

/** How many machines; absent: as the stack file says. */
export interface Size {
  readonly controlPlane?: number;
  readonly workers?: number;
}

/**
 * The lab's stack, for the control-group version that the host boots with. `changes` replaces top-level keys, but for
 * `kubernetes`, to which it adds: another version than the site's could be installed by no machine.
 */
export function labConfig(size: Size = {}, changes: Record<string, unknown> = {}): ClusterConfig {
  const { values, problems } = readStackFile(stackFile);
  const [pool] = values.nodePools as Record<string, unknown>[];
  return parseClusterConfig(
    {
      ...values,
      os: { ...(values.os as object), cgroup: hostCgroup() },
      // Without workers the pods need a place on the control plane.
      controlPlane: {
        ...(values.controlPlane as object),
        ...(size.controlPlane !== undefined && { replicas: size.controlPlane }),
        ...(size.workers === 0 && { schedulable: true }),
      },
      nodePools: [{ ...pool, ...(size.workers !== undefined && { count: size.workers }) }],
      ...changes,
      kubernetes: { ...(values.kubernetes as object), ...(changes.kubernetes as object | undefined) },
    },
    "machines",
    { source: stackFile, problems },
  );
}

/** A cluster on the lab's machines. Keys and admin kubeconfig are kept in the run folder until `down`. */
export class LabCluster {
  private readonly kubectlProgram = programOf("kubernetes", "kubectl");

  private constructor(
    readonly config: ClusterConfig,
    readonly site: Site,
    readonly keys: LabKeys,
    readonly plan: MachinesPlan,
  ) {}

  /**
   * The cluster of a configuration; keys are made the first time.
   *
   * @param since When its CAs are made, where that is now.
   * @param newClusterUntil As in ControlPlaneFacts.
   */
  static async of(
    config: ClusterConfig,
    site: Site,
    { since = new Date(), ...newCluster }: { since?: Date; newClusterUntil?: number } = {},
  ): Promise<LabCluster> {
    const keys = await keptKeys(config.clusterName, since);
    return new LabCluster(config, site, keys, placeMachines(config, keys.secrets, newCluster));
  }

  machine(name: string): PlannedMachine {
    const found = this.plan.machines.find((machine) => machine.name === name);
    if (found === undefined)
      throw new Error(
        `There is no machine ${name}; there are ${this.plan.machines.map((machine) => machine.name).join(", ")}.`,
      );
    return found;
  }

  /** Starts the site's mirrors, if they do not run. Errors: the machines on this host are another's. */
  startSite(): void {
    claimMachines(ownMachines);
    startSite(this.site, `${this.plan.gateway}/${prefixLength(this.config.network.cidr)}`);
  }

  /** The config drive of a machine: what it is told. */
  drive(name: string): ConfigDrive {
    return renderConfigDrive(this.config, this.plan, this.machine(name));
  }

  start(name: string): void {
    startMachine(this.machine(name), this.site.layers, this.drive(name));
  }

  /** What `up` does with a lost machine: the same name, address and user data on a new disk. */
  recreate(name: string): void {
    stopMachine(name);
    wipeMachine(name);
    this.start(name);
  }

  /** Path of the admin kubeconfig that the program computes. */
  adminKubeconfig(): string {
    const host = this.plan.endpointHost;
    const { clusterName, apiEndpoint } = this.config;
    const { admin, secrets } = this.keys;
    const content = renderAdminKubeconfig({
      clusterName,
      host,
      port: apiEndpoint.port,
      clusterCaCertificatePem: secrets.clusterCa.certificatePem,
      clientCertificatePem: admin.certificatePem,
      clientKeyPem: admin.privateKeyPem,
    });
    writeFileSync(adminKubeconfigFile, content, { mode: 0o600 });
    return adminKubeconfigFile;
  }

  /** kubectl from outside the machines, with the admin kubeconfig, or as the bearer of a token. */
  kubectl(words: readonly string[], options: { input?: string; token?: string; timeoutSeconds?: number } = {}): Answer {
    const credentials =
      options.token === undefined ? ["--kubeconfig", this.adminKubeconfig()] : this.tokenCredentials(options.token);
    const { status, stdout, stderr } = inNetwork(
      [this.kubectlProgram, ...credentials, "--request-timeout=20s", ...words],
      options,
    );
    return { status, stdout, stderr };
  }

  private tokenCredentials(token: string): string[] {
    const ca = join(runFolder, "ca.crt");
    writeFileSync(ca, this.keys.secrets.clusterCa.certificatePem);
    const server = `https://${this.plan.endpointHost}:${this.config.apiEndpoint.port}`;
    return ["--kubeconfig", "/dev/null", "--server", server, "--certificate-authority", ca, "--token", token];
  }

  /** kubectl's output. Throws with its message when it fails. */
  ask(...words: string[]): string {
    const answer = this.kubectl(words);
    if (answer.status !== 0) throw new Error(`kubectl ${words.join(" ")} failed: ${answer.stderr.trim()}`);
    return answer.stdout.trim();
  }

  /** Names of the nodes and whether they are Ready; empty while the API does not answer. */
  nodes(): Record<string, boolean> {
    const path = '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
    const answer = this.kubectl(["get", "nodes", "--output", `jsonpath=${path}`]);
    const lines = answer.status === 0 ? answer.stdout.trim().split("\n").filter(Boolean) : [];
    return Object.fromEntries(lines.map((line) => [line.split(" ")[0]!, line.split(" ")[1] === "True"]));
  }

  /**
   * Installs the lab's CNI as soon as the API answers, then waits until all nodes of `names` are Ready. Throws after
   * `seconds`. What happens on the way is told once.
   *
   * @param every Seconds between two looks. @default 1
   */
  async waitUntilReady(
    names: readonly string[],
    seconds: number,
    tell: (line: string) => void,
    every = 1,
  ): Promise<void> {
    const message = new Set<string>();
    const once = (line: string) => {
      if (!message.has(line)) tell(line);
      message.add(line);
    };
    let cni = false;
    await eventually(
      `All of ${names.join(", ")} Ready`,
      seconds,
      () => {
        const off = names.find((name) => !hasPower(name));
        if (off !== undefined)
          throw new Error(
            `${off} has lost power; the end of its console:\n${consoleOf(off).split("\n").slice(-10).join("\n")}`,
          );
        for (const name of names) for (const verdict of verdictsOf(name)) once(`${name}: ${verdict}`);
        const nodes = this.nodes();
        if (Object.keys(nodes).length > 0) once(`the API answers at ${this.plan.endpointHost}`);
        cni ||= Object.keys(nodes).length > 0 && this.installCni();
        const ready = names.filter((name) => nodes[name] === true);
        for (const name of ready) once(`node ${name} is Ready`);
        return ready.length === names.length || undefined;
      },
      every,
    );
  }

  /** Installs the lab's small CNI. Returns whether the API took it. */
  private installCni(): boolean {
    return this.kubectl(["apply", "--filename", "-"], { input: cniManifest(this.config) }).status === 0;
  }
}

/** The lab's CNI for a cluster. */
export function cniManifest(config: ClusterConfig): string {
  return readFileSync(join(__dirname, "cni.yaml"), "utf8")
    .replaceAll("POD_CIDR", config.kubernetes.podCidr)
    .replaceAll("POD_MTU", String(config.podMtu));
}

/** What the bootstrap of a machine said about its own end, on the console, oldest first. */
export function verdictsOf(name: string): string[] {
  return [...consoleOf(name).matchAll(/openstack-kubernetes: ((?:SUCCESS|FAILED).*)/g)].map(([, verdict = ""]) =>
    verdict.trim(),
  );
}

/**
 * Pulls every plug and removes disks, keys and the network. Nothing is left but the cached builds, whatever was cut
 * short before. Errors: the machines are another's: the lab's OpenStack, whose Nova would miss them, or another
 * checkout's.
 */
export function takeDown(tell: (line: string) => void): void {
  refuseOthers(ownMachines);
  for (const name of machinesWithPower()) {
    stopMachine(name);
    tell(`${name} is off`);
  }
  stopSite();
  rmSync(runFolder, { recursive: true, force: true });
  releaseMachines();
}

async function keptKeys(clusterName: string, since: Date): Promise<LabKeys> {
  const file = join(runFolder, "keys.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as LabKeys;
  const keys = await createLabKeys(clusterName, since);
  mkdirSync(runFolder, { recursive: true, mode: 0o700 });
  writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
  return keys;
}

/**
 * Asks again, `every` so many seconds, until `question` answers something. Throws with `what` when it took longer than
 * `seconds`.
 */
export async function eventually<T>(
  what: string,
  seconds: number,
  question: () => T | undefined | Promise<T | undefined>,
  every = 1,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await question();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${what}: not so within ${seconds} s.`);
    await new Promise((resolve) => setTimeout(resolve, every * 1000));
  }
}
