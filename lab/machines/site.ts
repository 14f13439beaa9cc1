/**
 * What stands around the machines: the trees and mirrors that lab/site builds, and the network namespace that serves
 * them.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { absentPackages } from "../debianPackages";

const labFolder = resolve(__dirname, "..");
export const cacheFolder = process.env.OPENSTACK_KUBERNETES_CACHE ?? join(homedir(), ".cache", "openstack-kubernetes");
/** What the running machines write: disks, consoles, keys. */
export const runFolder = join(cacheFolder, "machines");
/**
 * Address of the package mirror, the registry mirror and the resolver, outside the machines' subnet;
 * Pulumi.machines.yaml names it as resolver.
 */
export const siteAddress = "10.20.0.10";
export const networkNamespace = "osk-lan";
const namespacesFolder = "/run/netns";
/** How the names of the lab's network namespaces begin. */
export const namespacePrefix = "osk-";
/** Where the lab's control groups lie in each of the host's hierarchies; cgroups.sh makes and removes them. */
export const labGroup = "openstack-kubernetes";

export interface Site {
  /** Lower directories of a machine's disk, uppermost first. */
  readonly layers: readonly string[];
  /** Folder of the flat package repositories. */
  readonly packages: string;
  /** Folder of the registry mirror. */
  readonly registry: string;
  /** Versions of Kubernetes whose packages and images it has, the one that it is built for first. */
  readonly kubernetesVersions: readonly string[];
}

/** What lab/site calls besides Node and Go: a build must not find after half an hour that one is missing. */
const buildPackages = ["debootstrap", "dpkg-dev", "libseccomp-dev", "gcc", "pkg-config", "iproute2", "curl"];

/**
 * Builds what is not in the cache yet, with progress on stderr, and tells where it lies: up to 40 minutes the first
 * time, then seconds. With `onlyCached` nothing is built; what is absent is an error. The environment variable
 * LAB_OLDER_MINOR, for instance `1.35`, adds an older minor of Kubernetes (lab/site/kubernetes.sh), which takes half an
 * hour more the first time.
 */
export async function buildSite({ onlyCached = false } = {}): Promise<Site> {
  const absent = onlyCached ? [] : absentPackages(buildPackages);
  if (absent.length > 0)
    throw new Error(`Packages that the lab is built with are missing: apt-get install ${absent.join(" ")}`);
  const run = (name: string) => script(name, onlyCached);
  await run("binaries.sh");
  const layers = [await run("image.sh"), await run("tree.sh")];
  const [packages, registry] = [await run("packages.sh"), await run("images.sh")];
  const kubernetes = await run("kubernetes.sh");
  return { layers, packages, registry, kubernetesVersions: kubernetes.split("\n").map((line) => line.split(" ")[0]!) };
}

/** Runs a build step; its progress goes to our stderr, its output says what it made. */
function script(name: string, onlyCached: boolean): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(join(labFolder, "site", name), {
      stdio: ["ignore", "pipe", onlyCached ? "ignore" : "inherit"],
      env: { ...process.env, ...(onlyCached && { LAB_SITE_ONLY_CACHED: "1" }) },
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", failed);
    child.on("close", (code) =>
      code === 0
        ? done(output.trim())
        : failed(
            new Error(
              `lab/site/${name} failed${onlyCached ? ": nothing may be built now" : "; its messages stand above"}.`,
            ),
          ),
    );
  });
}

/** Path of a program that lab/site builds, by its module and name; it need not be built yet. */
export function programOf(module: string, name: string): string {
  const folder = execFileSync(
    "bash",
    ["-c", 'source "$0/cache.sh" && binaries "$1"', join(labFolder, "site"), module],
    { encoding: "utf8" },
  );
  return join(folder.trim(), name);
}

/**
 * Starts network, mirrors and resolver; nothing happens when they run.
 *
 * @param gateway Router of the machines' network, with its prefix length; "-" where the networks are Neutron's.
 * @param address Of mirrors and resolver; in no machine's network. @default siteAddress
 */
export function startSite(site: Site, gateway: string, address = siteAddress): void {
  if (siteRuns()) return;
  execFileSync(
    join(labFolder, "machines", "lan.sh"),
    [
      "up",
      join(runFolder, networkNamespace),
      gateway,
      address,
      site.packages,
      site.registry,
      programOf("registry", "registry"),
      programOf("coredns", "coredns"),
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
}

/** Mount points of the host's control-group hierarchies. */
export function hierarchies(): string[] {
  return readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, , type]) => type === "cgroup" || type === "cgroup2")
    .map(([, mountPoint]) => mountPoint!);
}

/** The lab's group in each hierarchy that has one. */
export function groupFolders(): string[] {
  return hierarchies()
    .map((hierarchy) => join(hierarchy, labGroup))
    .filter((folder) => existsSync(folder));
}

/** The lab's network namespaces: one per machine, and the site's. */
export function namespaces(): string[] {
  return existsSync(namespacesFolder)
    ? readdirSync(namespacesFolder).filter((name) => name.startsWith(namespacePrefix))
    : [];
}

/** Whether the host holds anything of machines or of their network, be it what a start that was cut short has left. */
export function somethingStands(): boolean {
  return namespaces().length > 0 || groupFolders().length > 0;
}

export function siteRuns(): boolean {
  return existsSync(join(namespacesFolder, networkNamespace));
}

/** Stops them and removes the network; machines must be stopped before. */
export function stopSite(): void {
  execFileSync(join(labFolder, "machines", "lan.sh"), ["down", join(runFolder, networkNamespace)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Words before a command that put it in the machines' network. */
export const enterNetwork: readonly string[] = ["nsenter", `--net=${join(namespacesFolder, networkNamespace)}`];

/** Runs a command of the host in the machines' network. */
export function inNetwork(
  command: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv; timeoutSeconds?: number } = {},
) {
  return spawnSync(enterNetwork[0]!, [...enterNetwork.slice(1), ...command], {
    encoding: "utf8",
    input: options.input ?? "",
    env: { ...process.env, ...options.env },
    timeout: (options.timeoutSeconds ?? 60) * 1000,
    maxBuffer: 64 * 1024 * 1024,
  });
}
