/**
 * A host with control groups v2 only, mounted as systemd does it (nsdelegate), carries the lab's machines. The host is
 * a machine under QEMU, so this works on hosts of any kind; in it one machine in namespaces boots and becomes a
 * control-plane node, Ready, and is that again after a reboot. Without a working KVM that needs two quiet cores.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { cniManifest, eventually, LabCluster, takeDown } from "../../../lab/machines/cluster";
import { renderConfigDrive } from "../../../lab/machines/configDrive";
import type { PlannedMachine } from "../../../lab/machines/plan";
import { macOf } from "../../../simulation/identity";
import { consoleOf } from "../../../lab/machines/power";
import { programOf, runFolder } from "../../../lab/machines/site";
import {
  accelerator,
  onQemuMachine,
  qemuConfig,
  qemuDisk,
  qemuLooksEvery,
  qemuReason,
  sshPublicKey,
  startQemuMachine,
} from "../../../lab/qemu/machine";
import { describeOnMachines, tracesOnHost } from "./machinesFixture";

/** Seconds until the host, and then the machine in it, has booted; for a busy host without KVM. */
const patience = 1200;
/** Seconds until the machine is a node. */
const nodePatience = 2400;
jest.setTimeout((nodePatience + 600) * 1000);
const print = (line: string) => process.stderr.write(`  ${line}\n`);

const reason = qemuReason();
if (reason !== undefined) process.stderr.write(`\nSKIPPED: a host with control groups v2: ${reason}\n`);

/** Where the disk of siteDisk.sh lies in the host, and its machine's folder. */
const site = "/mnt";
const folder = "/var/lib/lab";
const group = "/sys/fs/cgroup/openstack-kubernetes";

