/** What a machine does to its operating system before it becomes a node: host settings and the container runtime. */
import { metadataFilterFile } from "../../src/bootstrap/metadataFilter";
import { ScriptMachine } from "./scriptMachine";

let machine: ScriptMachine;
beforeEach(() => {
  machine = new ScriptMachine();
});
afterEach(() => machine.remove());

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
      output: expect.stringContaining("The kernel has no overlay file system.") as string,
    });
  });
});

describe("starting containerd", () => {
  const versions = { kubeadm: "v1.36.3", kubelet: "v1.36.3", containerd: "v2.1.4" };
  const installed = (found: Partial<typeof versions> = {}) => {
    const { kubeadm, kubelet, containerd } = { ...versions, ...found };
    machine.file("/etc/openstack-kubernetes/bootstrap.env", "CLOCK_SERVICE=''\n");
    machine.file("/etc/openstack-kubernetes/kubernetes.env", "KUBERNETES_VERSION='1.36.3'\n");
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
    expect(installed(found)).toMatchObject({ status: 1, output: expect.stringContaining(sentence) as string });
  });

  it("fails when a program answers nothing", () => {
    machine.program("false", "exit 127");
    installed();
    machine.program("containerd", "exit 127");
    expect(machine.run("start-runtime.sh").status).toBe(127);
  });
});

describe("closing the metadata service", () => {
  const close = (configDrive: boolean) => {
    machine.file(metadataFilterFile({ configDrive }).path, metadataFilterFile({ configDrive }).content);
    machine.program("systemctl", "true");
    return machine.run("close-metadata.sh").calls.filter((call) => !call.startsWith("systemctl"));
  };

  it("loads the packet filter", () => {
    machine.program("nft", "true");
    expect(close(true)).toEqual(["nft -f /etc/openstack-kubernetes/metadata.nft"]);
  });

  it("closes the same ways with iptables where nft is not installed", () => {
    const path = jest.replaceProperty(process.env, "PATH", "/usr/bin:/bin");
    machine.program("iptables", "[[ $2 != -C ]]");
    const drop = (chain: string) => `iptables -w -I ${chain} -d 169.254.169.254 -j DROP`;
    const inserted = (calls: string[]) => calls.filter((call) => call.includes("-I"));
    try {
      expect(inserted(close(true))).toEqual([drop("FORWARD"), drop("OUTPUT")]);
      expect(inserted(close(false))).toEqual([drop("FORWARD")]);
    } finally {
      path.restore();
    }
  });
});
