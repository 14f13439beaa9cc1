/**
 * What machines keep from whom: keys of CAs from workers, and what the CIS benchmark asks: modes and owners of the
 * files that its sections 1.1 and 4.1 name, and kube-bench's own checks. Claims on the running cluster of a test.
 * kube-bench's need its program; without it they count as skipped.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LabCluster } from "../../../lab/machines/cluster";
import { onMachine, type Answer } from "../../../lab/machines/power";
import { cisRows } from "../../docs/cis";

/**
 * Folder with kube-bench 0.15.6 as upstream releases it (the program `kube-bench` and its `cfg`), or undefined. No
 * script of ours builds it: the Go module proxy does not have its module.
 */
const kubeBench = process.env.KUBE_BENCH;

const roles = { node: ["control-plane", "worker"], controlPlane: ["control-plane"], worker: ["worker"] } as const;
type Role = keyof typeof roles;

/** What the benchmark asks of files: rows, whose machines, paths for the shell, the most that a mode may have. */
const files: readonly (readonly [rows: string, on: Role, paths: string, mode: number])[] = [
  ["1.1.1 to 1.1.8", "controlPlane", "/etc/kubernetes/manifests/*.yaml", 0o600],
  ["1.1.11", "controlPlane", "/var/lib/etcd", 0o700],
  ["1.1.13, 1.1.14", "controlPlane", "/etc/kubernetes/*admin.conf", 0o600],
  ["1.1.15, 1.1.16", "controlPlane", "/etc/kubernetes/scheduler.conf", 0o600],
  ["1.1.17, 1.1.18", "controlPlane", "/etc/kubernetes/controller-manager.conf", 0o600],
  ["1.1.19", "controlPlane", "/etc/kubernetes/pki /etc/kubernetes/pki/etcd", 0o755],
  ["1.1.19, 1.1.20", "controlPlane", "/etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt", 0o644],
  ["1.1.19, 1.1.21", "controlPlane", "/etc/kubernetes/pki/*.key /etc/kubernetes/pki/etcd/*.key", 0o600],
  ["4.1.1, 4.1.2", "node", "/usr/lib/systemd/system/kubelet.service{,.d/*.conf}", 0o600],
  ["4.1.5, 4.1.6", "node", "/etc/kubernetes/kubelet.conf", 0o600],
  ["4.1.7, 4.1.8", "node", "/etc/kubernetes/pki/ca.crt", 0o644],
  ["4.1.9, 4.1.10", "node", "/var/lib/kubelet/config.yaml", 0o600],
];

const sh = (name: string, script: string) => onMachine(name, ["bash", "-c", script], 300);

interface Verdicts {
  Controls: { tests: { results: { test_number: string; status: string }[] }[] }[];
}

export function claimHardening(cluster: () => LabCluster): void {
  const machines = (on: Role) =>
    cluster().plan.machines.filter(({ role }) => (roles[on] as readonly string[]).includes(role));
  const succeeds = ({ status, stdout, stderr }: Answer) => {
    expect(status === 0 ? "" : stderr).toBe("");
    return stdout;
  };

  it("keeps every CA key away from the workers", () => {
    const { clusterCa, etcdCa, frontProxyCa, serviceAccount } = cluster().keys.secrets;
    // One whole line out of the middle of each key, looked for in every file of the machine that is not a program.
    const lines = [clusterCa, etcdCa, frontProxyCa, serviceAccount].map(
      ({ privateKeyPem }) => privateKeyPem.trim().split("\n")[1]!,
    );
    const search = `grep -rlF --exclude-dir=containerd -e ${lines.join(" -e ")} /etc /var /run /root /home /opt /tmp 2>/dev/null`;
    for (const { name } of machines("worker")) expect(sh(name, search).stdout).toBe("");
    // The same search finds them where they belong.
    expect(sh(machines("controlPlane")[0]!.name, search).stdout).toContain("/etc/kubernetes/pki/ca.key");
  });

  it.each(files)("keeps files as rows %s of the CIS benchmark ask", (_rows, on, paths, most) => {
    for (const { name } of machines(on)) {
      const found = succeeds(sh(name, `stat -c '%a %U:%G %n' -- ${paths}`))
        .trim()
        .split("\n");
      const wrong = found.filter((line) => {
        const [mode = "", owner] = line.split(" ");
        return (parseInt(mode, 8) & ~most) !== 0 || owner !== "root:root";
      });
      expect([name, ...wrong]).toEqual([name]);
    }
  });

  it("serves metrics of kube-proxy to the machine itself only (row 4.3.1)", () => {
    for (const { name } of machines("node")) {
      const listening = succeeds(onMachine(name, ["ss", "-Hltn", "sport = :10249"]));
      expect([name, ...listening.trim().split(/\s+/).slice(3, 4)]).toEqual([name, "127.0.0.1:10249"]);
    }
  });

  (kubeBench === undefined ? it.skip : it)("passes kube-bench's checks as docs/cis.md says", () => {
    const [controlPlane] = machines("controlPlane");
    const [worker] = machines("worker");
    const run = (machine: string, targets: string) => {
      layKubeBench(machine);
      const arguments_ = `--config-dir cfg --benchmark cis-1.12 --targets ${targets} --json`;
      const kubeconfig = "export KUBECONFIG=/etc/kubernetes/admin.conf";
      const script = `cd /opt/kube-bench && ${kubeconfig} && PATH=$PWD:$PATH ./kube-bench run ${arguments_}`;
      const { Controls } = JSON.parse(succeeds(sh(machine, script))) as Verdicts;
      return Controls.flatMap(({ tests }) => tests).flatMap(({ results }) =>
        results.map(({ test_number, status }) => [test_number, status] as const),
      );
    };
    const verdicts = [
      ...run(controlPlane!.name, "master,etcd,controlplane,node,policies"),
      ...run(worker!.name, "node"),
    ];
    const passing = new Set(cisRows().flatMap(({ id, pass }) => (pass ? [id] : [])));
    expect(verdicts.filter(([id]) => passing.has(id)).length).toBeGreaterThan(passing.size);
    expect(verdicts.filter(([id, status]) => (status === "PASS") !== passing.has(id))).toEqual([]);
  });

  if (kubeBench === undefined) process.stderr.write("\nSKIPPED: kube-bench's checks: KUBE_BENCH names no folder.\n");
}

/** Puts kube-bench and the kubectl that its checks call into a machine. */
function layKubeBench(machine: string): void {
  if (kubeBench === undefined || !existsSync(join(kubeBench, "kube-bench")))
    throw new Error(`KUBE_BENCH names ${kubeBench ?? "nothing"}, which holds no kube-bench.`);
  const archive = execFileSync("tar", ["-C", kubeBench, "-czf", "-", "kube-bench", "cfg"], {
    maxBuffer: 256 * 1024 * 1024,
  });
  const unpack = "mkdir -p /opt/kube-bench && base64 -d | tar -xz -C /opt/kube-bench";
  const { status, stderr } = onMachine(machine, ["bash", "-c", unpack], 120, archive.toString("base64"));
  if (status !== 0) throw new Error(stderr);
}
