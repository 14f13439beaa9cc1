/** Which disk a data volume is, and that no other is formatted. */
import { ScriptMachine } from "./scriptMachine";

let machine: ScriptMachine;
beforeEach(() => {
  machine = new ScriptMachine();
});
afterEach(() => machine.remove());

describe("mounting volumes", () => {
  const uuid = "d0000000-0000-8000-a000-000000000001";
  const other = "d0000000-0000-8000-a000-000000000002";
  const gib = 2 ** 30;
  /** Disks as lsblk lists them; `carried` are the UUIDs of file systems, `partitioned` the disks with partitions. */
  const disks = (lines: string, carried: Record<string, string> = {}, partitioned: readonly string[] = []) => {
    machine.file("/disks", lines);
    machine.file(
      "/carried",
      Object.entries(carried)
        .map(([device, id]) => `${device} ${id}\n`)
        .join(""),
    );
    machine.file("/partitioned", partitioned.map((device) => `${device}\n`).join(""));
    machine.program(
      "lsblk",
      '[[ "$*" == *--nodeps* ]] && cat "$machine/disks" && exit\necho "${@: -1}"\ngrep -x "${@: -1}" "$machine/partitioned" || true',
    );
    machine.program(
      "blkid",
      '[[ $1 == -U ]] && { awk -v id="$2" \'$2 == id { print $1 }\' "$machine/carried"; exit; }\nawk -v device="${@: -1}" \'$1 == device { print $2 }\' "$machine/carried"',
    );
    machine.program(
      "wipefs",
      'grep "^${@: -1} " "$machine/carried" || grep -x "${@: -1}" "$machine/partitioned" || true',
    );
    for (const name of ["mkfs.ext4", "mount", "systemctl", "udevadm"]) machine.program(name, "true");
    machine.program("mountpoint", "exit 1");
  };
  const wants = (...lines: string[]) => machine.file("/etc/openstack-kubernetes/volumes", `${lines.join("\n")}\n`);
  const formatted = (calls: readonly string[]) => calls.filter((call) => call.startsWith("mkfs"));

  it("formats the empty disk of the right size and mounts it by UUID", () => {
    wants(`${uuid} ${20 * gib} 0 /var/lib/etcd`);
    disks(`vda disk 0 ${40 * gib}\nsr0 rom 1 ${20 * gib}\nvdb disk 0 ${20 * gib}\n`);
    const { status, calls } = machine.run("mount-volumes.sh");
    expect({ status, formatted: formatted(calls) }).toEqual({
      status: 0,
      formatted: [`mkfs.ext4 -q -U ${uuid} /dev/vdb`],
    });
    expect(machine.read("/etc/fstab").replaceAll(machine.root, "")).toBe(
      `UUID=${uuid} /var/lib/etcd ext4 defaults,nofail 0 2\n`,
    );
    expect(calls).toContain("mount /var/lib/etcd");
  });

  it("tells disks of one size apart by their order", () => {
    wants(`${uuid} ${10 * gib} 0 -`, `${other} ${10 * gib} 1 /var/lib/data`);
    disks(`vdc disk 0 ${10 * gib}\nvda disk 0 ${40 * gib}\nvdb disk 0 ${10 * gib}\n`);
    expect(formatted(machine.run("mount-volumes.sh").calls)).toEqual([`mkfs.ext4 -q -U ${other} /dev/vdc`]);
  });

  it("recognises its file system wherever it appears, and formats nothing", () => {
    wants(`${uuid} ${20 * gib} 0 /var/lib/etcd`);
    disks(`vdx disk 0 ${20 * gib}\n`, { "/dev/vdx": uuid });
    const { status, calls } = machine.run("mount-volumes.sh");
    expect({ status, formatted: formatted(calls) }).toEqual({ status: 0, formatted: [] });
    machine.run("mount-volumes.sh");
    expect(machine.read("/etc/fstab").trim().split("\n")).toHaveLength(1);
  });

  it("passes over the root disk, ephemeral disks and whatever else holds data, though they have the size", () => {
    wants(`${uuid} ${20 * gib} 0 /var/lib/etcd`);
    disks(["vda", "vdb", "vdc"].map((name) => `${name} disk 0 ${20 * gib}\n`).join(""), { "/dev/vdb": "0123-4567" }, [
      "/dev/vda",
    ]);
    expect(formatted(machine.run("mount-volumes.sh").calls)).toEqual([`mkfs.ext4 -q -U ${uuid} /dev/vdc`]);
  });

  it.each([
    ["a little smaller", 20 * gib - 4 * 2 ** 20],
    ["a little larger", 20 * gib + 300 * 2 ** 20],
    ["larger by a part in a hundred", Math.round(20 * gib * 1.01)],
  ])("takes a disk that is %s than what was ordered", (_what, bytes) => {
    wants(`${uuid} ${20 * gib} 0 /var/lib/etcd`);
    disks(`vda disk 0 ${40 * gib}\nvdb disk 0 ${bytes}\n`);
    expect(formatted(machine.run("mount-volumes.sh").calls)).toEqual([`mkfs.ext4 -q -U ${uuid} /dev/vdb`]);
  });

  it("gives each disk to the ordered size that is nearest", () => {
    wants(`${uuid} ${50 * gib} 0 /var/lib/first`, `${other} ${51 * gib} 0 /var/lib/second`);
    disks(`vdb disk 0 ${51 * gib - 4096}\nvdc disk 0 ${50 * gib + 4096}\n`);
    expect(formatted(machine.run("mount-volumes.sh").calls)).toEqual([
      `mkfs.ext4 -q -U ${uuid} /dev/vdc`,
      `mkfs.ext4 -q -U ${other} /dev/vdb`,
    ]);
  });

  it("takes no disk of another size", () => {
    wants(`${uuid} ${20 * gib} 0 /var/lib/etcd`);
    disks(`vdb disk 0 ${21 * gib}\n`);
    const { status, calls } = machine.run("mount-volumes.sh");
    expect({ status, formatted: formatted(calls) }).toEqual({ status: 1, formatted: [] });
  });

  it.each(["blkid", "wipefs"])("formats nothing where %s cannot read a disk", (program) => {
    wants(`${uuid} ${20 * gib} 0 /var/lib/etcd`);
    disks(`vdb disk 0 ${20 * gib}\n`);
    machine.program(program, "exit 1");
    const { status, calls } = machine.run("mount-volumes.sh");
    expect({ status, formatted: formatted(calls) }).toEqual({ status: 1, formatted: [] });
  });

  it("counts the volumes that are formatted already", () => {
    wants(`${uuid} ${10 * gib} 0 /var/lib/first`, `${other} ${10 * gib} 1 /var/lib/second`);
    disks(["vdb", "vdc"].map((name) => `${name} disk 0 ${10 * gib}\n`).join(""), { "/dev/vdb": uuid });
    expect(formatted(machine.run("mount-volumes.sh").calls)).toEqual([`mkfs.ext4 -q -U ${other} /dev/vdc`]);
  });

  it("formats nothing that holds data, and says which volume is missing", () => {
    wants(`${uuid} ${20 * gib} 0 /var/lib/etcd`);
    disks(`vdb disk 0 ${20 * gib}\n`, { "/dev/vdb": "somebody-elses" });
    const { status, output, calls } = machine.run("mount-volumes.sh");
    expect({ status, output, formatted: formatted(calls) }).toEqual({
      status: 1,
      output:
        "No empty disk of 21474836480 bytes (number 1 of that size) is there for /var/lib/etcd; disks that hold other data are left alone.\n",
      formatted: [],
    });
  });
});
