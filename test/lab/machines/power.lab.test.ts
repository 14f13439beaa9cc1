/**
 * The power of the lab's machines: they leave no trace on the host, at whatever moment their start is cut short, come
 * back from a reboot, and are ended by their owner only. Proves nothing about Kubernetes.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { eventually, LabCluster, labConfig, takeDown } from "../../../lab/machines/cluster";
import { ownMachines } from "../../../lab/machines/owner";
import { machinesWithPower, onMachine, startMachine } from "../../../lab/machines/power";
import { describeOnMachines, hostSettings, tracesOnHost } from "./machinesFixture";

const quiet = () => undefined;

describeOnMachines("power of the lab's machines", (site) => {
  let before: Record<string, string>;
  let cluster: LabCluster;

  beforeAll(async () => {
    takeDown(quiet);
    before = hostSettings();
    cluster = await LabCluster.of(labConfig(), site());
  }, 120_000);
  afterAll(() => takeDown(quiet));

  it.each([0, 100, 300, 1000, 3000])(
    "leaves nothing when it is taken down %i ms after power-on",
    async (delay) => {
      cluster.startSite();
      const machine = cluster.machine("lab-workers-0");
      startMachine(machine, cluster.site.layers, {});
      await new Promise((resolve) => setTimeout(resolve, delay));
      takeDown(quiet);
      expect(tracesOnHost()).toEqual([]);
      expect(hostSettings()).toEqual(before);
    },
    60_000,
  );

  it("comes back from a reboot with a new boot id and an address, keeps its disk, and is not ended by others", async () => {
    cluster = await LabCluster.of(labConfig(), site());
    cluster.startSite();
    cluster.start("lab-workers-0");
    const ask = (...command: string[]) => onMachine("lab-workers-0", command).stdout.trim();
    await eventually(
      "an address",
      120,
      () => ask("hostname", "--all-ip-addresses").includes("10.10.0.100") || undefined,
    );
    const bootId = ask("cat", "/proc/sys/kernel/random/boot_id");
    onMachine("lab-workers-0", ["sh", "-c", "echo kept >/var/tmp/kept && systemctl reboot"]);
    await eventually("another boot id", 120, () => {
      const now = ask("cat", "/proc/sys/kernel/random/boot_id");
      return (now !== "" && now !== bootId) || undefined;
    });
    await eventually(
      "an address again",
      120,
      () => ask("hostname", "--all-ip-addresses").includes("10.10.0.100") || undefined,
    );
    expect(ask("cat", "/var/tmp/kept")).toBe("kept");
    // By whoever has a checkout or a cache of his own on the same host.
    const another = { ...process.env, OPENSTACK_KUBERNETES_CACHE: "/tmp/another-cache" };
    for (const command of ["down", "up"]) {
      const words = ["-r", "./scripts/typescript.js", "scripts/labMachines.ts", command];
      const { status, stderr } = spawnSync(process.execPath, words, {
        cwd: join(__dirname, "../../.."),
        env: another,
        encoding: "utf8",
      });
      expect([status, stderr.trim()]).toEqual([
        1,
        `The machines on this host were started by \`npm run lab:machines\` in ${ownMachines.checkout}, with their disks in ${ownMachines.folder}: its \`down\` there ends them.`,
      ]);
    }
    expect(machinesWithPower()).toEqual(["lab-workers-0"]);
    expect(hostSettings()).toMatchObject({
      "kernel/panic": before["kernel/panic"],
      "kernel/hostname": before["kernel/hostname"],
    });
  }, 300_000);
});
