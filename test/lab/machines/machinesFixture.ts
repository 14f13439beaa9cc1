/**
 * What the tests on running machines share: whether they can run here, and the questions they ask of host and cluster.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabCluster } from "../../../lab/machines/cluster";
import { ownerOfMachines } from "../../../lab/machines/owner";
import { onMachine, type Answer } from "../../../lab/machines/power";
import {
  buildSite,
  cacheFolder,
  groupFolders,
  namespaces,
  networkNamespace,
  runFolder,
  type Site,
} from "../../../lab/machines/site";

/** The site when these tests can run, or why they cannot. */
async function siteOrReason(): Promise<Site | string> {
  if (process.getuid?.() !== 0) return "namespaces and control groups need root";
  try {
    return await buildSite({ onlyCached: true });
  } catch {
    return "the site is not built; run: npm run lab:machines -- build";
  }
}

/**
 * `describe`, or a skipped one with one loud line when the site cannot be had; whether it can is known at once from the
 * cache.
 */
export function describeOnMachines(name: string, tests: (site: () => Site) => void): void {
  const reason = quickReason();
  if (reason !== undefined) process.stderr.write(`\nSKIPPED: ${name}: ${reason}\n`);
  (reason === undefined ? describe : describe.skip)(name, () => {
    let site: Site | undefined;
    beforeAll(async () => {
      await takeLock();
      const found = await siteOrReason();
      if (typeof found === "string") throw new Error(found);
      site = found;
    }, 3_600_000);
    afterAll(() => rmSync(lockFile, { force: true }));
    tests(() => site!);
  });
}

const lockFile = join(cacheFolder, "machines.lock");

/**
 * There is one set of machines on a host, and jest may run two of these files at a time: the second waits. A lock whose
 * process is gone is void.
 */
