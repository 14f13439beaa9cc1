/** Pods that answer with their name, one on each worker, behind a Service. */
import type { LabCluster } from "../../../lab/machines/cluster";

/** Two pods of which one must always be there. */
const guarded = (name: string, container: object) => [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
    },
  },
  {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace: "default" },
    spec: { minAvailable: 1, selector: { matchLabels: { app: name } } },
  },
];

/** Pods `app=guarded`. Nothing but a signal ends them. */
export const guardedPods = {
  apiVersion: "v1",
  kind: "List",
  items: guarded("guarded", {
    name: "main",
    image: "registry.lab/lab/tools:1",
    command: ["bash", "-c", "trap exit TERM; while true; do sleep 1; done"],
  }),
};

/** Reads a request up to its empty line, then answers; a connection closed with the request unread would be reset. */
const serve = `
printf 'HTTP/1.0 200 OK\\r\\n\\r\\n%s\\n' "$(uname -n)" >/tmp/answer
printf 'while read -r line; do [ "\${#line}" -gt 1 ] || break; done; cat /tmp/answer' >/tmp/serve
exec socat TCP-LISTEN:8080,fork,reuseaddr EXEC:"bash /tmp/serve"
`;

/** A container that answers with its name at port 8080. */
export const echo = {
  name: "echo",
  image: "registry.lab/lab/tools:1",
  command: ["bash", "-c", serve],
  readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
};

const service = (name: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default" },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
});

/**
 * Pods `app=answering` behind a Service of that name. One that is to end answers for ten seconds more, in which every
 * node learns to ask the other: what an application needs that shall lose no request.
 */
export const answeringPods = {
  apiVersion: "v1",
  kind: "List",
  items: [
    ...guarded("answering", { ...echo, lifecycle: { preStop: { exec: { command: ["sleep", "10"] } } } }),
    service("answering"),
  ],
};

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
            containers: [echo],
          },
        },
      },
    },
    service("echo"),
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
