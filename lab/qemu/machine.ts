/**
 * The second backend of the lab: a machine with a kernel of its own, under QEMU. It has one card on the lab's network
 * and is asked by SSH.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { labConfig } from "../machines/cluster";
import type { ConfigDrive } from "../machines/configDrive";
import { controlPlaneAddress, type PlannedMachine } from "../machines/plan";
import { layDrive, machineFolder, type Answer } from "../machines/power";
import { enterNetwork, inNetwork, runFolder } from "../machines/site";

const script = join(__dirname, "machine.sh");
const keyFile = join(runFolder, "ssh-key");

type Accelerator = "kvm" | "tcg";

/** Why no machine can be started under QEMU here; undefined where one can. */
export function qemuReason(): string | undefined {
  const missing = ["qemu-system-x86_64", "genisoimage", "ssh"].filter(
    (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0,
  );
  if (missing.length > 0)
    return `${missing.join(", ")} missing; run: apt-get install qemu-system-x86 genisoimage openssh-client`;
  return existsSync("/dev/net/tun") ? undefined : "/dev/net/tun is missing, so a machine has no network card";
}

/**
 * The folder with disk, kernel and initial RAM disk; made the first time, which takes a minute and asks Debian's
 * mirror.
 */
export function qemuDisk(): string {
  return execFileSync(join(__dirname, "disk.sh"), { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}

/** KVM where it boots a kernel, which is tried; else QEMU's own translation (TCG), ten times slower. */
export function accelerator(disk: string): Accelerator {
  return execFileSync(script, ["accelerator", disk], { encoding: "utf8" }).trim() === "kvm" ? "kvm" : "tcg";
}

/** The key that lets us in. It is made the first time, and goes when the lab is taken down. */
export function sshPublicKey(): string {
  if (!existsSync(keyFile)) {
    mkdirSync(dirname(keyFile), { recursive: true, mode: 0o700 });
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", keyFile]);
  }
  return readFileSync(`${keyFile}.pub`, "utf8").trim();
}

/**
 * Seconds between two looks at such a machine: where QEMU translates, every TLS handshake and every login costs it half
 * a second of its processors.
 */
export const qemuLooksEvery = 15;

/**
 * The lab's stack as one control-plane machine under QEMU: its kernel has control groups v2 whatever the host's are,
 * our key lets us in, and the endpoint is the machine itself. A virtual IP has keepalived start a TLS client every
 * second to ask the API server, which without KVM is 0.6 s of processor time each (seen): the control plane then came
 * up but lost one leader election after the other.
 */
export function qemuConfig(): ClusterConfig {
  return labConfig(
    { controlPlane: 1, workers: 0 },
    {
      os: { family: "debian", version: "12" },
      ssh: { authorizedKeys: [sshPublicKey()] },
      apiEndpoint: { kind: "external", host: controlPlaneAddress(labConfig(), 0) },
    },
  );
}

/**
 * Switches a machine on under QEMU. One that has been on before keeps its disk. `siteDisk`: a read-only disk besides,
 * as siteDisk.sh makes it.
 */
export function startQemuMachine(
  machine: Pick<PlannedMachine, "name" | "mac">,
  drive: ConfigDrive,
  disk: string,
  by: Accelerator,
  siteDisk = "",
): void {
  const folder = machineFolder(machine.name);
  layDrive(folder, drive);
  execFileSync(script, ["start", machine.name, folder, disk, machine.mac, by, siteDisk], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Whether a machine is QEMU's: its config drive is a disk. */
export function isQemuMachine(name: string): boolean {
  return existsSync(join(machineFolder(name), "drive.iso"));
}

/** Words of the command that logs in to a machine under QEMU, from within the lab's network. */
function sshWords(name: string): string[] {
  const network = JSON.parse(
    readFileSync(join(machineFolder(name), "drive/openstack/latest/network_data.json"), "utf8"),
  ) as {
    networks: { ip_address: string }[];
  };
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=30"];
  return [
    "ssh",
    "-i",
    keyFile,
    ...options.flatMap((option) => ["-o", option]),
    `debian@${network.networks[0]!.ip_address}`,
  ];
}

/** Runs a script (bash) as root on a machine under QEMU. */
export function onQemuMachine(name: string, commands: string, timeoutSeconds = 120): Answer {
  const { status, stdout, stderr } = inNetwork([...sshWords(name), "sudo", "bash", "-s"], {
    input: commands,
    timeoutSeconds,
  });
  return { status, stdout, stderr };
}

/** A root shell on a machine under QEMU, on our terminal. Returns its exit code. */
export function shellOnQemu(name: string): number {
  return (
    spawnSync(enterNetwork[0]!, [...enterNetwork.slice(1), ...sshWords(name), "-t", "sudo", "--login"], {
      stdio: "inherit",
    }).status ?? 1
  );
}