async function takeLock(): Promise<void> {
  for (;;) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: "wx" });
      return;
    } catch {
      const owner = existsSync(lockFile) ? readFileSync(lockFile, "utf8") : "";
      if (owner !== "" && !existsSync(`/proc/${owner}`)) rmSync(lockFile, { force: true });
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

function quickReason(): string | undefined {
  if (process.getuid?.() !== 0) return "namespaces and control groups need root";
  const cache = join(cacheFolder, "site");
  const built = existsSync(cache) ? readdirSync(cache).filter((name) => !name.endsWith(".part")) : [];
  const missing = ["bin-kubernetes", "tree", "packages", "images"].filter(
    (part) => !built.some((name) => name.startsWith(`${part}-`)),
  );
  return missing.length === 0
    ? undefined
    : `the site is not built (${missing.join(", ")}); run: npm run lab:machines -- build`;
}

/**
 * Everything of the lab's machines that the host still holds: processes, mounts, loop devices, network namespaces and
 * control groups.
 */
export function tracesOnHost(): string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const processes = readdirSync("/proc").filter((entry) => {
    try {
      if (
        !/^\d+$/.test(entry) ||
        !/^[^:]*:[^:]*:\/openstack-kubernetes\//m.test(readFileSync(`/proc/${entry}/cgroup`, "utf8"))
      )
        return false;
      // A zombie is no process any more: it ended, and the host's init has yet to hear of it.
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${entry}/status`, "utf8"));
    } catch {
      return false; // It ended while we looked.
    }
  });
  const loops = readdirSync("/sys/block").filter((device) => {
    const file = `/sys/block/${device}/loop/backing_file`;
    return existsSync(file) && readFileSync(file, "utf8").includes(runFolder);
  });
  return [
    ...loops.map((device) => `loop device ${device}`),
    ...processes.map((id) => `process ${id}`),
    ...mounts.filter((line) => line.includes(runFolder)).map((line) => `mount ${line}`),
    ...namespaces().map((name) => `network namespace ${name}`),
    ...groupFolders().map((folder) => `control group ${folder}`),
    ...(ownerOfMachines() === undefined ? [] : ["a record of their owner"]),
  ];
}

/** Inotify instances while the lab is up, as lan.sh sets them. */
const raisedInotify = "1024";

/**
 * The host's settings that machines must not change: those that a bootstrap writes, and the host's own addresses and
 * routes. Of inotify's limit only whether it is the one that the lab sets while it is up: others on the host raise it
 * too.
 */
export function hostSettings(): Record<string, string> {
  const read = (file: string) => readFileSync(`/proc/sys/${file}`, "utf8").trim();
  const files = [
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "net/ipv4/ip_forward",
    "kernel/hostname",
  ];
  return Object.fromEntries([
    ...files.map((file) => [file, read(file)] as const),
    ["inotify as the lab raises it", String(read("fs/inotify/max_user_instances") === raisedInotify)],
    ["routes", readFileSync("/proc/net/route", "utf8")],
    ["devices", readdirSync("/sys/class/net").sort().join(" ")],
  ]);
}

/** The control-plane machines that hold the virtual IP: one, if all is well. */
export function holdersOf(cluster: LabCluster): string[] {
  return cluster.plan.machines
    .filter(({ name, role }) => role === "control-plane" && hasAddress(name, cluster.plan.endpointHost))
    .map(({ name }) => name);
}

/** The control-plane machine that holds the virtual IP. */
export function holderOf(cluster: LabCluster): string | undefined {
  return holdersOf(cluster)[0];
}

function hasAddress(name: string, address: string): boolean {
  return onMachine(name, ["ip", "-4", "-o", "addr", "show", "to", address]).stdout.trim() !== "";
}

/** A program of this folder that runs in the machines' network, and the lines that it has printed. */
export interface Helper {
  readonly process: ChildProcess;
  readonly lines: () => string[];
}

/**
 * Starts a program of this folder in a network of the lab; the test kills it.
 *
 * @param network Name of a network namespace. @default the machines' network
 */
export function startHelper(file: string, words: readonly string[], network = networkNamespace): Helper {
  const loader = join(__dirname, "../../../scripts/typescript.js");
  const child = spawn(
    "nsenter",
    [`--net=/run/netns/${network}`, process.execPath, "-r", loader, join(__dirname, file), ...words],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { process: child, lines: () => output.trim().split("\n").filter(Boolean) };
}

/** A client that asks ten times a second, and the times (ms since the epoch) when it was answered with 200. */
interface Polling {
  readonly answers: () => number[];
  readonly process: ChildProcess;
}

/** Starts a client of the cluster's API, which asks for its readiness and takes no answer that takes over a second. */
export function startPolling(cluster: LabCluster): Polling {
  return pollReadiness(
    `https://${cluster.plan.endpointHost}:${cluster.config.apiEndpoint.port}`,
    cluster.keys.secrets.clusterCa.certificatePem,
    runFolder,
  );
}

/** The same for an API server of this address, whose CA is written into `folder`. */
export function pollReadiness(server: string, caPem: string, folder: string): Polling {
  const ca = join(folder, "ca.crt");
  writeFileSync(ca, caPem);
  const { process: child, lines } = startHelper("poll.ts", ["1", `${server}/readyz`, ca]);
  const answers = () =>
    lines().flatMap((line) => {
      const [began, took, status] = line.split(" ");
      return status === "200" ? [Number(began) + Number(took)] : [];
    });
  return { answers, process: child };
}

/** The longest time between two answers, in seconds. */
export function longestGap(answers: readonly number[]): number {
  return Math.max(...answers.slice(1).map((time, index) => time - answers[index]!)) / 1000;
}

/** Started members of etcd by name, asked of the etcd on one machine. */
export function etcdMembers(cluster: LabCluster, name: string): string[] {
  return etcdctl(cluster, name, "member", "list")
    .stdout.trim()
    .split("\n")
    .map((line) => line.split(", "))
    .filter(([, state]) => state === "started")
    .map(([, , member = ""]) => member)
    .sort();
}

/**
 * Client addresses of the members that are healthy, asked of the etcd on one machine; empty while that does not answer.
 */
export function healthyEtcd(cluster: LabCluster, name: string): string[] {
  // etcdctl fails when a single member is unhealthy, and prints what it found all the same.
  const answer = etcdctl(cluster, name, "endpoint", "health", "--cluster", "--write-out=json");
  const found =
    answer.stdout.trim() === "" ? [] : (JSON.parse(answer.stdout) as { endpoint: string; health: boolean }[]);
  return found
    .filter(({ health }) => health)
    .map(({ endpoint }) => endpoint)
    .sort();
}

/** Whether the etcd on a machine leads the others. */
export function etcdLeader(cluster: LabCluster, name: string): boolean {
  interface Status {
    Status: { leader: number; header: { member_id: number } };
  }
  const [own] = JSON.parse(etcdctl(cluster, name, "endpoint", "status", "--write-out=json").stdout) as Status[];
  return own!.Status.leader === own!.Status.header.member_id;
}

/** etcdctl in the etcd pod of a machine, by way of the API as an administrator would. */
function etcdctl(cluster: LabCluster, name: string, ...words: string[]): Answer {
  const pki = "/etc/kubernetes/pki/etcd";
  const credentials = ["--cacert", `${pki}/ca.crt`, "--cert", `${pki}/server.crt`, "--key", `${pki}/server.key`];
  return cluster.kubectl(["-n", "kube-system", "exec", `etcd-${name}`, "--", "etcdctl", ...credentials, ...words]);
}

/**
 * How etcd's members came to be, in the words of the etcd on one machine: each other one is added as a learner, then
 * promoted.
 */
export function memberSteps(cluster: LabCluster, name: string): string[] {
  const log = cluster.ask("-n", "kube-system", "logs", `etcd-${name}`);
  return [...log.matchAll(/"msg":"(added member|promote member)"/g)].map(([, step = ""]) => step);
}

/**
 * When each of these machines had its turn to join, by its own log: begin and end in ms since the epoch, in the order
 * of their begin.
 */
export function joiningTimes(
  names: readonly string[],
): { readonly name: string; readonly since: number; readonly until: number }[] {
  return names
    .map((name) => {
      const log = onMachine(name, ["cat", "/var/log/openstack-kubernetes.log"]).stdout;
      const time = (words: string) => Date.parse(new RegExp(`^${words} (\\S+)$`, "m").exec(log)?.[1] ?? "");
      return { name, since: time("joining since"), until: time("joined at") };
    })
    .sort((a, b) => a.since - b.since);
}
