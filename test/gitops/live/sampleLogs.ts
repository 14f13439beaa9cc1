/** Logs as a node has them: of containers as containerd writes them, and of the API server's audit. */
import type { LogCollector } from "./logCollector";

export const credentials = { user: "cluster-dev", password: 'p@ss "word" #$x:\\\'' };
/** Of the collector's pod. */
export const environment = {
  HOSTNAME: "fluent-bit-x7k2p",
  NODE_NAME: "dev-worker-0",
  OPENSEARCH_USERNAME: credentials.user,
  OPENSEARCH_PASSWORD: credentials.password,
};

export const line = (second: number, text: string, { stream = "stdout", part = "F" } = {}) =>
  `2026-11-23T10:00:${String(second).padStart(2, "0")}.123456789Z ${stream} ${part} ${text}`;

/** What the node of the test "on a node" has written before its collector starts. */
export function writeSampleLogs(collector: LogCollector): void {
  collector.write("atlas", "web-0", "main", [
    line(1, "first line"),
    line(2, '{"level":"info","kubernetes":"not ours"}'),
    line(3, "a long line ", { part: "P" }),
    line(3, "that containerd ", { part: "P" }),
    line(3, "cut in three"),
    line(4, "an error", { stream: "stderr" }),
  ]);
  collector.write("atlas", "odd-0", "main", ["not as containerd writes"]);
  collector.write("kube-system", "coredns-abc.def", "coredns", [line(5, "ready")]);
  collector.write("logging", "fluent-bit-x7k2p", "fluent-bit", [line(6, "about itself")]);
  collector.audit([
    {
      kind: "Event",
      auditID: "1",
      verb: "create",
      requestURI: "/apis/apps/v1/namespaces/atlas/deployments",
      user: {
        username: "oidc:ada",
        groups: ["oidc:atlas-developers", "system:authenticated"],
        extra: { "a/b": ["c"] },
      },
      sourceIPs: ["10.0.0.7"],
      objectRef: { resource: "deployments", namespace: "atlas", name: "web", apiGroup: "apps" },
      responseStatus: { code: 201 },
      requestReceivedTimestamp: "2026-11-23T10:00:07.654321Z",
    },
  ]);
}
