/** The Debian packages the lab stands on, and how they get onto the machine without starting a single service. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { absentPackages } from "../debianPackages";
import { run, runLogged } from "./commands";
import type { Layout } from "./layout";

/** Installed by apt; the services within are Python libraries here, started by the lab itself. */
export const installedPackages = [
  "python3-keystone",
  "python3-glance",
  "python3-placement",
  "python3-nova",
  "python3-neutron",
  "python3-octavia",
  "python3-cinder",
  "python3-openstackclient",
  "python3-octaviaclient",
  "ovn-central",
  "rabbitmq-server",
  "mariadb-server",
  "memcached",
  "uwsgi-core",
  "uwsgi-plugin-python3",
] as const;

/** Besides, where machines are real: what Octavia's amphorae and Neutron's agents run. */
export const machinePackages = ["haproxy", "dnsmasq-base"] as const;

/**
 * Only unpacked below the lab's folder: they hold the paste files, but their installation scripts ask for databases and
 * passwords.
 */
const unpackedPackages = [
  "glance-common",
  "nova-common",
  "neutron-common",
  "cinder-common",
  "placement-api",
  "octavia-api",
] as const;

/** Which of the lab's packages are not installed on this machine. */
export function missingPackages(lab: { readonly machines?: unknown }): string[] {
  return absentPackages([...installedPackages, ...(lab.machines === undefined ? [] : machinePackages)]);
}

/**
 * Are the files of the unpacked packages there, all of them? The folder is moved into place when it is complete, so its
 * presence says so.
 */
export function unpackedPresent(lab: Layout): boolean {
  return (
    existsSync(lab.unpacked) && readFileSync(join(lab.unpacked, ".packages"), "utf8") === unpackedPackages.join("\n")
  );
}

/**
 * What apt would do for the missing packages, in its own words: number of packages, size of the download, space on
 * disk.
 */
export async function installationSize(missing: readonly string[]): Promise<string> {
  const simulated = await run("apt-get", ["install", "--simulate", "--no-install-recommends", ...missing], {
    allowFailure: true,
  });
  const count = simulated.stdout.match(/(\d+) newly installed/)?.[1];
  const size = Number(count) > 50 ? " (about 160 MB to download, 800 MB on disk)" : "";
  return count ? `${count} packages${size}` : `${missing.length} packages and what they need`;
}

/**
 * Installs what is missing. Package lists are refreshed first, since a machine's may be empty or old.
 * Errors: apt's own last lines, when it fails.
 */
export async function installPackages(lab: Layout, missing: readonly string[]): Promise<void> {
  const log = join(lab.log, "install.log");
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };
  // An installation that was interrupted before leaves dpkg half way; apt refuses to go on until it is finished.
  const { stdout: unfinished } = await run("dpkg", ["--audit"], { allowFailure: true });
  await withServicesForbidden(lab, async () => {
    if (unfinished.trim() !== "") await runLogged("dpkg", ["--configure", "-a"], { log, environment });
    await runLogged("apt-get", ["update"], { log, environment });
    await runLogged(
      "apt-get",
      ["install", "--yes", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", ...missing],
      { log, environment },
    );
  });
}

/** Downloads and unpacks what must not be installed. */
export async function unpackPackages(lab: Layout): Promise<void> {
  const log = join(lab.log, "install.log");
  const work = mkdtempSync(join(lab.root, "unpacking-"));
  try {
    // apt drops its privileges for downloads, which it cannot do in a folder that only root may enter; it would warn
    // about it.
    await runLogged("apt-get", ["download", "-o", "APT::Sandbox::User=root", ...unpackedPackages], {
      log,
      environment: process.env,
      cwd: work,
    });
    const archives = readdirSync(work).filter((name) => name.endsWith(".deb"));
    const root = join(work, "root");
    for (const archive of archives)
      await runLogged("dpkg-deb", ["--extract", join(work, archive), root], { log, environment: process.env });
    writeFileSync(join(root, ".packages"), unpackedPackages.join("\n"));
    rmSync(lab.unpacked, { recursive: true, force: true });
    renameSync(root, lab.unpacked);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const policyFile = "/usr/sbin/policy-rc.d";

/**
 * Runs `action` while Debian's packages are told not to start anything (policy-rc.d answers 101, "forbidden by
 * policy"), and puts back whatever stood there before. What was there is written down in the lab's folder first, so
 * that an interrupted run is repaired by the next command (`restorePolicy`).
 */
async function withServicesForbidden(lab: Layout, action: () => Promise<void>): Promise<void> {
  const journal = policyJournal(lab);
  const before = existsSync(policyFile)
    ? { mode: statSync(policyFile).mode & 0o7777, content: readFileSync(policyFile, "base64") }
    : {};
  mkdirSync(lab.root, { recursive: true, mode: 0o700 });
  writeFileSync(`${journal}.new`, JSON.stringify(before));
  renameSync(`${journal}.new`, journal);
  try {
    placeFile(policyFile, "#!/bin/sh\nexit 101\n", 0o755);
    await action();
  } finally {
    restorePolicy(lab);
  }
}

/**
 * Puts /usr/sbin/policy-rc.d back as it was before an installation; does nothing when no installation was interrupted.
 */
export function restorePolicy(lab: Layout, file = policyFile): void {
  const journal = policyJournal(lab);
  if (!existsSync(journal)) return;
  const before = JSON.parse(readFileSync(journal, "utf8")) as { mode?: number; content?: string };
  if (before.content === undefined) rmSync(file, { force: true });
  else placeFile(file, Buffer.from(before.content, "base64"), before.mode ?? 0o755);
  rmSync(journal);
}

function policyJournal(lab: Layout): string {
  return join(lab.root, "policy-rc.d.before.json");
}

function placeFile(path: string, content: string | Buffer, mode: number): void {
  const temporary = `${path}.openstack-kubernetes`;
  writeFileSync(temporary, content);
  chmodSync(temporary, mode);
  renameSync(temporary, path);
}
