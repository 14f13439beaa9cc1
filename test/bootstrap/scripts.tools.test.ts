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
  it.each(readdirSync(directory).filter((name) => name.endsWith(".sh")))("finds nothing in %s", (script) => {
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
    machine.program("systemctl", "true");
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
    const { status, calls } = machine.run("bootstrap.sh");
    expect(status).toBe(0);
    expect(calls).toContain("systemctl enable --now openstack-kubernetes-agent.service");
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

describe("installing packages", () => {
  beforeEach(() => {
    machine.file("/etc/openstack-kubernetes/bootstrap.env", "PACKAGES='curl'\nHELD_PACKAGES='kubelet'\n");
    machine.file(
      "/etc/openstack-kubernetes/kubernetes.env",
      "KUBERNETES_PACKAGES='kubeadm=1.36.3-* kubelet=1.36.3-*'\n",
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
      "install -y --no-install-recommends --allow-change-held-packages kubeadm=1.36.3-* kubelet=1.36.3-* curl",
    ]);
    expect(calls.filter((call) => call.startsWith("apt-mark"))).toEqual(["apt-mark hold kubelet"]);
    expect(machine.run("install-packages-apt.sh").calls).toEqual([]);
  });

  it("by name does so whatever is there, with keys of today", () => {
    machine.file("/var/lib/openstack-kubernetes/packages-installed");
    machine.file("/etc/a.asc", "older key\n");
    machine.file("/etc/openstack-kubernetes/repository-keys", `https://example.org/key ${machine.root}/etc/a.asc\n`);
    const { status, calls } = machine.run("install-packages-apt.sh", 0, ["--download-only", "kubelet=1.36.3-*"]);
    expect([status, machine.read("/etc/a.asc")]).toEqual([0, "key\n"]);
    expect(
      calls.filter((call) => call.includes(" install ")).map((call) => call.replace(/^.*--force-confold /, "")),
    ).toEqual([
      "install -y --no-install-recommends --allow-change-held-packages --allow-downgrades --download-only kubelet=1.36.3-*",
    ]);
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
