/**
 * The install script of the RHEL family with the real dnf, rpm and gpg, in a tree of its own, from a repository of
 * small signed packages made here. Does not prove what Red Hat's own packages do, nor SELinux.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrapEnvironmentFile } from "../../src/bootstrap/bootstrapEnvironment";
import { kubernetesFiles } from "../../src/bootstrap/kubernetesVersion";
import { describeWithTools } from "../findTool";
import { eventually, freePorts } from "../gitops/live/processes";
import { rhel9, sampleConfig } from "./samples";
import { ScriptMachine } from "./scriptMachine";

const run = (program: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  execFileSync(program, words, { encoding: "utf8", stdio: "pipe", env: { ...process.env, ...env } });

/** Names and versions of the packages that a worker is given, and newer ones that it must not take. */
const packages = [
  ...["1.36.3", "1.36.4"].flatMap((version) => ["kubeadm", "kubelet"].map((name) => [name, version] as const)),
  ...["1.7.27", "2.1.4", "3.0.0"].map((version) => ["containerd.io", version] as const),
  ...["ca-certificates", "nftables", "container-selinux", "policycoreutils"].map((name) => [name, "1.0"] as const),
  ["curl", "1.0"] as const,
];

describeWithTools(
  "packages of the RHEL family",
  ["dnf", "rpm", "rpmbuild", "rpmsign", "createrepo_c", "gpg", "python3", "curl"],
  (tool) => {
    const folder = mkdtempSync(join(tmpdir(), "dnf-"));
    const repository = join(folder, "repository");
    const home = join(folder, "gpg");
    const keys: string[] = [];
    let port: number | undefined;
    let server: ChildProcess | undefined;

    beforeAll(async () => {
      mkdirSync(home, { mode: 0o700 });
      const gpg = (...words: string[]) => run(tool("gpg"), ["--homedir", home, "--batch", ...words]);
      for (const signer of ["old@example.org", "new@example.org"]) {
        gpg("--passphrase", "", "--quick-generate-key", signer, "rsa2048", "sign", "never");
        keys.push(gpg("--armor", "--comment", "made-for a test", "--export", signer));
      }
      mkdirSync(repository);
      for (const [name, version] of packages) {
        const spec = join(folder, `${name}-${version}.spec`);
        const files =
          name === "curl" ? ["%install", "install -d %{buildroot}/usr/bin && touch %{buildroot}/usr/bin/curl"] : [];
        const list = name === "curl" ? ["%files", "/usr/bin/curl"] : ["%files"];
        const header = [`Name: ${name}`, `Version: ${version}`, "Release: 1", "Summary: x", "License: x"];
        writeFileSync(spec, [...header, "BuildArch: noarch", "%description", "x", ...files, ...list, ""].join("\n"));
        run(tool("rpmbuild"), [
          "-bb",
          "--define",
          `_topdir ${folder}/build`,
          "--define",
          `_rpmdir ${repository}`,
          "--define",
          "__os_install_post %{nil}",
          spec,
        ]);
      }
      // Two signers: containerd's by the new key, the others' by the old one.
      for (const [name, version] of packages) {
        run(tool("rpmsign"), [
          "--define",
          `_gpg_name ${name === "containerd.io" ? "new@example.org" : "old@example.org"}`,
          "--define",
          `_gpg_path ${home}`,
          "--define",
          `__gpg ${tool("gpg")}`,
          "--addsign",
          join(repository, "noarch", `${name}-${version}-1.noarch.rpm`),
        ]);
      }
      run(tool("createrepo_c"), [repository]);
      [port] = await freePorts(1);
      const words = ["-m", "http.server", "--bind", "127.0.0.1", "--directory", repository, String(port)];
      server = spawn(tool("python3"), words, { stdio: "ignore" });
      await eventually("A mirror that serves", 60, () => {
        try {
          return run(tool("curl"), ["-fs", `http://127.0.0.1:${port}/repodata/repomd.xml`]) !== "" || undefined;
        } catch {
          return undefined;
        }
      });
    }, 240_000);
    afterAll(() => {
      server?.kill();
      rmSync(folder, { recursive: true });
    });

    let machine: ScriptMachine;
    beforeEach(() => {
      machine = new ScriptMachine();
    });
    afterEach(() => machine.remove());

    /** A machine of the RHEL family whose dnf installs into a tree of its own. */
    const lay = (signingKey: string | undefined, changes: Record<string, unknown> = {}) => {
      const packageMirror = { kubernetesUrl: "http://10.10.0.9/rpm", ...(signingKey && { signingKey }) };
      const config = sampleConfig({ ...rhel9, packageSource: "mirror", packageMirror, ...changes });
      for (const { path, content } of [
        ...kubernetesFiles(config, "worker"),
        bootstrapEnvironmentFile(config, "worker", "10.10.0.5"),
      ])
        machine.file(
          path,
          content
            .replace("http://10.10.0.9/rpm", `http://127.0.0.1:${port}`)
            .replaceAll("file:///etc/", `file://${machine.root}/etc/`),
        );
      machine.file("/etc/dnf/dnf.conf", "[main]\ngpgcheck=1\n");
      for (const name of ["tree", "log"]) mkdirSync(join(machine.root, name));
      machine.program(
        "dnf",
        `exec ${tool("dnf")} --installroot=$machine/tree --releasever=9 --setopt=reposdir=$machine/etc/yum.repos.d --setopt=cachedir=$machine/cache --setopt=logdir=$machine/log --setopt=log_size=0 --config=$machine/etc/dnf/dnf.conf --setopt=tsflags=noscripts "$@"`,
      );
    };
    const installed = () =>
      run(tool("rpm"), ["--root", join(machine.root, "tree"), "-qa", "--queryformat", "%{NAME} %{VERSION}\n"])
        .trim()
        .split("\n")
        .filter((line) => !line.startsWith("gpg-pubkey"))
        .sort();
    const wanted = [
      "ca-certificates 1.0",
      "container-selinux 1.0",
      "containerd.io 2.1.4",
      "curl 1.0",
      "kubeadm 1.36.3",
      "kubelet 1.36.3",
      "nftables 1.0",
      "policycoreutils 1.0",
    ];

    it("are those of the pinned versions, by two signers, and an update leaves them alone", () => {
      lay(keys.join("\n"));
      const { status, output } = machine.run("install-packages-dnf.sh");
      expect({ output: status === 0 ? "" : output, installed: installed() }).toEqual({ output: "", installed: wanted });
      run(join(machine.root, "stand-ins/dnf"), ["-y", "update"]);
      expect(installed()).toEqual(wanted);
    });

    it("of another version take the place of those that are there, kubeadm alone first", () => {
      lay(keys.join("\n"));
      machine.run("install-packages-dnf.sh");
      const changed = (...words: string[]) => {
        const { status, output } = machine.run("install-packages-dnf.sh", 0, words);
        return [status === 0 ? "" : output, installed().filter((line) => line.startsWith("kube"))];
      };
      const both = (of: string) => [`kubeadm-${of}`, `kubelet-${of}`];
      expect(changed("--downloadonly", ...both("1.36.4"))).toEqual(["", ["kubeadm 1.36.3", "kubelet 1.36.3"]]);
      expect(changed("kubeadm-1.36.4")).toEqual(["", ["kubeadm 1.36.4", "kubelet 1.36.3"]]);
      expect(changed(...both("1.36.4"))).toEqual(["", ["kubeadm 1.36.4", "kubelet 1.36.4"]]);
      expect(changed(...both("1.36.3"))).toEqual(["", ["kubeadm 1.36.3", "kubelet 1.36.3"]]);
    });

    it("are refused when one of the signers is not known", () => {
      lay(keys[0]);
      expect(machine.run("install-packages-dnf.sh")).toMatchObject({
        status: 1,
        output: expect.stringContaining("GPG") as string,
      });
    });

    it("come from a mirror without the proxy that everything else takes, and a proxy's password is root's alone", () => {
      lay(undefined, { proxy: { httpProxy: "http://proxy.example.org:3128" } });
      const environment = "/etc/openstack-kubernetes/kubernetes.env";
      // Nobody listens there.
      machine.file(environment, `${machine.read(environment)}https_proxy='http://127.0.0.1:9'\n`);
      const { status, output } = machine.run("install-packages-dnf.sh");
      expect({ output: status === 0 ? "" : output, installed: installed() }).toEqual({ output: "", installed: wanted });
    });
  },
);

describe("dnf's own configuration", () => {
  it("names the proxy once, and is read by root alone", () => {
    const machine = new ScriptMachine();
    machine.file("/etc/dnf/dnf.conf", "[main]\ngpgcheck=1");
    machine.file("/etc/openstack-kubernetes/kubernetes.env");
    machine.file(
      "/etc/openstack-kubernetes/bootstrap.env",
      "KUBERNETES_PACKAGES='kubelet'\nPACKAGES='curl'\nhttps_proxy='http://u:p@proxy:3128'\n",
    );
    machine.program("dnf", "exit 1");
    machine.run("install-packages-dnf.sh");
    machine.run("install-packages-dnf.sh");
    expect([machine.read("/etc/dnf/dnf.conf"), machine.mode("/etc/dnf/dnf.conf")]).toEqual([
      "[main]\ngpgcheck=1\nproxy=http://u:p@proxy:3128\n",
      "600",
    ]);
    machine.remove();
  });
});
