/**
 * A cluster that answers `npm run status` as a real API server would, over HTTPS with client certificates: pages, sizes
 * of objects, and what it says of them. Each test breaks what it is about.
 */
import type { IncomingMessage } from "node:http";
import * as https from "node:https";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { renderPoolFiles } from "../../src/bootstrap/filesInPlace";
import { templateDigestOf } from "../../src/bootstrap/template";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { parseClusterConfig } from "../../src/config/parse";
import { answerAnnotation, orderAnnotation } from "../../src/kubernetes/filesGuard";
import type { Node } from "../../src/kubernetes/nodes";
import { nodeGroups } from "../../src/machines/planMachines";
import { renderAdminKubeconfig } from "../../src/pki/kubeconfig";
import type { LastUp } from "../../src/status/stackOutputs";
import { minimalStack } from "../fixtures/minimalStack";
import { madeCertificates } from "../madeCertificates";
import { keystoneToken, whileListening, withServer } from "../openstack/fakeOpenstack";

/** What the stand-in does with a path: an answer, or nothing for ever. */
type StandInAnswer = { readonly status?: number; readonly body: unknown } | "hang";

/** By the begin of the path; the longest that fits counts. */
export type StandInAnswers = Readonly<Record<string, (url: URL) => StandInAnswer>>;

/** A cluster of three control-plane machines and so many workers. */
export function standInConfig(workers: number, more: object = {}): ClusterConfig {
  const network = { cidr: "10.20.0.0/16" };
  const kubernetes = { version: "1.36.3", podCidr: "172.16.0.0/12" };
  const nodePools = [{ name: "default", count: workers, flavor: "large" }];
  return parseClusterConfig({ ...minimalStack, network, kubernetes, nodePools, ...more }, "dev");
}

/** The outputs of a stack of this configuration whose `up` has just ended. */
export function standInOutputs(config: ClusterConfig, now = new Date()): LastUp {
  const groups = nodeGroups(config);
  const byPool = (of: (template: (typeof groups)[number]["template"]) => string) =>
    Object.fromEntries(groups.map(({ template }) => [template.pool, of(template)]));
  const end = new Date(now.getTime() + 300.5 * 86_400_000).toISOString();
  return {
    clusterName: config.clusterName,
    adminKubeconfig: "",
    certificateExpiry: { "dev-admin": end, "dev-cluster-ca": "2036-11-01T00:00:00Z" },
    fileDigests: byPool((template) => renderPoolFiles(config, template).digest),
    kubernetesVersion: {},
    nodes: groups.flatMap(({ machines }) => machines.map(({ name }) => ({ name }))),
    staleMachines: [],
    templateDigests: byPool((template) => templateDigestOf(config, template)),
  };
}

const quiet = ["MemoryPressure", "DiskPressure", "PIDPressure", "KernelDeadlock", "ReadonlyFilesystem"];

/** A Node of some 12 KB, as those of real kubelets: most of it are names of images and of fields. */
function standInNode(name: string, version: string, digest: string): Node {
  const images = Array.from({ length: 50 }, (_, index) => ({
    names: [
      `registry.example.org/team-${index}/application@sha256:${String(index).padStart(64, "0")}`,
      `registry.example.org/team-${index}/application:1.${index}.0`,
    ],
    sizeBytes: 100_000_000 + index,
  }));
  const condition = (type: string, status: string, message: string) => ({
    type,
    status,
    message,
    lastHeartbeatTime: "2026-11-30T08:00:00Z",
    lastTransitionTime: "2026-11-30T08:00:00Z",
  });
  return {
    metadata: {
      name,
      labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" },
      annotations: {
        [orderAnnotation]: digest,
        [answerAnnotation]: JSON.stringify({ order: digest, state: "reached", message: "", packageManager: "apt" }),
      },
      managedFields: Array.from({ length: 4 }, (_, index) => ({
        manager: `manager-${index}`,
        time: "2026-11-30T08:00:00Z",
        fieldsV1: { "f:status": Object.fromEntries(images.slice(0, 12).map((_, field) => [`f:field-${field}`, {}])) },
      })),
    },
    spec: { podCIDR: "172.16.0.0/24", providerID: `openstack:///${name}` },
    status: {
      conditions: [
        ...quiet.map((type) => condition(type, "False", "the kubelet has none")),
        condition("Ready", "True", "kubelet is posting ready status"),
      ],
      nodeInfo: { kubeletVersion: `v${version}`, osImage: "Ubuntu 24.04.3 LTS" },
      images,
    },
  };
}

