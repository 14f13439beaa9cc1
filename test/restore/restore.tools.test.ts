/**
 * A backup that the real program made of a real etcd, restored into that etcd by what `npm run restore` does, from a
 * real S3 server. The API, the kubelet and containerd are stand-ins (restoreMachine.ts), and there is one machine:
 * test/lab/machines/backup.lab.test.ts has three real ones.
 */
import { type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { httpCall } from "../../src/engine/httpCall";
import { messageOf } from "../../src/engine/messageOf";
import { proxiesOf } from "../../src/engine/proxies";
import { realClock } from "../../src/engine/waiting";
import { type Bucket, listBackups } from "../../src/restore/backups";
import { restoreBackup } from "../../src/restore/restore";
import { backupConfig, backupTools, keyPair } from "../bootstrap/backupMachine";
import { describeWithTools } from "../findTool";
import { freePort, S3Server } from "../s3Server";
import { etcdPrograms, machineName, RestoreMachine } from "./restoreMachine";

jest.setTimeout(120_000);
const ca = keyPair("kubernetes");
const recipient = keyPair("backups");
const order = "/objects/secret-openstack-kubernetes-files-restore.json";
const missing = Object.values(etcdPrograms).filter((path) => !existsSync(path));

describeWithTools("a restore of etcd", [...backupTools, ...missing], (tool) => {
  let server: S3Server;
  let machine: RestoreMachine;
  let ticks: ChildProcess | undefined;
  const told: string[] = [];
  const bucket = (): Bucket => ({
    access: server.access,
    prefix: "etcd/",
    read: (url) => httpCall({ method: "GET", url: new URL(url), proxies: proxiesOf({}), timeout: 10_000 }),
  });
  const restore = (changes: Partial<Parameters<typeof restoreBackup>[0]> = {}) => {
    machine.file("/backup.key", recipient.key);
    return restoreBackup({
      clusterName: "dev",
      ca: ca.certificate,
      controlPlane: [machineName],
      workers: ["dev-general-0"],
      bucket: bucket(),
      keyFile: join(machine.root, "backup.key"),
      request: machine.request(),
      confirmed: () => Promise.resolve(true),
      tell: (message) => told.push(message),
      ...changes,
    });
  };
  const refusal = (changes: Parameters<typeof restore>[0]) =>
    restore(changes).then(
      () => "restored",
      (error: unknown) => messageOf(error),
    );
  const newest = async () => (await listBackups(bucket(), "dev"))[0]!;

  beforeEach(async () => {
    told.length = 0;
    server = new S3Server(tool("versitygw"));
    await server.start();
    machine = new RestoreMachine(ca, { client: await freePort(), peer: await freePort() });
    machine.configure(backupConfig(server, recipient.certificate));
    machine.etcd("put word then");
    machine.node("old-id", { status: {} });
    expect(machine.tick()).toMatchObject({ status: 0 });
    machine.node("new-id");
    machine.etcd("put word now");
  });
  afterEach(async () => {
    ticks?.kill();
    machine.remove();
    await server.remove();
  });

  it("brings the data of the backup back, with a higher revision, and the Node of the machine that is there now", async () => {
    const done = restore();
    while (!machine.has(order)) await new Promise((resolve) => setTimeout(resolve, 50));
    ticks = machine.start("start-backup.sh");
    expect(await done).toBe(true);
    expect(machine.etcd("get word --print-value-only")).toBe("then");
    const { header } = JSON.parse(machine.etcd("get word --write-out json")) as { header: { revision: number } };
    expect(header.revision).toBeGreaterThan(1_000_000_000);
    expect(JSON.parse(machine.read(`/objects/node-${machineName}.json`))).toMatchObject({
      metadata: { labels: { "node-role.kubernetes.io/control-plane": "" } },
      spec: {
        podCIDR: "10.42.0.0/24",
        taints: [
          { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
          { key: "node.cloudprovider.kubernetes.io/uninitialized", value: "true", effect: "NoSchedule" },
        ],
      },
    });
    expect(machine.read(`/objects/node-${machineName}.json`)).not.toContain("providerID");
    // For whoever wants the previous data after all.
    expect(machine.has("/var/lib/etcd/.before-restore/snap/db")).toBe(true);
    expect(machine.has("/var/lib/etcd/.restore")).toBe(false);
    // That it fetches the backup may be over before somebody looks.
    expect(told.filter((line) => line.startsWith(machineName)).slice(-2)).toEqual([
      `${machineName}: the data lies beside etcd's`,
      `${machineName}: etcd has the data of the backup`,
    ]);
    expect(told[0]).toBe(
      `Everything that Kubernetes of cluster dev knows goes back to ${await newest()}. What was created since is lost, and pods that the backup does not contain are ended. The API is away for about a minute. Volumes and load balancers in OpenStack are not touched.`,
    );
  });

  it("changes nothing where a part is broken: the machine says so", async () => {
    const name = await newest();
    server.overwrite(`etcd/${name}/part-0000`, Buffer.from("broken"));
    const done = refusal({});
    while (!machine.has(order)) await new Promise((resolve) => setTimeout(resolve, 50));
    ticks = machine.start("start-backup.sh");
    expect(await done).toBe(
      `${machineName} cannot restore the backup: part 0 is not what the cluster sent. Nothing was changed on any machine.`,
    );
    expect(machine.etcd("get word --print-value-only")).toBe("now");
    expect(machine.has(order)).toBe(false);
  });

  it("begins within half a minute although the clock of whoever restores is hours ahead", async () => {
    const clock = { ...realClock, now: () => realClock.now() + 5 * 3_600_000 };
    const done = restore({ clock });
    while (!machine.has(order)) await new Promise((resolve) => setTimeout(resolve, 50));
    ticks = machine.start("start-backup.sh");
    expect(await done).toBe(true);
    expect(machine.etcd("get word --print-value-only")).toBe("then");
  });

  it("says what is missing: a backup of the name, the file of the key", async () => {
    const name = "20200101T000000Z_dev_dev-control-plane-0";
    expect(await refusal({ backup: name })).toMatch(/\(HTTP 404, NoSuchKey\)\. --list shows the names/);
    expect(await refusal({ keyFile: "/absent/key" })).toMatch(/^There is no \/absent\/key; name the private key/);
  });

  it("asks before anything is touched", async () => {
    expect(await restore({ confirmed: () => Promise.resolve(false) })).toBe(false);
    expect(machine.has(order)).toBe(false);
  });

  it("refuses another minor, another key and a control plane that is not whole, all at once", async () => {
    const name = await newest();
    machine.file("/other.key", keyPair("backups").key);
    const keyFile = join(machine.root, "other.key");
    const controlPlane = [machineName, "dev-control-plane-1"];
    expect(await refusal({ request: machine.request("v1.37.0"), keyFile, controlPlane })).toBe(
      [
        "The control plane is not whole: dev-control-plane-1. Run `pulumi up` and try again once all of its machines are nodes.",
        `Backup ${name} is of Kubernetes 1.36 but the API server is of 1.37. Create the control plane with 1.36, or choose another backup with --backup.`,
        `${keyFile} does not open backup ${name}. Give the private key of the certificate that kubernetes.etcd.backup.recipient was then.`,
        "Nothing was changed.",
      ].join("\n"),
    );
  });

  it("refuses a backup of another cluster, and one that was renamed", async () => {
    const name = await newest();
    expect(await refusal({ ca: keyPair("kubernetes").certificate })).toBe(
      [
        `Backup ${name} is not signed by this cluster's CA: another cluster made it, or somebody changed it. Choose another one with --backup.`,
        "Nothing was changed.",
      ].join("\n"),
    );
    const renamed = name.replace(/^\d{4}/, "2020");
    for (const object of ["manifest", "part-0000"]) {
      server.put(`etcd/${renamed}/${object}`);
      server.overwrite(`etcd/${renamed}/${object}`, server.read(`etcd/${name}/${object}`));
    }
    expect(await refusal({ backup: renamed })).toBe(
      [
        `Backup ${renamed} is of cluster dev at ${name.split("_")[0]}: it was renamed. Choose another one with --backup.`,
        "Nothing was changed.",
      ].join("\n"),
    );
  });

  it("says that no backup is there, and that nobody answers", async () => {
    const request = () => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.5:6443"));
    expect(await refusal({ clusterName: "prod", request })).toBe(
      [
        'Bucket cluster-backups has no whole backup of cluster prod under "etcd/".',
        "The Kubernetes API does not answer: connect ECONNREFUSED 10.0.0.5:6443. A backup is restored into a control plane that runs (docs/runbooks/control-plane-lost.md).",
        "Nothing was changed.",
      ].join("\n"),
    );
  });
});