(reason === undefined ? describeOnMachines : describe.skip)(
  "a host with control groups v2",
  (ownSite?: () => Parameters<typeof LabCluster.of>[1]) => {
    const host = "lab-host";
    const name = "lab-control-plane-0";
    const start = Date.now();
    const seconds = () => Math.round((Date.now() - start) / 1000);
    let cluster: LabCluster;
    let before: string;
    const sh = (commands: string, timeoutSeconds = 300) =>
      onQemuMachine(host, `set -e\nPATH=${site}/bin:$PATH\n${commands}`, timeoutSeconds);
    const ask = (commands: string) => {
      const { status, stdout, stderr } = sh(commands);
      expect({ commands, status, stderr: status === 0 ? "" : stderr }).toEqual({ commands, status: 0, stderr: "" });
      return stdout.trim();
    };
    /** Runs a command in the machine within the host. */
    const inMachine = (command: string) => sh(`${site}/lab/machines/machine.sh enter ${name} ${command} </dev/null`);
    const bootId = () => inMachine("cat /proc/sys/kernel/random/boot_id").stdout.trim();
    const reboot = () => ask(`${site}/lab/machines/machine.sh reboot ${name} 280`);
    const kubectl = (words: string, input = "") =>
      sh(`base64 -d <<<"${Buffer.from(input).toString("base64")}" |
${site}/lab/machines/machine.sh enter ${name} kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 60s ${words}`);
    /** Waits until the API server says that the node, as it booted last, is Ready. */
    const nodeReady = async (): Promise<void> => {
      const status = `-o jsonpath='{.items[*].metadata.name} {.items[*].status.nodeInfo.bootID} {.items[*].status.conditions[?(@.type=="Ready")].status}'`;
      // The boot id is asked for at each look: a machine whose disk is not mounted yet still shows its host's.
      const ready = () => kubectl(`get nodes ${status}`).stdout.trim() === `${name} ${bootId()} True` || undefined;
      await eventually("the node Ready", patience, ready, qemuLooksEvery);
      print(`after ${seconds()} s: the node is Ready`);
    };

    beforeAll(async () => {
      takeDown(() => undefined);
      cluster = await LabCluster.of(qemuConfig(), ownSite!());
      cluster.startSite();
      const disk = qemuDisk();
      const siteDisk = join(runFolder, "site.img");
      const { layers, packages, registry } = cluster.site;
      const programs = [programOf("registry", "registry"), programOf("coredns", "coredns"), process.execPath];
      execFileSync(
        join(__dirname, "../../../lab/qemu/siteDisk.sh"),
        [siteDisk, layers.join(":"), packages, registry, ...programs],
        {
          stdio: ["ignore", "ignore", "inherit"],
        },
      );
      const userData = `#cloud-config\n${JSON.stringify({ ssh_authorized_keys: [sshPublicKey()], locale: false })}\n`;
      const encoded = Buffer.from(userData).toString("base64");
      const machine: PlannedMachine = {
        name: host,
        role: "worker",
        address: "10.10.1.1",
        mac: macOf(host),
        userData: { encoded, cloudConfig: userData, files: [] },
      };
      const by = accelerator(disk);
      startQemuMachine(machine, renderConfigDrive(cluster.config, cluster.plan, machine), disk, by, siteDisk);
      await eventually(
        `${host} to let us in; the end of its console:\n${consoleOf(host).slice(-500)}`,
        patience,
        () => sh("true", 30).status === 0 || undefined,
      );
      print(`under ${by}: the host lets us in after ${seconds()} s`);
    }, patience * 1000);

    afterAll(() => {
      takeDown(() => undefined);
      expect(tracesOnHost()).toEqual([]);
    }, 120_000);

    it("has the unified hierarchy only, where namespaces are borders of delegation", () => {
      expect(ask("grep cgroup /proc/mounts | cut -d ' ' -f 2-4")).toMatch(
        /^\/sys\/fs\/cgroup cgroup2 \S*nsdelegate\S*$/,
      );
      before = ask("cat /sys/fs/cgroup/cgroup.subtree_control");
      print(`its root passes on: ${before}`);
    });

    it("boots a machine, whose init may divide among its services every controller that a kubelet needs", async () => {
      const { gateway } = cluster.plan;
      const drive = Object.entries(cluster.drive(name)).map(([path, content]) => {
        const file = `${folder}/${name}/drive/${path}`;
        return `mkdir -p $(dirname ${file}); base64 -d >${file} <<<${Buffer.from(content).toString("base64")}`;
      });
      ask(`mount -o ro LABEL=site ${site}
${drive.join("\n")}
${site}/lab/machines/lan.sh up ${folder}/site ${gateway}/22 10.20.0.10 ${site}/packages ${site}/registry ${site}/bin/registry ${site}/bin/coredns
${site}/lab/machines/machine.sh start ${name} ${folder}/${name} ${site}/layers/0:${site}/layers/1 ${cluster.machine(name).mac}`);
      await eventually(
        "the machine's address",
        patience,
        () => inMachine("hostname --all-ip-addresses").stdout.includes(cluster.machine(name).address) || undefined,
      );
      print(`after ${seconds()} s: the machine has its address`);
      expect(ask(`cat ${group}/${name}/machine/cgroup.controllers`).split(" ")).toEqual(
        expect.arrayContaining(["cpu", "cpuset", "io", "memory", "pids"]),
      );
      expect(inMachine("stat --file-system --format %T /sys/fs/cgroup").stdout.trim()).toBe("cgroup2fs");
      const limited =
        "systemd-run --quiet --pipe --wait --property=MemoryMax=64M --property=TasksMax=99 --property=AllowedCPUs=0";
      const files = ["memory.max", "pids.max", "cpuset.cpus.effective"]
        .map((file) => `/sys/fs/cgroup$group/${file}`)
        .join(" ");
      const limits = await eventually(
        "its init's answer",
        600,
        () => inMachine(`${limited} sh -c 'group=$(sed s/^0::// /proc/self/cgroup); cat ${files}'`).stdout || undefined,
      );
      expect(limits.trim().split("\n")).toEqual(["67108864", "99", "0"]);
    });

    it("reboots the machine when that asks for it, be it in the middle of its bootstrap", async () => {
      const old = bootId();
      reboot();
      const others = [old, ask("cat /proc/sys/kernel/random/boot_id"), ""];
      await eventually("another boot id", 300, () => !others.includes(bootId()) || undefined);
    });

    it("carries a node, though its machine was rebooted in the middle of the bootstrap; the kubelet divides the machine's groups among pods", async () => {
      const success = `SUCCESS: ${name} is a control-plane node of lab`;
      const verdicts = () =>
        sh(`tr -d '\\r' <${folder}/${name}/console.log | grep -oE 'openstack-kubernetes: (SUCCESS|FAILED).*' || true`)
          .stdout;
      await eventually(
        `"${success}" on the console`,
        nodePatience,
        () => verdicts().includes(success) || undefined,
        qemuLooksEvery,
      );
      print(`after ${seconds()} s: ${verdicts().trim().split("\n").join("; ")}`);
      expect(kubectl("apply --filename -", cniManifest(cluster.config))).toMatchObject({ status: 0 });
      await nodeReady();
      expect(inMachine("cat /sys/fs/cgroup/kubepods.slice/cgroup.controllers").stdout.trim().split(" ")).toEqual(
        expect.arrayContaining(["cpu", "cpuset", "io", "memory", "pids"]),
      );
      expect(inMachine("grep -c failCgroupV1 /var/lib/kubelet/config.yaml").stdout.trim()).toBe("0");
    });

    it("carries the node again after a reboot with pods running", async () => {
      const pods = () => ask(`find ${group}/${name}/machine -name 'cri-containerd-*.scope' | wc -l`);
      expect(Number(pods())).toBeGreaterThan(3);
      const old = bootId();
      reboot();
      await nodeReady();
      expect(bootId()).not.toBe(old);
    });

    it("is left as it was: no group, no namespace, no disk, and its root passes on what it did", async () => {
      ask(`${site}/lab/machines/machine.sh stop ${name}\n${site}/lab/machines/lan.sh down ${folder}/site`);
      expect(ask("ls /run/netns")).toBe("");
      expect(ask(`[ -e ${group} ] || echo gone`)).toBe("gone");
      expect(ask("losetup --list --noheadings")).toBe("");
      await eventually(
        "the root as before",
        120,
        () => ask("cat /sys/fs/cgroup/cgroup.subtree_control") === before || undefined,
      );
    });
  },
);