export function standInNodes(config: ClusterConfig): Node[] {
  return nodeGroups(config).flatMap(({ template, machines }) =>
    machines.map(({ name }) => standInNode(name, config.kubernetes.version, renderPoolFiles(config, template).digest)),
  );
}

/** A page of a listing, as `limit` and `continue` ask for it. */
const listing =
  (items: readonly unknown[]) =>
  ({ searchParams }: URL): StandInAnswer => {
    const start = Number(searchParams.get("continue") ?? 0);
    const limit = Number(searchParams.get("limit") ?? items.length);
    const rest = items.length - start - limit;
    const next = rest > 0 ? { continue: String(start + limit), remainingItemCount: rest } : {};
    return { body: { items: items.slice(start, start + limit), metadata: next } };
  };

const ready = [{ type: "Ready", status: "True", message: "Applied revision: main@sha1:1" }];
const flux = (namespace: string, ...names: string[]) =>
  listing(names.map((name) => ({ metadata: { name, namespace }, spec: {}, status: { conditions: ready } })));

export const healthyEtcd = (isLeader: boolean): string =>
  [
    "# TYPE etcd_server_is_leader gauge",
    `etcd_server_is_leader ${isLeader ? 1 : 0}`,
    "etcd_server_has_leader 1",
    "etcd_mvcc_db_total_size_in_bytes 2.5165824e+07",
    "etcd_mvcc_db_total_size_in_use_in_bytes 1.6777216e+07",
    "etcd_server_quota_backend_bytes 2.147483648e+09",
    // As many lines as a member has.
    ...Array.from(
      { length: 900 },
      (_, bucket) => `etcd_disk_wal_fsync_duration_seconds_bucket{le="${bucket}"} ${bucket}`,
    ),
  ].join("\n");

/** The alert that fires always. */
export const watchdog = { labels: { alertname: "Watchdog", severity: "none" }, startsAt: "2026-11-30T08:00:00Z" };

/** What a healthy cluster answers. */
export function healthyAnswers(config: ClusterConfig, nodes: readonly object[] = standInNodes(config)): StandInAnswers {
  const checks = ["ping", "log", "etcd", "etcd-readiness", "informer-sync"].map((check) => `[+]${check} ok`);
  const machines = nodeGroups(config)[0]?.machines.map(({ name }) => name) ?? [];
  const components = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];
  const pods = machines.flatMap((machine) =>
    components.map((component) => ({
      metadata: { name: `${component}-${machine}` },
      spec: { containers: [{ image: `registry.k8s.io/${component}:v${config.kubernetes.version}` }] },
      status: { conditions: ready },
    })),
  );
  const quota = { hard: { "requests.cpu": "4", pods: "50" }, used: { "requests.cpu": "500m", pods: "3" } };
  return {
    "/readyz": () => ({ body: [...checks, "readyz check passed", ""].join("\n") }),
    "/api/v1/nodes": listing(nodes),
    "/api/v1/namespaces/kube-system/pods": listing(pods),
    ...Object.fromEntries(
      machines.flatMap((machine, index): [string, StandInAnswers[string]][] => {
        const proxy = `/api/v1/namespaces/kube-system/pods/etcd-${machine}:2381/proxy`;
        return [
          [`${proxy}/health`, () => ({ body: { health: "true", reason: "" } })],
          [`${proxy}/metrics`, () => ({ body: healthyEtcd(index === 1) })],
        ];
      }),
    ),
    "/apis/source.toolkit.fluxcd.io/v1/gitrepositories": flux("flux-system", "flux-system"),
    "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations": flux("flux-system", "flux-system", "policies"),
    "/apis/helm.toolkit.fluxcd.io/v2/helmreleases": flux("monitoring", "prometheus"),
    "/api/v1/namespaces/kube-system/secrets": () => ({ status: 404, body: { message: "not found" } }),
    "/api/v1/namespaces": listing([{ metadata: { name: "shop" } }]),
    "/api/v1/namespaces/monitoring/pods": listing([
      { metadata: { name: "alertmanager-0" }, status: { conditions: ready } },
    ]),
    "/api/v1/namespaces/monitoring/pods/alertmanager-0/exec": () => ({ body: [watchdog] }),
    "/api/v1/resourcequotas": listing([{ metadata: { name: "quota", namespace: "shop" }, status: quota }]),
  };
}

