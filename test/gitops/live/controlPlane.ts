/**
 * A real control plane on loopback: etcd, the API server and the controller manager of the pinned version. No nodes, so
 * pods stay Pending.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { siteFolder } from "../toolbox";
import { Kubectl } from "./kubectl";
import { eventually, freePorts, type Processes } from "./processes";

const kubernetes = siteFolder("kubernetes");
const etcdServer = join(siteFolder("etcd"), "server");

export const controlPlanePrograms = [
  ...["kube-apiserver", "kube-controller-manager", "kubectl"].map((name) => join(kubernetes, name)),
  etcdServer,
];

/**
 * What the API server needs of the controller manager here: namespaces, quotas, roles that aggregate, accounts, and
 * what makes pods of a Deployment.
 */
const controllers = [
  "clusterrole-aggregation-controller",
  "deployment-controller",
  "garbage-collector-controller",
  "namespace-controller",
  "persistentvolumeclaim-protection-controller",
  "replicaset-controller",
  "resourcequota-controller",
  "root-ca-certificate-publisher-controller",
  "serviceaccount-controller",
  "serviceaccount-token-controller",
  "statefulset-controller",
];

/**
 * Starts it and waits until it serves; the admin is in kubeadm:cluster-admins, as the program's own admin kubeconfig
 * is. `flags`: further ones of the API server.
 */
export async function startControlPlane(
  folder: string,
  processes: Processes,
  flags: readonly string[] = [],
): Promise<Kubectl> {
  mkdirSync(folder, { recursive: true });
  const [client, peer, api, manager] = await freePorts(4);
  const etcd = `http://127.0.0.1:${client}`;
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const keyFile = join(folder, "service-account.key");
  writeFileSync(keyFile, keys.privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  const token = randomBytes(16).toString("hex");
  writeFileSync(join(folder, "tokens.csv"), `${token},root,root,"system:masters"\n`, { mode: 0o600 });

  processes.start("etcd", etcdServer, [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-cluster=default=http://127.0.0.1:${peer}`,
    "--unsafe-no-fsync",
  ]);
  const certificates = join(folder, "certificates");
  processes.start("kube-apiserver", join(kubernetes, "kube-apiserver"), [
    `--etcd-servers=${etcd}`,
    `--secure-port=${api}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--cert-dir=${certificates}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    "--authorization-mode=RBAC",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${keyFile}`,
    `--service-account-signing-key-file=${keyFile}`,
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--endpoint-reconciler-type=none",
    // As kubeadm has it: without, no CSI or CNI could be installed.
    "--allow-privileged=true",
    ...flags,
  ]);
  const authority = join(certificates, "apiserver.crt");
  const kubeconfig = writeKubeconfig(join(folder, "root.kubeconfig"), `https://127.0.0.1:${api}`, authority, token);
  const kubectl = new Kubectl(join(kubernetes, "kubectl"), kubeconfig);
  await eventually(
    "A ready API server",
    180,
    () => (kubectl.run(["get", "--raw", "/readyz"]) === "ok" ? true : undefined),
    () => processes.tail("kube-apiserver"),
  );
  processes.start("kube-controller-manager", join(kubernetes, "kube-controller-manager"), [
    `--kubeconfig=${kubeconfig}`,
    `--controllers=${controllers.join(",")}`,
    "--leader-elect=false",
    // A kind that was installed a moment ago is counted by quotas after this time (5 minutes by default).
    "--resource-quota-sync-period=10s",
    "--use-service-account-credentials",
    `--root-ca-file=${authority}`,
    `--service-account-private-key-file=${keyFile}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${manager}`,
    `--cert-dir=${certificates}`,
  ]);
  await eventually("The namespace's default service account", 120, () =>
    kubectl.exists("serviceaccount", "default", "default") ? true : undefined,
  );
  return kubectl;
}

/** A kubeconfig with a bearer token; yields its path. */
export function writeKubeconfig(file: string, server: string, authority: string, token: string): string {
  writeFileSync(
    file,
    stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "test", cluster: { server, "certificate-authority": authority } }],
      users: [{ name: "test", user: { token } }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
      "current-context": "test",
    }),
    { mode: 0o600 },
  );
  return file;
}
