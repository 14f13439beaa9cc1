/**
 * Backups of etcd on real machines, to a real S3 server beside them. The Secret that `up` would make is applied by
 * kubectl.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, LabCluster, labConfig, takeDown } from "../../../lab/machines/cluster";
import { onMachine } from "../../../lab/machines/power";
import { enterNetwork, siteAddress } from "../../../lab/machines/site";
import { backupSecretName, renderEtcdBackup } from "../../../src/bootstrap/etcdBackup";
import type { ClusterConfig } from "../../../src/config/clusterConfig";
import { keyPair } from "../../bootstrap/backupMachine";
import { findTool } from "../../findTool";
import { bucket, S3Server } from "../../s3Server";
import { describeOnMachines, tracesOnHost } from "./machinesFixture";

/** Seconds that a step may take on two busy cores. */
const patience = 900;
jest.setTimeout(2 * patience * 1000);
const print = (line: string) => process.stderr.write(`  ${line}\n`);

describeOnMachines("backups of etcd on real machines", (site) => {
  let cluster: LabCluster;
  let server: S3Server;
  let config: ClusterConfig;
  const recipient = keyPair("backups", "rsa");
  const controlPlane = () => names().filter((name) => name.includes("control-plane"));
  const names = () => cluster.plan.machines.map(({ name }) => name);
  const since = (start: number) => `${Math.round((Date.now() - start) / 1000)} s`;
  const manifests = () => server.objects().filter((name) => name.endsWith("/manifest"));

  beforeAll(async () => {
    takeDown(() => undefined);
    const binary = findTool("versitygw");
    if (binary === undefined) throw new Error("versitygw is not there: run scripts/installTestTools.sh");
    server = new S3Server(binary, siteAddress, enterNetwork);
    // The server gets its port when it starts, which needs the site.
    cluster = await LabCluster.of(labConfig({ controlPlane: 3, workers: 1 }), site());
    cluster.startSite();
    await server.start();
    const backup = { endpoint: server.endpoint, bucket, prefix: "etcd/", recipient: recipient.certificate };
    config = labConfig(
      { controlPlane: 3, workers: 1 },
      {
        allowPlainHttp: ["kubernetes.etcd.backup.endpoint"],
        kubernetes: { etcd: { backup } },
        credentials: { etcdBackup: server.credential },
      },
    );
  }, 300_000);

  afterAll(async () => {
    takeDown(print);
    await server.remove();
    expect(tracesOnHost()).toEqual([]);
  }, 300_000);

  it("begin within two minutes of their Secret, and every machine has a first snapshot soon", async () => {
    for (const name of names()) cluster.start(name);
    await cluster.waitUntilReady(names(), patience, print);
    const ready = Date.now();
    const entries = Object.entries(renderEtcdBackup(config)!);
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: backupSecretName, namespace: "kube-system" },
      data: Object.fromEntries(entries.map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
    };
    const folder = mkdtempSync(join(tmpdir(), "secret-"));
    writeFileSync(join(folder, "secret.json"), JSON.stringify(secret), { mode: 0o600 });
    cluster.ask("apply", "--filename", join(folder, "secret.json"));
    rmSync(folder, { recursive: true });
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
    const [worker] = names().filter((name) => !name.includes("control-plane")) as [string];
    const asNode = ["--as", `system:node:${worker}`, "--as-group", "system:nodes"];
    expect(cluster.kubectl([...asNode, "-n", "kube-system", "get", "secret", backupSecretName]).stderr).toContain(
      "Forbidden",
    );
  });
});