/** A message about a program that runs in a container: its first byte says which of its streams it is. */
export const streamed = (channel: number, text: string): Buffer =>
  Buffer.concat([Buffer.of(channel), Buffer.from(text)]);

/** Has the stand-in serve while it is used; `outputs` then lead to it. */
export async function withStandIn<T>(
  answers: StandInAnswers,
  outputs: LastUp,
  use: (outputs: LastUp) => Promise<T>,
): Promise<T> {
  const known = await madeCertificates();
  const { serverCertificate: cert, serverKey: key, ca } = known;
  const server = https.createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true });
  const longestFirst = Object.keys(answers).sort((a, b) => b.length - a.length);
  const answerTo = (url: URL): StandInAnswer => {
    const path = longestFirst.find((begin) => url.pathname.startsWith(begin));
    return path === undefined ? { status: 404, body: { message: "not found" } } : answers[path]!(url);
  };
  server.on("request", (request, response) => {
    const answer = answerTo(new URL(request.url ?? "", "https://api.invalid"));
    if (answer === "hang") return;
    const { status = 200, body } = answer;
    response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  // What a program in a pod writes.
  const programs = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const answer = answerTo(new URL(request.url ?? "", "https://api.invalid"));
    if (answer === "hang") return;
    programs.handleUpgrade(request, socket, head, (client) => {
      client.send(streamed(1, JSON.stringify(answer.body)));
      client.send(streamed(3, JSON.stringify({ status: "Success" })));
      client.close();
    });
  });
  return whileListening(server, (port) =>
    use({
      ...outputs,
      adminKubeconfig: renderAdminKubeconfig({
        clusterName: outputs.clusterName,
        host: "127.0.0.1",
        port,
        clusterCaCertificatePem: ca,
        clientCertificatePem: known.clientCertificate,
        clientKeyPem: known.clientKey,
      }),
    }),
  );
}

/** An OpenStack that has the machines, and room for as many again. */
export function standInCloud(config: ClusterConfig): StandInAnswers {
  const machines = nodeGroups(config).flatMap((group) => group.machines.map(({ name }) => ({ name })));
  const used = machines.length;
  return {
    "/nova/servers": () => ({ body: { servers: machines } }),
    "/nova/servers/detail": () => ({ body: { servers: [] } }),
    "/nova/limits": () => ({
      body: {
        limits: {
          absolute: {
            maxTotalInstances: 2 * used,
            totalInstancesUsed: used,
            maxTotalCores: 8 * used,
            totalCoresUsed: 4 * used,
            maxTotalRAMSize: 16384 * used,
            totalRAMUsed: 8192 * used,
          },
        },
      },
    }),
    "/cinder/os-quota-sets": () => ({
      body: {
        quota_set: {
          id: "p",
          volumes: { limit: 100, in_use: 20, reserved: 1 },
          gigabytes: { limit: -1, in_use: 300, reserved: 0 },
        },
      },
    }),
    "/neutron/v2.0/quotas": () => ({
      body: {
        quota: {
          floatingip: { limit: 10, used: 2, reserved: 0 },
          port: { limit: 500, used: 12, reserved: 0 },
          security_group: { limit: 10, used: 3, reserved: 0 },
        },
      },
    }),
  };
}

/** Has that OpenStack serve at the address that `use` gets. */
export function withCloud<T>(answers: StandInAnswers, use: (authUrl: string) => Promise<T>): Promise<T> {
  const services = { compute: "/nova", "block-storage": "/cinder", network: "/neutron" };
  const longestFirst = Object.keys(answers).sort((a, b) => b.length - a.length);
  return withServer(({ url }, own) => {
    if (url === "/v3/auth/tokens") return keystoneToken(own, services);
    const path = longestFirst.find((begin) => url.startsWith(begin));
    const answer = path === undefined ? "hang" : answers[path]!(new URL(url, own));
    return answer === "hang" ? { status: 404 } : { status: answer.status ?? 200, body: answer.body };
  }, use);
}
