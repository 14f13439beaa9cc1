/** The scripts that run on timers as long as a control-plane machine lives. */
import { execFileSync } from "node:child_process";
import { readdirSync, truncateSync } from "node:fs";
import { ScriptMachine } from "./scriptMachine";

let machine: ScriptMachine;
beforeEach(() => {
  machine = new ScriptMachine();
});
afterEach(() => machine.remove());

describe("a snapshot of etcd", () => {
  beforeEach(() => {
    machine.file("/etc/openstack-kubernetes/bootstrap.env", "SNAPSHOTS_KEPT='2'\nSNAPSHOTS_MAX_GB='1'\n");
    machine.file("/var/lib/etcd/member/snap/db", "database");
    disk(50);
    machine.program(
      "crictl",
      'case "$*" in ps*) echo c1 ;; *"snapshot save"*) echo data >"${@: -1}" ;; *"snapshot status"*) test -s "${@: -1}" ;; esac',
    );
  });
  /** Per cent of every file system that are free. */
  const disk = (free: number) => {
    machine.program("df", `echo "1B-blocks Avail"; echo "1000000000 $((${free} * 10000000))"`);
  };
  const kept = () => readdirSync(`${machine.root}/var/backups/etcd`).sort();

  it("is whole or absent, and the oldest make room", () => {
    for (const day of ["01", "02", "03"]) machine.file(`/var/backups/etcd/snapshot-202601${day}T000000Z.db`, "old");
    expect(machine.run("snapshot-etcd.sh").status).toBe(0);
    expect(kept()).toEqual(["snapshot-20260103T000000Z.db", expect.stringMatching(/^snapshot-\d{8}T\d{6}Z\.db$/)]);
    expect(machine.has("/var/lib/etcd/.snapshot-partial")).toBe(false);
  });

  it("has the oldest make room where the disk is nearly full, and the newest stays until there is a newer one", () => {
    for (const day of ["01", "02"]) machine.file(`/var/backups/etcd/snapshot-202601${day}T000000Z.db`, "old");
    disk(12);
    expect(machine.run("snapshot-etcd.sh")).toMatchObject({
      status: 0,
      output: expect.stringContaining("removing snapshot-20260101T000000Z.db to make room") as string,
    });
    expect(kept()).toEqual(["snapshot-20260102T000000Z.db", expect.stringMatching(/^snapshot-\d{8}T\d{6}Z\.db$/)]);
  });

  it("is not taken where it would fill the disk, and the newest stays", () => {
    machine.file("/var/backups/etcd/snapshot-20260101T000000Z.db", "old");
    disk(4);
    const { status, output, calls } = machine.run("snapshot-etcd.sh");
    expect({ status, output, saved: calls.filter((call) => call.includes("snapshot save")) }).toEqual({
      status: 1,
      output:
        "A snapshot of up to 8 bytes would leave less than 5 % of the file system of /var/backups/etcd or /var/lib/etcd free.\n",
      saved: [],
    });
    expect(kept()).toEqual(["snapshot-20260101T000000Z.db"]);
  });

  it("keeps to the space that snapshots may take, however few they are", () => {
    for (const day of ["01", "02"]) {
      machine.file(`/var/backups/etcd/snapshot-202601${day}T000000Z.db`);
      truncateSync(`${machine.root}/var/backups/etcd/snapshot-202601${day}T000000Z.db`, 600 * 2 ** 20);
    }
    machine.file("/etc/openstack-kubernetes/bootstrap.env", "SNAPSHOTS_KEPT='28'\nSNAPSHOTS_MAX_GB='1'\n");
    expect(machine.run("snapshot-etcd.sh").status).toBe(0);
    expect(kept()).toEqual(["snapshot-20260102T000000Z.db", expect.stringMatching(/^snapshot-\d{8}T\d{6}Z\.db$/)]);
  });

  it("that cannot be read back is thrown away, and older ones stay", () => {
    machine.file("/var/backups/etcd/snapshot-20260101T000000Z.db", "old");
    machine.program(
      "crictl",
      'case "$*" in ps*) echo c1 ;; *"snapshot save"*) echo data >"${@: -1}" ;; *) exit 1 ;; esac',
    );
    expect(machine.run("snapshot-etcd.sh").status).toBe(1);
    expect(kept()).toEqual(["snapshot-20260101T000000Z.db"]);
    expect(machine.has("/var/lib/etcd/.snapshot-partial")).toBe(false);
  });
});

describe("the renewal of certificates", () => {
  const certificate = (days: number) => {
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=x",
        "-days",
        String(days),
        "-keyout",
        "/dev/null",
        "-out",
        `${machine.root}/crt`,
      ],
      { stdio: "pipe" },
    );
    return machine.read("/crt");
  };
  const renew = (days: number, curl = "true") => {
    machine.file("/etc/openstack-kubernetes/bootstrap.env", "ENDPOINT='10.10.0.5:6443'\nAPI_PORT='6443'\n");
    machine.file("/etc/kubernetes/pki/apiserver.crt", certificate(days));
    machine.file("/etc/kubernetes/pki/etcd/server.crt", certificate(400));
    machine.program("curl", curl);
    machine.program("kubeadm", "true");
    machine.program("crictl", '[[ "$1" == ps ]] && echo c1 || true');
    return machine.run("renew-certificates.sh");
  };
  const changes = (calls: readonly string[]) =>
    calls.filter((call) => call.startsWith("kubeadm") || call.startsWith("crictl stop"));

  it("waits until a leaf has less than 90 days left, whatever the CAs", () => {
    machine.file("/etc/kubernetes/pki/ca.crt", certificate(1));
    expect(changes(renew(100).calls)).toEqual([]);
  });

  it("renews and restarts the static pods one after the other", () => {
    const { status, calls } = renew(80);
    expect({ status, changes: changes(calls) }).toEqual({
      status: 0,
      changes: ["kubeadm certs renew all", ...Array.from({ length: 4 }, () => "crictl stop --timeout 30 c1")],
    });
  });

  it("goes on after an interruption with the static pods that have yet to read what was renewed", () => {
    machine.program("curl", "true");
    renew(80);
    machine.file("/var/lib/openstack-kubernetes/renewal-pending", "kube-controller-manager\nkube-scheduler\n");
    expect(changes(renew(400).calls)).toEqual(Array.from({ length: 2 }, () => "crictl stop --timeout 30 c1"));
    expect(machine.read("/var/lib/openstack-kubernetes/renewal-pending")).toBe("");
    expect(changes(renew(400).calls)).toEqual([]);
  });

  it("touches nothing while the control plane is not whole", () => {
    const { status, calls } = renew(80, "exit 22");
    expect({ status, changes: changes(calls) }).toEqual({ status: 22, changes: [] });
  });
});
