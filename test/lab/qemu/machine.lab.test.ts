/**
 * One control-plane machine with a kernel of its own, under QEMU: what machines in namespaces cannot show. The same
 * user data boots it, its kernel has control groups v2 only, it has swap to switch off, and modules and sysctls are
 * really its own. Without a working KVM it takes minutes (TCG). Does not prove a hypervisor of OpenStack, nor other
 * kernels than Debian's.
 */
import { readFileSync } from "node:fs";
import { eventually, LabCluster, takeDown, verdictsOf } from "../../../lab/machines/cluster";
import { consoleOf, memoryMib } from "../../../lab/machines/power";
import {
  accelerator,
  onQemuMachine,
  qemuConfig,
  qemuDisk,
  qemuLooksEvery,
  qemuReason,
  startQemuMachine,
} from "../../../lab/qemu/machine";
import { kernelFiles } from "../../../src/bootstrap/kernelSettings";
import { describeOnMachines, tracesOnHost } from "../machines/machinesFixture";

/** Seconds until the node is Ready, for a busy host without KVM. */
const patience = 2400;
jest.setTimeout((patience + 300) * 1000);
const print = (line: string) => process.stderr.write(`  ${line}\n`);

const reason = qemuReason();
if (reason !== undefined) process.stderr.write(`\nSKIPPED: a machine with its own kernel: ${reason}\n`);

(reason === undefined ? describeOnMachines : describe.skip)(
  "a machine with its own kernel",
  (site?: () => Parameters<typeof LabCluster.of>[1]) => {
    let cluster: LabCluster;
    const name = "lab-control-plane-0";
    const sh = (commands: string) => onQemuMachine(name, commands).stdout.trim();
    const [modules, sysctls] = kernelFiles().map(({ content }) => content.trim().split("\n")) as [string[], string[]];

    beforeAll(async () => {
      takeDown(() => undefined);
      cluster = await LabCluster.of(qemuConfig(), site!());
      cluster.startSite();
    }, 300_000);

    afterAll(() => {
      takeDown(() => undefined);
      expect(tracesOnHost()).toEqual([]);
    }, 120_000);

    it("becomes a control-plane node from the same user data, and its API answers", async () => {
      const disk = qemuDisk();
      const by = accelerator(disk);
      const start = Date.now();
      startQemuMachine(cluster.machine(name), cluster.drive(name), disk, by);
      const seconds = () => Math.round((Date.now() - start) / 1000);
      // A bootstrap that fails tries again; on a busy host without KVM the API server misses the deadlines of kubeadm's
      // first attempt.
      const success = `SUCCESS: ${name} is a control-plane node of lab`;
      await eventually(`"${success}" on the console`, patience, () => verdictsOf(name).includes(success) || undefined);
      print(`under ${by}: ${seconds()} s from power-on to success, attempts: ${verdictsOf(name).length}`);
      await cluster.waitUntilReady([name], patience, () => undefined, qemuLooksEvery);
      await eventually(
        "a ready API",
        patience,
        () => cluster.kubectl(["get", "--raw", "/readyz"]).stdout === "ok" || undefined,
        qemuLooksEvery,
      );
      expect(cluster.nodes()).toEqual({ [name]: true });
      print(`node Ready ${seconds()} s after power-on; ${memoryMib(name) ?? "?"} MiB held by QEMU`);
    });

    it("runs a kernel of its own, which has control groups v2 and nothing said about v1", () => {
      expect(sh("uname --kernel-release")).not.toBe(readFileSync("/proc/sys/kernel/osrelease", "utf8").trim());
      expect(sh("uname --kernel-release")).toMatch(/-cloud-amd64$/);
      expect(sh("stat --file-system --format %T /sys/fs/cgroup")).toBe("cgroup2fs");
      expect(sh("grep -c failCgroupV1 /var/lib/kubelet/config.yaml")).toBe("0");
      expect(sh("grep -rl SystemVerification /etc/openstack-kubernetes")).toBe("");
    });

    it("has loaded the modules", () => {
      const loaded = sh("cut -d ' ' -f 1 /proc/modules").split("\n");
      expect(modules.filter((module) => !loaded.includes(module))).toEqual([]);
    });

    it("has every sysctl as it was rendered", () => {
      const keys = sysctls.map((line) => line.split("=")[0]!);
      expect(sh(`for key in ${keys.join(" ")}; do echo "$key=$(sysctl -n "$key")"; done`).split("\n")).toEqual(sysctls);
    });

    it("has switched off the swap that it booted with, for good", () => {
      expect(sh("journalctl --dmesg --output cat | grep -c 'Adding .* swap on'")).toBe("1");
      expect(sh("tail -n +2 /proc/swaps")).toBe("");
      expect(sh("grep -c '^#LABEL=swap ' /etc/fstab")).toBe("1");
      // cloud-init adds a line of its own for a swap that it finds.
      expect(sh("grep -v '^#' /etc/fstab | grep -w swap")).toBe("");
    });

    it("drops what pods ask of the metadata service in its own packet filter", () => {
      const chain = (name: string) => sh(`nft list chain inet openstack_kubernetes ${name}`);
      expect(chain("forward")).toContain("ip daddr 169.254.169.254 drop");
      expect(chain("output")).toContain("ip daddr 169.254.169.254 reject");
      expect(consoleOf(name)).toContain("openstack-kubernetes: closing the metadata service to pods");
    });
  },
);
