/**
 * Backups of etcd, by the real program with the real openssl, to a real S3 server. The API and etcd are stand-ins
 * (backupMachine.ts), so nothing here shows that a snapshot can be restored.
 */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { commandsRunBy } from "../docs/runbooks";
import { describeWithTools } from "../findTool";
import { S3Server } from "../s3Server";
import { backupConfig, BackupMachine, backupTools, keyPair } from "./backupMachine";

const name = hostname().split(".")[0];
const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");
const ca = keyPair("kubernetes");
const recipient = keyPair("backups");
const annotation = (key: string) => `openstack-kubernetes/${key}`;

describeWithTools("a backup of etcd", backupTools, (tool) => {
  let server: S3Server;
  let machine: BackupMachine;
  beforeEach(async () => {
    server = new S3Server(tool("versitygw"));
    await server.start();
    machine = new BackupMachine(ca);
    machine.configure(backupConfig(server, recipient.certificate));
  });
  afterEach(async () => {
    machine.remove();
    await server.remove();
  });
  /** `etcd/<time>_dev_v1.36.3/`: the folder of each backup. */
  const backups = () => [...new Set(server.objects().map((object) => object.replace(/[^/]*$/, "")))];
  const [makePair, open] = commandsRunBy(__filename, "docs/how-to/back-up-etcd.md") as [string, string];
  const here = (commands: string) =>
    execFileSync("bash", ["-euo", "pipefail", "-c", commands], { cwd: machine.root, encoding: "utf8", stdio: "pipe" });
  /** Beside the key pair of the folder, as somebody would download it. */
  const download = (folder: string) => {
    for (const object of server.objects().filter((found) => found.startsWith(folder)))
      writeFileSync(join(machine.root, object.slice(folder.length)), server.read(object));
    machine.file("/ca.crt", ca.certificate);
  };

  it.each(["rsa", "ec"] as const)("is opened by the documented commands with the private key: %s", (kind) => {
    if (kind === "rsa") here(makePair);
    else {
      machine.file("/backup.key", recipient.key);
      machine.file("/backup.crt", recipient.certificate);
    }
    const content = randomBytes(300_000);
    machine.configure(backupConfig(server, machine.read("/backup.crt")));
    machine.database(content);
    expect(machine.tick()).toMatchObject({ status: 0 });
    const [folder] = backups() as [string];
    expect(folder).toMatch(/^etcd\/\d{8}T\d{6}Z_dev_v1\.36\.3\/$/);
    expect(server.objects()).toEqual([`${folder}manifest`, `${folder}part-0000`]);
    download(folder);
    expect(here(open)).toBe(`${sha256(content)}  snapshot.db\n`);
    expect(readFileSync(join(machine.root, "snapshot.db")).equals(content)).toBe(true);
    expect(JSON.parse(machine.read("/manifest.json"))).toEqual({
      cluster: "dev",
      kubernetesVersion: "v1.36.3",
      machine: name,
      taken: folder.split("_")[0]!.replace("etcd/", ""),
      size: content.length,
      sha256: sha256(content),
      parts: [sha256(server.read(`${folder}part-0000`))],
      recipient: machine.read("/backup.crt").trim(),
      key: expect.stringContaining("BEGIN CMS") as string,
    });
  });

  it("of another cluster is told by its signature", () => {
    machine.tick();
    const [folder] = backups() as [string];
    download(folder);
    machine.file("/ca.crt", keyPair("kubernetes").certificate);
    expect(() => here(open)).toThrow("Verification failure");
  });

  it("is recorded for alerts and people, and the next one waits until it is due", () => {
    machine.tick();
    const [folder] = backups() as [string];
    const taken = folder.replace("etcd/", "").split("_")[0]!;
    expect(machine.last()).toMatchObject({
      metadata: { annotations: { [annotation("name")]: `${taken}_dev_v1.36.3`, [annotation("size")]: "100000" } },
      spec: {
        holderIdentity: name,
        renewTime: taken.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6.000000Z"),
      },
    });
    machine.waits(5.9);
    machine.tick();
    expect(backups()).toEqual([folder]);
    machine.waits(6.1);
    machine.tick();
    expect(backups()).toHaveLength(2);
  });

  it("waits on the machine while the bucket is away, and all of them arrive when it is back", async () => {
    await server.stop();
    expect(machine.tick()).toEqual({
      status: 1,
      output: expect.stringMatching(
        new RegExp(`^openstack-kubernetes: backup: ${name}: ${server.endpoint} does not answer: .*refused`),
      ) as string,
    });
    machine.waits(6.1);
    machine.tick();
    expect(machine.unsent()).toHaveLength(2);
    expect(machine.last()?.metadata.annotations?.[annotation("failure")]).toContain("does not answer");
    await server.start();
    machine.waits(0.1);
    expect(machine.tick().status).toBe(0);
    expect([backups().length, machine.unsent()]).toEqual([2, []]);
    expect(machine.last()?.metadata.annotations).not.toHaveProperty([annotation("failure")]);
    expect(machine.last()?.metadata.annotations?.[annotation("name")]).toBe(backups().at(-1)!.slice(5, -1));
  });

  it("is not tried again within five minutes of a failure", async () => {
    await server.stop();
    machine.tick();
    expect(machine.tick()).toEqual({ status: 0, output: "" });
  });

  it("is forgotten where its snapshot had to make room", async () => {
    await server.stop();
    machine.tick();
    const [mark] = machine.unsent() as [string];
    machine.delete(`/var/backups/etcd/${mark.replace(".unsent", "")}`);
    await server.start();
    machine.waits(0.1);
    expect(machine.tick()).toEqual({ status: 0, output: "" });
    expect([backups(), machine.unsent()]).toEqual([[], []]);
  });

  it("is refused with the server's word where the credential is wrong, and sent when the right one comes", () => {
    const wrong = { ...server.credential, secretAccessKey: "somebody-elses" };
    machine.configure(backupConfig(server, recipient.certificate, {}, wrong));
    expect(machine.tick().output).toMatch(
      /bucket cluster-backups refuses to write etcd\/.*\/part-0000: HTTP 403 \(SignatureDoesNotMatch\)\n$/,
    );
    machine.configure(backupConfig(server, recipient.certificate));
    machine.waits(0.1);
    expect(machine.tick().status).toBe(0);
    expect(backups()).toHaveLength(1);
    expect(machine.last()?.metadata.annotations).not.toHaveProperty([annotation("failure")]);
  });

  it("needs no more than the right to write objects", async () => {
    const writer = { accessKeyId: "writer", secretAccessKey: "writers-secret" };
    server.addUser(writer.accessKeyId, writer.secretAccessKey);
    await server.allow(writer.accessKeyId, ["s3:PutObject"]);
    machine.configure(backupConfig(server, recipient.certificate, {}, writer));
    expect(machine.tick()).toMatchObject({ status: 0 });
    expect(server.objects()).toHaveLength(2);
  });

  it("is made by one machine at a time; the turn of one that died ends after an hour", () => {
    const turn = (renewed: Date) => {
      const spec = {
        holderIdentity: "dev-control-plane-1",
        leaseDurationSeconds: 3600,
        renewTime: renewed.toISOString(),
      };
      machine.object("lease", "openstack-kubernetes-backup", { spec });
    };
    turn(new Date(Date.now() - 3_500_000));
    expect([machine.tick(), backups()]).toEqual([{ status: 0, output: "" }, []]);
    turn(new Date(Date.now() - 3_700_000));
    expect([machine.tick().status, backups().length]).toEqual([0, 1]);
  });

  it("is deleted by age where keepDays says so; the newest and those of other clusters stay", () => {
    const old = (days: number, cluster: string) => {
      const stamp = new Date(Date.now() - days * 86_400_000).toISOString().replace(/[-:]|\.\d+/g, "");
      const folder = `etcd/${stamp}_${cluster}_v1.36.3/`;
      for (const object of ["manifest", "part-0000"]) server.put(folder + object);
      return folder;
    };
    const [, kept, other] = [old(31, "dev"), old(29, "dev"), old(31, "prod")];
    machine.configure(backupConfig(server, recipient.certificate, { keepDays: 30 }));
    expect(machine.tick()).toMatchObject({ status: 0 });
    const newest = machine.last()!.metadata.annotations![annotation("name")]!;
    expect(backups()).toEqual([other, kept, `etcd/${newest}/`]);
  });

  it("goes in parts that a server takes as one object each", () => {
    machine.database(Buffer.alloc(70 * 2 ** 20, "etcd"));
    expect(machine.tick()).toMatchObject({ status: 0 });
    expect(server.objects().map((object) => object.replace(/.*\//, ""))).toEqual([
      "manifest",
      "part-0000",
      "part-0001",
    ]);
  });

  it("is not made before the configuration asks for it, nor on a machine that is not a member yet", () => {
    machine.delete("/var/lib/openstack-kubernetes/joined");
    expect([machine.tick(), machine.last()]).toEqual([{ status: 0, output: "" }, undefined]);
    machine.file("/var/lib/openstack-kubernetes/joined");
    machine.delete("/objects/secret-openstack-kubernetes-files-backup.json");
    expect([machine.tick(), machine.last()]).toEqual([{ status: 0, output: "" }, undefined]);
  });
});
