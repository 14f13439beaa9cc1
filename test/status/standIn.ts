/**
 * A cluster that answers `npm run status` as a real API server would, over HTTPS with client certificates: pages, sizes
 * of objects, and what it says of them. Each test breaks what it is about.
 */
import * as https from "node:https";
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
import { whileListening } from "../openstack/fakeOpenstack";

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

/** What a healthy cluster answers. */
export function healthyAnswers(config: ClusterConfig, nodes: readonly object[] = standInNodes(config)): StandInAnswers {
  const checks = ["ping", "log", "etcd", "etcd-readiness", "informer-sync"].map((check) => `[+]${check} ok`);
  return {
    "/readyz": () => ({ body: [...checks, "readyz check passed", ""].join("\n") }),
    "/api/v1/nodes": listing(nodes),
  };
}

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
  server.on("request", (request, response) => {
    const url = new URL(request.url ?? "", "https://api.invalid");
    const path = longestFirst.find((begin) => url.pathname.startsWith(begin));
    const answer = path === undefined ? { status: 404, body: { message: "not found" } } : answers[path]!(url);
    if (answer === "hang") return;
    const { status = 200, body } = answer;
    response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
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
