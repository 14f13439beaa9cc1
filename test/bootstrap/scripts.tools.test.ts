/**
 * The scripts that machines run once, one by one; those that go on as long as the machine lives are in
 * upkeep.tools.test.ts.
 */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describeWithTools } from "../findTool";
import { ScriptMachine } from "./scriptMachine";

const directory = join(__dirname, "../../src/bootstrap/files");

describeWithTools("shellcheck", ["shellcheck"], (tool) => {
  it.each(readdirSync(directory))("finds nothing in %s", (script) => {
    expect(
      execFileSync(tool("shellcheck"), ["--format", "gcc", join(directory, script)], {
        encoding: "utf8",
        stdio: "pipe",
      }),
    ).toBe("");
  });
});

let machine: ScriptMachine;
beforeEach(() => {
  machine = new ScriptMachine();
});
afterEach(() => machine.remove());

describe("the bootstrap", () => {
  const steps = [
    "prepare-host.sh",
    "mount-volumes.sh",
    "install-packages.sh",
    "start-runtime.sh",
    "close-metadata.sh",
    "become-node.sh",
  ];
  const lay = (bodies: Record<string, string>) => {
    machine.file("/etc/openstack-kubernetes/bootstrap.env", "ROLE='worker'\nCLUSTER_NAME='test'\n");
    machine.program("uname", "echo test-default-0.novalocal");
    for (const step of steps.filter((name) => name in bodies)) {
      machine.file(
        `/opt/openstack-kubernetes/bin/${step}`,
        `#!/bin/bash\necho "${step}" >>"${machine.root}/steps"\n${bodies[step] ?? ""}\n`,
      );
      execFileSync("chmod", ["755", `${machine.root}/opt/openstack-kubernetes/bin/${step}`]);
    }
  };
  const everything = Object.fromEntries(steps.map((step) => [step, "echo done"]));
  const console = () =>
    machine.read("/dev/console").replaceAll("\r", "").replaceAll(machine.root, "").trim().split("\n");

  it("takes its steps in order and says on the console that it succeeded", () => {
    lay(everything);
    expect(machine.run("bootstrap.sh").status).toBe(0);
    expect(machine.read("/steps").trim().split("\n")).toEqual(steps);
    expect(console().at(-1)).toBe("openstack-kubernetes: SUCCESS: test-default-0 is a worker node of test");
    expect(machine.has("/var/lib/openstack-kubernetes/joined")).toBe(true);
  });

  it("says on the console why it failed, in which step, and stops there", () => {
    lay({
      ...everything,
      "install-packages.sh": "echo 'E: first'; echo 'E: Unable to locate package kubelet' >&2; echo; exit 100",
    });
    expect(machine.run("bootstrap.sh").status).toBe(1);
    expect(console().slice(-5)).toEqual([
      "openstack-kubernetes: installing packages",
      "openstack-kubernetes:   | E: first",
      "openstack-kubernetes:   | E: Unable to locate package kubelet",
      "openstack-kubernetes:   | ",
      "openstack-kubernetes: FAILED: E: Unable to locate package kubelet (step: installing packages; full log: /var/log/openstack-kubernetes.log; tried again in 30 s)",
    ]);
    expect(machine.read("/steps").trim().split("\n").at(-1)).toBe("install-packages.sh");
    expect(machine.has("/var/lib/openstack-kubernetes/joined")).toBe(false);
  });

  it.each([
    [
      "what apt could not fetch, with its URL",
      "E: Failed to fetch http://mirror.example/Packages  404  Not Found\nE: Some index files failed to download.",
      "E: Failed to fetch http://mirror.example/Packages  404  Not Found",
    ],
    [
      "what dnf could not fetch, with its URL",
      "  - Status code: 404 for http://mirror.example/repodata/repomd.xml (IP: 10.0.0.1)\nError: Failed to download metadata for repo 'kubernetes'",
      "- Status code: 404 for http://mirror.example/repodata/repomd.xml (IP: 10.0.0.1)",
    ],
    [
      "what kubeadm's checks found",
      "\t[ERROR ImagePull]: failed to pull image registry.k8s.io/etcd:3\nerror: preflight checks failed\nTo see the stack trace of this error execute with --v=5 or higher",
      "[ERROR ImagePull]: failed to pull image registry.k8s.io/etcd:3",
    ],
    [
      "the last line that is not advice",
      "error: no route\nTo see the stack trace of this error execute with --v=5 or higher",
      "error: no route",
    ],
  ])("names as the reason %s", (_what, output, reason) => {
    machine.file("/output", `${output}\n`);
    lay({ ...everything, "become-node.sh": `cat ${machine.root}/output; exit 1` });
    machine.run("bootstrap.sh");
    expect(console().at(-1)).toBe(
      `openstack-kubernetes: FAILED: ${reason} (step: becoming a worker node; full log: /var/log/openstack-kubernetes.log; tried again in 30 s)`,
    );
  });

  it("gives a verdict on a step that says nothing", () => {
    lay({ ...everything, "become-node.sh": "exit 1" });
    machine.run("bootstrap.sh");
    expect(console().at(-1)).toMatch(/^openstack-kubernetes: FAILED: no output \(step: becoming a worker node;/);
  });

  const without = (missing: string) =>
    lay(Object.fromEntries(Object.entries(everything).filter(([step]) => step !== missing)));

  it("passes over volumes where the machine has none", () => {
    without("mount-volumes.sh");
    expect(machine.run("bootstrap.sh").status).toBe(0);
  });

  it.each(steps)("fails when %s is missing that the machine needs", (missing) => {
    without(missing);
    machine.file("/etc/openstack-kubernetes/volumes", "a volume\n");
    expect(machine.run("bootstrap.sh").status).toBe(1);
    expect(console().at(-1)).toContain(`${missing}: No such file or directory`);
    expect(machine.has("/var/lib/openstack-kubernetes/joined")).toBe(false);
  });

  it("leaves the kubelet's files to root alone", () => {
    lay(everything);
    const files = [
      "/var/lib/kubelet/config.yaml",
      "/var/lib/kubelet/kubeadm-flags.env",
      "/usr/lib/systemd/system/kubelet.service",
      "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf",
      "/etc/systemd/system/kubelet.service.d/05-proxy.conf",
    ];
    for (const file of files) machine.file(file, "open\n");
    machine.run("bootstrap.sh");
    expect(files.map((file) => [file, machine.mode(file)])).toEqual(files.map((file) => [file, "600"]));
  });
});

describe("preparing the host", () => {
  /** `units` are those that systemd knows; the rest is as on any image. */
  const host = (...units: string[]) => {
    machine.program("uname", "echo test-default-0");
    for (const name of ["swapoff", "modprobe", "update-ca-certificates", "restorecon", "ufw"])
      machine.program(name, "true");
    machine.program("systemctl", `[[ $1 != cat ]] || [[ " ${units.join(" ")} " == *" $2 "* ]]`);
    machine.program("systemd-detect-virt", "exit 1");
    machine.file("/etc/modules-load.d/openstack-kubernetes.conf", "overlay\n");
    machine.file("/etc/sysctl.d/zz-openstack-kubernetes.conf", "net.ipv4.ip_forward=1\n");
    machine.file("/proc/filesystems", "nodev\toverlay\n");
    machine.program("sysctl", "[[ $1 == -qw ]] || echo 1");
  };

  it("says so when swap cannot be switched off: the kubelet would not start, and swapoff says nothing", () => {
    machine.program("uname", "echo test-default-0");
    machine.program("swapoff", "exit 32");
    machine.program("tail", "printf '/dev/vdc partition 65532 0 -2\\n/dev/vdd partition 65532 0 -3\\n'");
    expect(machine.run("prepare-host.sh")).toMatchObject({
      status: 1,
      output: "Swap cannot be switched off: /dev/vdc /dev/vdd\n",
    });
  });

  it("keeps swap off at later boots: fstab, units that systemd finds by itself, zram of either kind", () => {
    host("zramswap.service");
    machine.file("/etc/fstab", "/dev/vda2 none swap sw 0 0\n/dev/vda1 / ext4 defaults 0 1\n");
    const { status, calls } = machine.run("prepare-host.sh");
    expect({ status, masked: calls.filter((call) => call.startsWith("systemctl mask")) }).toEqual({
      status: 0,
      masked: ["systemctl mask swap.target", "systemctl mask zramswap.service"],
    });
    expect(machine.read("/etc/systemd/zram-generator.conf")).toBe("");
    expect(machine.read("/etc/fstab")).toBe("#/dev/vda2 none swap sw 0 0\n/dev/vda1 / ext4 defaults 0 1\n");
  });

  it.each(["firewalld", "ufw"])("switches %s off for this boot and for later ones, whether it runs or not", (name) => {
    host(`${name}.service`);
    const { calls } = machine.run("prepare-host.sh");
    expect(calls.filter((call) => call.startsWith("systemctl disable") || call.startsWith("ufw"))).toEqual([
      ...(name === "ufw" ? ["ufw --force disable"] : []),
      `systemctl disable --now ${name}.service`,
    ]);
  });

  it("fails when a sysctl does not take its value, and says which", () => {
    host();
    machine.program("sysctl", "[[ $1 == -qw ]] || echo 0");
    expect(machine.run("prepare-host.sh")).toMatchObject({
      status: 1,
      output: "sysctl net.ipv4.ip_forward is 0 and cannot be set to 1.\n",
    });
  });

  it("leaves sysctls of a host to the host, where the machine is a container", () => {
    host();
    machine.program("sysctl", "exit 255");
    machine.program("systemd-detect-virt", "true");
    expect(machine.run("prepare-host.sh")).toMatchObject({
      status: 0,
      output: "sysctl net.ipv4.ip_forward is missing and cannot be set to 1.\n",
    });
  });

  it("fails when the kernel has no overlay file system", () => {
    host();
    machine.program("modprobe", "exit 1");
    machine.file("/proc/filesystems", "nodev\ttmpfs\n");
    expect(machine.run("prepare-host.sh")).toMatchObject({
      status: 1,
      output: expect.stringContaining("The kernel has no overlay file system."),
    });
  });
});

describe("starting containerd", () => {
  const versions = { kubeadm: "v1.36.3", kubelet: "v1.36.3", containerd: "v2.1.4" };
  const installed = (found: Partial<typeof versions> = {}) => {
    const { kubeadm, kubelet, containerd } = { ...versions, ...found };
    machine.file("/etc/openstack-kubernetes/bootstrap.env", "KUBERNETES_VERSION='1.36.3'\nCLOCK_SERVICE=''\n");
    machine.program("kubeadm", `echo ${kubeadm}`);
    machine.program("kubelet", `echo Kubernetes ${kubelet}`);
    machine.program("containerd", `echo containerd github.com/containerd/containerd/v2 ${containerd} abc`);
    for (const name of ["runc", "crictl", "curl", "systemctl"]) machine.program(name, "true");
    return machine.run("start-runtime.sh");
  };

  it("starts it when all versions are those that were asked for", () => {
    const { status, calls } = installed();
    expect({ status, calls: calls.filter((call) => call.startsWith("systemctl")) }).toEqual({
      status: 0,
      calls: [
        "systemctl daemon-reload",
        "systemctl enable containerd kubelet",
        "systemctl restart containerd",
        "systemctl start containerd",
      ],
    });
  });

  it.each([
    [{ kubeadm: "v1.35.1" }, "kubeadm is v1.35.1 but kubernetes.version is 1.36.3."],
    [{ kubelet: "v1.35.1" }, "kubelet is v1.35.1 but kubernetes.version is 1.36.3."],
    [{ containerd: "1.7.27" }, "containerd is 1.7.27 but its configuration is written for containerd 2."],
    [{ containerd: "" }, "containerd is abc but its configuration is written for containerd 2."],
  ])("fails with %j", (found, sentence) => {
    expect(installed(found)).toMatchObject({ status: 1, output: expect.stringContaining(sentence) });
  });

  it("fails when a program answers nothing", () => {
    machine.program("false", "exit 127");
    installed();
    machine.program("containerd", "exit 127");
    expect(machine.run("start-runtime.sh").status).toBe(127);
  });
});

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

describe("installing packages", () => {
  beforeEach(() => {
    machine.file(
      "/etc/openstack-kubernetes/bootstrap.env",
      "PACKAGES='kubelet=1.36.3-* curl'\nHELD_PACKAGES='kubelet'\n",
    );
    for (const name of ["apt-get", "apt-mark", "dpkg"]) machine.program(name, "true");
    execFileSync("mkdir", ["-p", `${machine.root}/var/lib/dpkg/updates`]);
    machine.program("python3", 'echo key >"${@: -1}"');
  });

  it("fetches the keys, pins and holds, and does it once", () => {
    machine.file("/etc/openstack-kubernetes/repository-keys", `https://example.org/key ${machine.root}/etc/a.asc\n`);
    const { status, calls } = machine.run("install-packages-apt.sh");
    expect(status).toBe(0);
    expect(machine.read("/etc/a.asc")).toBe("key\n");
    expect(
      calls.filter((call) => call.startsWith("apt-get")).map((call) => call.replace(/^.*--force-confold /, "")),
    ).toEqual([
      "-o APT::Update::Error-Mode=any update",
      "install -y --no-install-recommends --allow-change-held-packages kubelet=1.36.3-* curl",
    ]);
    expect(calls.filter((call) => call.startsWith("apt-mark"))).toEqual(["apt-mark hold kubelet"]);
    expect(machine.run("install-packages-apt.sh").calls).toEqual([]);
  });

  it("first finishes what a power cut interrupted, and only then", () => {
    machine.file("/etc/openstack-kubernetes/repository-keys");
    machine.file("/var/lib/dpkg/updates/0001", "Package: nftables\nStatus: install ok unpacked\n");
    const { calls } = machine.run("install-packages-apt.sh");
    expect(calls.map((call) => call.split(" ").slice(0, 2).join(" "))).toEqual([
      "dpkg --force-confold",
      "apt-get -q",
      "apt-get -q",
      "apt-mark hold",
    ]);
  });

  it("waits for an update of the indexes that the image began by itself", () => {
    machine.file("/etc/openstack-kubernetes/repository-keys");
    machine.program(
      "apt-get",
      '[[ "$*" == *" update" && ! -e "$machine/free" ]] && { touch "$machine/free"; echo "E: Could not get lock /var/lib/apt/lists/lock"; exit 100; }; true',
    );
    const { status, calls } = machine.run("install-packages-apt.sh");
    expect([status, calls.filter((call) => call.endsWith(" update")).length]).toEqual([0, 2]);
  });

  it("fails at once when an index cannot be fetched", () => {
    machine.file("/etc/openstack-kubernetes/repository-keys");
    machine.program("apt-get", 'echo "E: Failed to fetch http://mirror/Packages"; exit 100');
    expect(machine.run("install-packages-apt.sh")).toMatchObject({
      status: 100,
      output: "E: Failed to fetch http://mirror/Packages\n",
    });
  });

  it("needs no key for an unsigned mirror", () => {
    machine.file("/etc/openstack-kubernetes/repository-keys");
    expect(machine.run("install-packages-apt.sh").calls.filter((call) => call.startsWith("python3"))).toEqual([]);
  });
});

describe("a worker that joins", () => {
  beforeEach(() => {
    machine.file("/etc/openstack-kubernetes/bootstrap.env", "ENDPOINT='10.10.0.5:6443'\nNODE_CIDR='10.10.0.0/22'\n");
    machine.file("/etc/openstack-kubernetes/join.yaml", "node-ip: @NODE_IP@\n");
    machine.program("ip", "echo '2: eth0    inet 10.10.0.77/22 brd 10.10.3.255 scope global eth0'");
    machine.program("curl", "true");
    machine.program("kubeadm", "true");
  });

  it("presents itself with its address in the node CIDR", () => {
    const { status, calls } = machine.run("join-worker.sh");
    expect({ status, kubeadm: calls.filter((call) => call.startsWith("kubeadm")) }).toEqual({
      status: 0,
      kubeadm: ["kubeadm join --config /run/openstack-kubernetes.join.yaml"],
    });
    expect(machine.read("/run/openstack-kubernetes.join.yaml")).toBe("node-ip: 10.10.0.77\n");
    // It holds the bootstrap token.
    expect(machine.mode("/run/openstack-kubernetes.join.yaml")).toBe("600");
  });

  it("clears what an attempt cut short has left", () => {
    machine.file("/var/lib/openstack-kubernetes/join-started");
    expect(machine.run("join-worker.sh").calls.filter((call) => call.startsWith("kubeadm"))[0]).toBe(
      "kubeadm reset --force",
    );
  });

  it("says what it waits for, now and then", () => {
    machine.file("/looks", "");
    machine.program(
      "curl",
      'echo >>"$machine/looks"; (($(wc -l <"$machine/looks") > 15)) || { echo "curl: (7) refused" >&2; exit 7; }',
    );
    const { status, output } = machine.run("join-worker.sh");
    expect({ status, said: output.match(/waiting for .*/g) }).toEqual({
      status: 0,
      said: Array.from({ length: 2 }, () => "waiting for the API endpoint https://10.10.0.5:6443: curl: (7) refused"),
    });
  });

  it("says what it waited for in vain", () => {
    machine.program("curl", 'echo "curl: (28) Connection timed out" >&2; exit 28');
    expect(machine.run("join-worker.sh", 5000)).toMatchObject({
      status: 1,
      output:
        "waiting for the API endpoint https://10.10.0.5:6443: curl: (28) Connection timed out\n" +
        "The API endpoint https://10.10.0.5:6443 is not ready after 20 minutes: curl: (28) Connection timed out\n",
    });
  });
});
