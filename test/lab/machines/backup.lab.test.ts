/**
 * Backups of etcd on real machines, to a real S3 server beside them, and a restore after the whole control plane was
 * lost. The Secret that `up` would make is applied by kubectl, and the outputs of the stack are a stand-in's.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { eventually, LabCluster, labConfig, stackFile, takeDown, verdictsOf } from "../../../lab/machines/cluster";
import { onMachine, stopMachine, wipeMachine } from "../../../lab/machines/power";
import { enterNetwork, siteAddress } from "../../../lab/machines/site";
import { backupSecretName, renderEtcdBackup } from "../../../src/bootstrap/etcdBackup";
import { keyPair } from "../../bootstrap/backupMachine";
import { commandsRunBy } from "../../docs/runbooks";
import { findTool } from "../../findTool";
import { bucket, S3Server } from "../../s3Server";
import { describeOnMachines, etcdMembers, tracesOnHost } from "./machinesFixture";

/** Seconds that a step may take on two busy cores. */
const patience = 900;
jest.setTimeout(2 * patience * 1000);
const print = (line: string) => process.stderr.write(`  ${line}\n`);
const root = join(__dirname, "../../..");
const size = { controlPlane: 3, workers: 1 };

describeOnMachines("backups of etcd on real machines", (site) => {
  let cluster: LabCluster;
  let server: S3Server;
  /** What the stack file has beside the lab's. */
  let settings: { kubernetes: object; [key: string]: unknown };
  const folder = mkdtempSync(join(tmpdir(), "backup-"));
  const recipient = keyPair("backups", "rsa");
  const names = () => cluster.plan.machines.map(({ name }) => name);
  const controlPlane = () => names().filter((name) => name.includes("control-plane"));
  const worker = () => names().find((name) => !name.includes("control-plane"))!;
  const since = (start: number) => `${Math.round((Date.now() - start) / 1000)} s`;
  const manifests = () => server.objects().filter((name) => name.endsWith("/manifest"));
  const uidOf = (name: string) => cluster.ask("get", "node", name, "-o", "jsonpath={.metadata.uid}");
  const bootOf = (name: string) => onMachine(name, ["cat", "/proc/sys/kernel/random/boot_id"]).stdout;

  beforeAll(async () => {
    takeDown(() => undefined);
    const binary = findTool("versitygw");
    if (binary === undefined) throw new Error("versitygw is not there: run scripts/installTestTools.sh");
    server = new S3Server(binary, siteAddress, enterNetwork);
    // The CAs are old enough that a cluster may exist, as they are when a control plane is lost.
    const since = new Date(Date.now() - 2 * 3_600_000);
    const newClusterUntil = Math.round(Date.now() / 1000) + 3600;
    cluster = await LabCluster.of(labConfig(size), site(), { since, newClusterUntil });
    cluster.startSite();
    // The server gets its port when it starts, which needs the site.
    await server.start();
    const backup = { endpoint: server.endpoint, bucket, prefix: "etcd/", recipient: recipient.certificate };
    settings = {
      allowPlainHttp: ["kubernetes.etcd.backup.endpoint"],
      kubernetes: { etcd: { backup } },
      credentials: { etcdBackup: server.credential },
    };
  }, 300_000);

  afterAll(async () => {
    takeDown(print);
    await server.remove();
    rmSync(folder, { recursive: true });
    expect(tracesOnHost()).toEqual([]);
  }, 300_000);

  it("begin within two minutes of their Secret, and every machine has a first snapshot soon", async () => {
    for (const name of names()) cluster.start(name);
    await cluster.waitUntilReady(names(), patience, print);
    cluster.ask("create", "configmap", "kept", "--from-literal=word=of-the-backup");
    // As the cloud controller would have called the server that is lost later.
    cluster.ask("patch", "node", controlPlane()[0]!, "--patch", '{"spec":{"providerID":"openstack:///lost"}}');
    const ready = Date.now();
    const entries = Object.entries(renderEtcdBackup(labConfig(size, settings))!);
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: backupSecretName, namespace: "kube-system" },
      data: Object.fromEntries(entries.map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
    };
    writeFileSync(join(folder, "secret.json"), JSON.stringify(secret), { mode: 0o600 });
    cluster.ask("apply", "--filename", join(folder, "secret.json"));
    await eventually("a backup in the bucket", 240, () => manifests().length > 0 || undefined);
    print(`first backup after ${since(ready)}`);
    expect(manifests()).toEqual([expect.stringMatching(/^etcd\/\d{8}T\d{6}Z_lab_v1\.36\.3\/manifest$/)]);
    for (const name of controlPlane())
      await eventually(
        `a snapshot on ${name}`,
        300,
        () => onMachine(name, ["bash", "-c", "ls /var/backups/etcd/snapshot-*.db"]).status === 0 || undefined,
      );
    print(`snapshots on every machine after ${since(ready)}`);
    const path = "jsonpath={.spec.holderIdentity} {.metadata.annotations}";
    const last = cluster.ask("-n", "kube-system", "get", "lease", "openstack-kubernetes-last-backup", "-o", path);
    expect(controlPlane()).toContain(last.split(" ")[0]);
    expect(last).not.toContain("failure");
    const looked = commandsRunBy(__filename, "docs/runbooks/alerts/EtcdBackupOld.md").map(byOperator);
    expect(looked.map(({ status, stderr }) => (status === 0 ? "done" : stderr))).toEqual(looked.map(() => "done"));
    expect(looked[0]!.stdout).toContain("openstack-kubernetes/name:");
    expect(looked[2]!.stdout).toContain("openstack-kubernetes-backup.timer");
    const asNode = ["--as", `system:node:${worker()}`, "--as-group", "system:nodes"];
    expect(cluster.kubectl([...asNode, "-n", "kube-system", "get", "secret", backupSecretName]).stderr).toContain(
      "Forbidden",
    );
  });

  it("bring a control plane back that was lost altogether, in less than ten minutes, and its workers stay", async () => {
    cluster.ask("create", "configmap", "later", "--from-literal=word=lost");
    const [uid, boot] = [uidOf(worker()), bootOf(worker())];
    const former = uidOf(controlPlane()[0]!);
    for (const name of controlPlane()) {
      stopMachine(name);
      wipeMachine(name);
    }
    const start = Date.now();
    for (const name of controlPlane()) cluster.start(name);
    for (const name of controlPlane())
      await eventually(`${name} to have booted`, patience, () =>
        verdictsOf(name).find((verdict) => verdict.startsWith("SUCCESS")),
      );
    const log = onMachine(controlPlane()[0]!, ["cat", "/var/log/openstack-kubernetes.log"]).stdout;
    expect(log).toContain("look 2 of 2: neither the endpoint nor a peer answers");
    print(`a new control plane after ${since(start)}`);
    layStack();
    const restored = atHome(commandsRunBy(__filename, "docs/runbooks/control-plane-lost.md")[0]!);
    print(restored.stderr.trim());
    expect(restored.status).toBe(0);
    const took = Date.now() - start;
    print(`restored after ${since(start)}`);
    expect(took).toBeLessThan(600_000);

    expect(cluster.ask("get", "configmap", "kept", "-o", "jsonpath={.data.word}")).toBe("of-the-backup");
    expect(cluster.kubectl(["get", "configmap", "later"]).stderr).toContain("NotFound");
    expect(etcdMembers(cluster, controlPlane()[1]!)).toEqual(controlPlane());
    await cluster.waitUntilReady(names(), patience, print);
    expect([uidOf(worker()), bootOf(worker())]).toEqual([uid, boot]);
    // Its Node was of a server that is gone: the cloud controller would have deleted it, and sets the new id now.
    expect(uidOf(controlPlane()[0]!)).not.toBe(former);
    const node = cluster.ask("get", "node", controlPlane()[0]!, "-o", "jsonpath={.spec}");
    expect(node).not.toContain("providerID");
    expect(node).toContain("node.cloudprovider.kubernetes.io/uninitialized");
    expect(node).toContain("node-role.kubernetes.io/control-plane");
  });

  it("are of an etcd that needs no defragmentation, as the command says", () => {
    const found = atHome(commandsRunBy(__filename, "docs/runbooks/alerts/EtcdDatabaseFull.md")[0]!);
    expect(found.stderr).toContain("Nothing to do: no database from 100 MiB on has 45 % free within.");
    expect(found.status).toBe(0);
  });

  /** An operator's commands, kubectl as the administrator, and `ssh NODE` into the first machine. */
  function byOperator(commands: string): { readonly status: number | null; stdout: string; stderr: string } {
    const remote = /^ssh NODE '([^']+)'\n?$/.exec(commands)?.[1];
    if (remote !== undefined) return onMachine(controlPlane()[0]!, ["bash", "-c", remote.replaceAll("sudo ", "")]);
    return cluster.kubectl(commands.trim().split(" ").slice(1));
  }

  /** The stack file, the key of the backups and the outputs, where an operator's commands find them. */
  function layStack(): void {
    const stack = parse(readFileSync(stackFile, "utf8")) as { config: Record<string, unknown> };
    const secretAccessKey = { secure: "v1:bm90IHJlYWQ=" };
    const credentials = { etcdBackup: { accessKeyId: server.credential.accessKeyId, secretAccessKey } };
    for (const [key, value] of Object.entries({ ...settings, credentials })) {
      const before = stack.config[`openstack-kubernetes:${key}`];
      stack.config[`openstack-kubernetes:${key}`] = key === "kubernetes" ? { ...(before as object), ...value } : value;
    }
    writeFileSync(join(folder, "Pulumi.lab.yaml"), stringify(stack));
    writeFileSync(join(folder, "backup.key"), recipient.key, { mode: 0o600 });
    const outputs = {
      clusterName: "lab",
      adminKubeconfig: readFileSync(cluster.adminKubeconfig(), "utf8"),
      nodes: names().map((name) => ({ name })),
    };
    writeFileSync(join(folder, "outputs.json"), JSON.stringify(outputs));
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin", "pulumi"), `#!/bin/sh\ncat ${folder}/outputs.json\n`, { mode: 0o755 });
  }

  /** Commands of this repository, in the machines' network. */
  function atHome(commands: string): { readonly status: number | null; readonly stderr: string } {
    const program = (name: string) => `node -r ${root}/scripts/typescript.js ${root}/scripts/${name}.ts lab --yes`;
    const script = commands
      .replaceAll("npm run restore -- dev", `${program("restore")} --config ${folder}/Pulumi.lab.yaml`)
      .replaceAll("npm run defragment -- dev", program("defragment"))
      .replace("<key id>", server.credential.accessKeyId)
      .replace("<secret>", server.credential.secretAccessKey);
    const words = [...enterNetwork.slice(1), "bash", "-euo", "pipefail", "-c", script];
    const env = { ...process.env, PATH: `${folder}/bin:${process.env["PATH"] ?? ""}` };
    return spawnSync(enterNetwork[0]!, words, { cwd: folder, env, encoding: "utf8", timeout: patience * 1000 });
  }
});
