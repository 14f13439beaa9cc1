/** Pods that answer with their name, one on each worker, behind a Service. */
import type { LabCluster } from "../../../lab/machines/cluster";

/** Two pods, `app=guarded`, of which one must always be there. Nothing but a signal ends them. */
export const guardedPods = {
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "guarded", namespace: "default" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "guarded" } },
        template: {
          metadata: { labels: { app: "guarded" } },
          spec: {
            containers: [
              {
                name: "main",
                image: "registry.lab/lab/tools:1",
                command: ["bash", "-c", "trap exit TERM; while true; do sleep 1; done"],
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "guarded", namespace: "default" },
      spec: { minAvailable: 1, selector: { matchLabels: { app: "guarded" } } },
    },
  ],
};

/** Reads a request up to its empty line, then answers; a connection closed with the request unread would be reset. */
const serve = `
printf 'HTTP/1.0 200 OK\\r\\n\\r\\n%s\\n' "$(uname -n)" >/tmp/answer
printf 'while read -r line; do [ "\${#line}" -gt 1 ] || break; done; cat /tmp/answer' >/tmp/serve
exec socat TCP-LISTEN:8080,fork,reuseaddr EXEC:"bash /tmp/serve"
`;

const manifest = {
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "echo", namespace: "default" },
      spec: {
        selector: { matchLabels: { app: "echo" } },
        template: {
          metadata: { labels: { app: "echo" } },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                name: "echo",
                image: "registry.lab/lab/tools:1",
                command: ["bash", "-c", serve],
                readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "echo", namespace: "default" },
      spec: { selector: { app: "echo" }, ports: [{ port: 80, targetPort: 8080 }] },
    },
  ],
};

export function startPods(cluster: LabCluster): void {
  const answer = cluster.kubectl(["apply", "--filename", "-"], { input: JSON.stringify(manifest) });
  if (answer.status !== 0) throw new Error(answer.stderr);
}

interface EchoPod {
  readonly name: string;
  readonly address: string;
  readonly node: string;
}

/** The echo pods that are ready, once there is one on each of the nodes. */
export function podsOnEveryNode(cluster: LabCluster, nodes: readonly string[]): EchoPod[] | undefined {
  const answer = cluster.kubectl(["get", "pods", "-l", "app=echo", "-o", "json"]);
  if (answer.status !== 0) return undefined;
  interface Pod {
    metadata: { name: string; deletionTimestamp?: string };
    spec: { nodeName?: string };
    status: { podIP?: string; conditions?: { type: string; status: string }[] };
  }
  const ready = (JSON.parse(answer.stdout) as { items: Pod[] }).items
    .filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined &&
        status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
    )
    .map(({ metadata, spec, status }) => ({ name: metadata.name, address: status.podIP!, node: spec.nodeName! }));
  return nodes.every((node) => ready.some((pod) => pod.node === node))
    ? ready.filter(({ node }) => nodes.includes(node))
    : undefined;
}

/** What a pod gets from a URL; empty when it gets nothing within five seconds. */
export function inPod(cluster: LabCluster, pod: string, url: string): string {
  return cluster.kubectl(["exec", pod, "--", "curl", "-s", "--max-time", "5", url]).stdout.trim();
}
