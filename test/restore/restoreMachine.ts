/**
 * A pretended control-plane machine that a backup is restored on (src/bootstrap/files/restore-etcd.py): etcd and its
 * tools are real, and so are openssl and Python. The kubelet and containerd are stand-ins that start and stop etcd; the
 * API is the folder of objects of BackupMachine, which goes back with etcd's data.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { programOf } from "../../lab/machines/site";
import type { KubernetesRequest } from "../../src/kubernetes/client";
import { restoreSecretName } from "../../src/bootstrap/etcdBackup";
import { BackupMachine } from "../bootstrap/backupMachine";

/** Of the lab's site: `npm run lab:machines -- build`. */
export const etcdPrograms = {
  server: programOf("etcd", "server"),
  etcdctl: programOf("etcd", "etcdctl"),
  etcdutl: programOf("etcd", "etcdutl"),
};

export const machineName = hostname().split(".")[0] as string;

interface Ports {
  readonly client: number;
  readonly peer: number;
}

export class RestoreMachine extends BackupMachine {
  constructor(
    ca: { readonly certificate: string; readonly key: string },
    private readonly ports: Ports,
  ) {
    super(ca);
    const { server, etcdutl } = etcdPrograms;
    const url = (port: number) => `http://127.0.0.1:${port}`;
    const serving = [
      `--name ${machineName} --data-dir "$machine/var/lib/etcd"`,
      `--listen-client-urls ${url(ports.client)} --advertise-client-urls ${url(ports.client)}`,
      `--listen-peer-urls ${url(ports.peer)} --initial-advertise-peer-urls ${url(ports.peer)}`,
      `--initial-cluster ${machineName}=${url(ports.peer)}`,
    ].join(" ");
    this.program(
      "systemctl",
      `case "$*" in
"start openstack-kubernetes-snapshot.service")
  ${this.etcdctl} snapshot save "$machine/var/backups/etcd/snapshot-$(date -u +%Y%m%dT%H%M%SZ).db" >/dev/null 2>&1
  cp -r "$machine/objects" "$machine/objects-then" ;;
"start kubelet")
  if [[ -e $machine/var/lib/etcd/.before-restore && -e $machine/objects-then ]]; then
    rm -r "$machine/objects"
    mv "$machine/objects-then" "$machine/objects"
  fi
  if ! kill -0 "$(cat "$machine/etcd.pid")" 2>/dev/null; then
    ${server} ${serving} >>"$machine/etcd.log" 2>&1 &
    echo $! >"$machine/etcd.pid"
  fi
  for look in {1..100}; do
    if ${this.etcdctl} endpoint health >/dev/null 2>&1; then break; fi
    /bin/sleep 0.1
  done ;;
esac`,
    );
    this.program(
      "crictl",
      `case "$*" in
"ps "*etcd*) if kill -0 "$(cat "$machine/etcd.pid")" 2>/dev/null; then echo etcd-id; fi ;;
"exec etcd-id etcdutl"*) shift 3; exec ${etcdutl} "$@" ;;
"stop "*etcd-id) kill "$(cat "$machine/etcd.pid")"; while kill -0 "$(cat "$machine/etcd.pid")" 2>/dev/null; do /bin/sleep 0.1; done ;;
esac`,
    );
    this.file("/etcd.pid", "none");
    this.file("/var/lib/cloud/data/instance-id", "new-id\n");
    this.node("new-id");
    execFileSync("bash", [`${this.root}/stand-ins/systemctl`, "start", "kubelet"], { stdio: "ignore" });
  }

  private get etcdctl(): string {
    return `${etcdPrograms.etcdctl} --endpoints http://127.0.0.1:${this.ports.client}`;
  }

  /** What etcd holds, by real clients. */
  etcd(command: string): string {
    return execFileSync("bash", ["-c", `${this.etcdctl} ${command}`], { encoding: "utf8", stdio: "pipe" }).trim();
  }

  /** The Node of this machine, as the cloud controller left it. @param server Nova's id. */
  node(server: string, changes: object = {}): void {
    this.object("node", machineName, {
      apiVersion: "v1",
      metadata: { name: machineName, resourceVersion: "1", labels: { "node-role.kubernetes.io/control-plane": "" } },
      spec: {
        providerID: `openstack:///${server}`,
        podCIDR: "10.42.0.0/24",
        taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
      },
      status: { addresses: [{ type: "InternalIP", address: "127.0.0.1" }] },
      ...changes,
    });
  }

  override remove(): void {
    const pid = Number(this.read("/etcd.pid"));
    if (existsSync(`/proc/${pid}`)) process.kill(pid, "SIGKILL");
    super.remove();
  }

  /** The API as whoever restores sees it. @param version Of its server. */
  request(version = "v1.36.3"): KubernetesRequest {
    const folder = `${this.root}/objects`;
    const read = (name: string): object => JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as object;
    const answer = (status: number, body: object = {}) => Promise.resolve({ status, body: JSON.stringify(body) });
    return (method, path, body) => {
      if (path === "/version") return answer(200, { gitVersion: version });
      if (path.startsWith("/api/v1/nodes")) {
        const items = readdirSync(folder).filter((name) => name.startsWith("node-"));
        return answer(200, { items: items.map(read), metadata: {} });
      }
      if (path.includes("kube-node-lease")) {
        const lease = { metadata: { name: machineName }, spec: { renewTime: new Date().toISOString() } };
        return answer(200, { items: [lease], metadata: {} });
      }
      const own = `/objects/secret-${restoreSecretName}.json`;
      if (method === "GET") return this.has(own) ? answer(200, read(own.slice(9))) : answer(404);
      if (method === "DELETE") this.delete(own);
      else this.publish(body as { data: Record<string, string> });
      return answer(200);
    };
  }

  /** The order, with the program that finds this machine's paths below the folder. */
  private publish({ data }: { data: Record<string, string> }): void {
    const program = Buffer.from(this.moved("restore-etcd.py")).toString("base64");
    this.object("secret", restoreSecretName, { data: { ...data, program } });
  }
}
