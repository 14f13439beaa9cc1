/**
 * A pretended control-plane machine that backs up etcd (src/bootstrap/files/backup-etcd.py): openssl and Python are
 * real, and so is the S3 server that a test gives it. Its API is a folder of objects with resource versions, and its
 * snapshots are any bytes.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { renderEtcdBackup } from "../../src/bootstrap/etcdBackup";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { parseClusterConfig } from "../../src/config/parse";
import { minimal } from "../config/fixtures";
import { bucket, type S3Server } from "../s3Server";
import { ScriptMachine } from "./scriptMachine";

export const backupTools = ["versitygw", "openssl", "python3"];

/** A key pair with a certificate that it signs itself; `kind` as openssl's -newkey has it. */
export function keyPair(
  commonName: string,
  kind: "rsa" | "ec" = "ec",
): { readonly certificate: string; readonly key: string } {
  const newKey = kind === "rsa" ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  const made = execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", ...newKey, "-nodes", "-subj", `/CN=${commonName}`, "-days", "2", "-keyout", "-"],
    { encoding: "utf8", stdio: "pipe" },
  );
  const block = (label: string) => new RegExp(`-----BEGIN ${label}-----[^]*?-----END ${label}-----\n`).exec(made)![0];
  return { certificate: block("CERTIFICATE"), key: block("PRIVATE KEY") };
}

/** The API server, as far as backups ask it. Its objects are those of every machine that shares the folder. */
const kubectl = (objects: string) => `exec python3 - ${objects} "$@" 4<&0 <<'PYTHON'
import json, os, sys
folder, args = sys.argv[1], [a for a in sys.argv[2:]]
while args[0].startswith("-"):
    args = args[2:]
verb, rest = args[0], args[1:]
os.makedirs(folder, exist_ok=True)
path = lambda kind, name: "%s/%s-%s.json" % (folder, kind.lower(), name)
def load(where):
    return json.load(open(where)) if os.path.exists(where) else None
def save(where, thing):
    thing["metadata"]["resourceVersion"] = str(int(thing["metadata"].get("resourceVersion", "0")) + 1)
    json.dump(thing, open(where, "w"))
def merge(into, patch):
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict):
            merge(into.setdefault(key, {}), value)
        else:
            into[key] = value
if verb == "get" and rest[0] == "--raw":
    print(json.dumps({"gitVersion": open(folder + "/version").read()}))
elif verb == "get":
    found = load(path(rest[0], rest[1]))
    if found and "jsonpath={.data.program}" in rest:
        print(found["data"].get("program", ""), end="")
    elif found:
        print(json.dumps(found))
elif verb in ("create", "replace"):
    thing = json.load(os.fdopen(4))
    where = path(thing["kind"], thing["metadata"]["name"])
    present = load(where)
    if verb == "create" and present:
        sys.exit('Error from server (AlreadyExists): leases "x" already exists')
    if verb == "replace" and present["metadata"]["resourceVersion"] != thing["metadata"]["resourceVersion"]:
        sys.exit("Error from server (Conflict): the object has been modified")
    save(where, thing)
elif verb == "patch":
    where = path(rest[0], rest[1])
    thing = load(where)
    merge(thing, json.loads(rest[rest.index("-p") + 1]))
    save(where, thing)
elif verb == "annotate":
    where = path(*rest[1:3])
    thing = load(where)
    thing["metadata"].setdefault("annotations", {}).update([rest[3].split("=", 1)])
    save(where, thing)
elif verb == "delete":
    where = path(*rest[:2])
    if os.path.exists(where):
        os.remove(where)
PYTHON`;

interface Lease {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: { readonly holderIdentity?: string; readonly renewTime?: string };
}

export class BackupMachine extends ScriptMachine {
  /** @param ca Of the cluster. */
  constructor(ca = keyPair("kubernetes")) {
    super();
    this.file("/etc/openstack-kubernetes/bootstrap.env", "API_PORT='6443'\n");
    this.file("/etc/kubernetes/pki/ca.crt", ca.certificate);
    this.file("/etc/kubernetes/pki/ca.key", ca.key);
    this.file("/var/lib/openstack-kubernetes/joined");
    this.file("/objects/version", "v1.36.3");
    this.program("kubectl", kubectl(`${this.root}/objects`));
    this.file("/var/backups/etcd/.keep");
    this.program(
      "systemctl",
      'cp "$machine/database" "$machine/var/backups/etcd/snapshot-$(date -u +%Y%m%dT%H%M%SZ).db"',
    );
    this.database(randomBytes(100_000));
  }

  /** What etcd holds from now on. */
  database(content: Buffer): void {
    writeFileSync(`${this.root}/database`, content);
  }

  /** What \`up\` does with a configuration. */
  configure(config: ClusterConfig): void {
    const { "settings.json": settings } = renderEtcdBackup(config)!;
    const data = Object.entries({ program: this.moved("backup-etcd.py"), "settings.json": settings! });
    const encoded = data.map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
    this.object("secret", "openstack-kubernetes-files-backup", { data: Object.fromEntries(encoded) as object });
  }

  object(kind: string, name: string, content: object): void {
    const metadata = { name, resourceVersion: "1" };
    this.file(`/objects/${kind}-${name}.json`, JSON.stringify({ kind, metadata, ...content }));
  }

  /** One run of the timer. */
  tick(): { status: number | null; output: string } {
    const { status, output } = this.run("start-backup.sh");
    return { status, output };
  }

  /** The record of the last backup. */
  last(): Lease | undefined {
    const path = "/objects/lease-openstack-kubernetes-last-backup.json";
    return this.has(path) ? (JSON.parse(this.read(path)) as Lease) : undefined;
  }

  /** So much time passes: the record says that what happened was that long ago. @param hours Of whatever it tells. */
  waits(hours: number): void {
    const path = "/objects/lease-openstack-kubernetes-last-backup.json";
    const past = new Date(Date.now() - hours * 3_600_000).toISOString().replace(/[-:]|\.\d+/g, "");
    const text = this.read(path).replace(/("openstack-kubernetes\/(taken|failed)": )"\w+"/g, `$1"${past}"`);
    this.file(path, text);
  }

  /** Names of what waits to be sent. */
  unsent(): string[] {
    return readdirSync(`${this.root}/var/backups/etcd`).filter((name) => name.endsWith(".unsent"));
  }
}

/** A configuration with backups to the server, whose address on this machine no stack file could have. */
export function backupConfig(
  server: S3Server,
  recipient: string,
  changes: object = {},
  credential = server.credential,
): ClusterConfig {
  const backup = { endpoint: "https://s3.example.org", bucket, prefix: "etcd/", recipient, ...changes };
  const config = parseClusterConfig(
    { ...minimal, kubernetes: { etcd: { backup } }, credentials: { etcdBackup: credential } },
    "dev",
  );
  const { etcd } = config.kubernetes;
  const here = { ...etcd, backup: { ...etcd.backup!, endpoint: server.endpoint } };
  return { ...config, kubernetes: { ...config.kubernetes, etcd: here } };
}
