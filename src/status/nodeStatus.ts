/** The nodes by pool: Ready, version, files, reboots, cordons. */
import { machineName } from "../config/clusterConfig";
import { answerOf, hasFiles, orderOf } from "../kubernetes/filesInPlace";
import { isLeaving } from "../kubernetes/leavingMark";
import { isReady, type Node, notReadyReason } from "../kubernetes/nodes";
import { listed } from "../preflight/findings";
import { ageOf, firstLines, type StatusLine } from "./statusLine";
import type { LastUp } from "./stackOutputs";

/** Set by kured on a node that asks for a reboot, within kured's hours, until it has rebooted; RFC 3339. */
const rebootAnnotation = "weave.works/kured-reboot-in-progress";

type Expected = Pick<LastUp, "clusterName" | "fileDigests" | "nodes">;

/** Names of the machines that the last `up` made nodes of, by pool in the order of the outputs. */
export function machinesByPool({ clusterName, nodes }: Omit<Expected, "fileDigests">): Map<string, string[]> {
  const pools = new Map<string, string[]>();
  for (const { name } of nodes) {
    const pool = name.slice(machineName(clusterName, "").length).replace(/-\d+$/, "");
    pools.set(pool, [...(pools.get(pool) ?? []), name]);
  }
  return pools;
}

export function judgeNodes(expected: Expected, nodes: readonly Node[], now: Date): StatusLine[] {
  const byName = new Map(nodes.map((node) => [node.metadata.name, node]));
  return [...machinesByPool(expected)].flatMap(([pool, names]) => {
    const part = `nodes ${pool}`;
    const found = names.flatMap((name) => byName.get(name) ?? []);
    const missing = names.filter((name) => !byName.has(name));
    const digest = expected.fileDigests[pool];
    const withAgent = found.filter((node) => answerOf(node) !== undefined || orderOf(node) !== undefined);
    const converged = withAgent.filter((node) => digest !== undefined && hasFiles(node, { digest }));
    const files =
      withAgent.length === 0 ? [] : [`${converged.length} of ${withAgent.length} have the files of the last \`up\``];
    const summary = [`${found.filter(isReady).length} of ${names.length} Ready`, versionsOf(found), ...files];
    const findings = [
      ...missingLines(part, missing),
      ...found.flatMap((node) => readinessLines(part, node, now)),
      ...fileLines(part, withAgent, converged),
      ...found.flatMap((node) => upkeepLines(part, node, now)),
    ];
    const level = missing.length > 0 || !found.every(isReady) ? "bad" : "ok";
    return [{ part, level, text: summary.filter((text) => text !== "").join("; ") }, ...firstLines(findings)];
  });
}

/** Kubelet versions, for instance "v1.36.2", or "2 v1.36.2, 1 v1.35.4". */
function versionsOf(nodes: readonly Node[]): string {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(kubeletVersion(node), (counts.get(kubeletVersion(node)) ?? 0) + 1);
  const sorted = [...counts].sort(([a], [b]) => (a < b ? 1 : -1));
  return sorted.map(([version, count]) => (sorted.length === 1 ? version : `${count} ${version}`)).join(", ");
}

export function kubeletVersion({ status }: Node): string {
  return status?.nodeInfo?.kubeletVersion || "no version";
}

function missingLines(part: string, names: readonly string[]): StatusLine[] {
  if (names.length === 0) return [];
  return [
    {
      part,
      level: "bad",
      text: `${listed(names)} ${names.length === 1 ? "has" : "have"} no Node`,
      remedy:
        "docs/runbooks/node-deleted.md, or docs/runbooks/machine-does-not-join.md if it never was a node; where the server is gone too, docs/runbooks/replace-machine.md",
    },
  ];
}

function readinessLines(part: string, node: Node, now: Date): StatusLine[] {
  const { name } = node.metadata;
  const { conditions = [] } = node.status ?? {};
  const since = (time = "") => (Number.isNaN(Date.parse(time)) ? "" : ` for ${ageOf(time, now)}`);
  if (!isReady(node)) {
    const ready = conditions.find(({ type }) => type === "Ready");
    const text = `${name} is not Ready${since(ready?.lastTransitionTime)}: ${notReadyReason(conditions) ?? "it says no why"}`;
    return [{ part, level: "bad", text, remedy: "docs/runbooks/alerts/NodeNotReady.md" }];
  }
  // All others, of the kubelet and of node-problem-detector, are True when something is wrong.
  return conditions
    .filter(({ type, status }) => type !== "Ready" && status === "True")
    .map(({ type, message, lastTransitionTime }) => ({
      part,
      level: "bad",
      text: `${name} has ${type}${since(lastTransitionTime)}${message ? `: ${message}` : ""}`,
      remedy: `docs/runbooks/alerts/${type.endsWith("Pressure") ? "NodePressure" : "NodeProblem"}.md`,
    }));
}

function fileLines(part: string, withAgent: readonly Node[], converged: readonly Node[]): StatusLine[] {
  const others = withAgent.filter((node) => !converged.includes(node));
  const failed = others.filter((node) => answerOf(node)?.state === "failed");
  const pending = others.filter((node) => !failed.includes(node)).map(({ metadata }) => metadata.name);
  const remedy = "docs/how-to/change-a-setting.md";
  return [
    ...failed.map((node): StatusLine => ({
      part,
      level: "warn",
      text: `${node.metadata.name} did not take its files: ${answerOf(node)?.message ?? ""}`,
      remedy,
    })),
    ...(pending.length === 0
      ? []
      : [{ part, level: "warn" as const, text: `${listed(pending)} without the files of the last \`up\``, remedy }]),
  ];
}

function upkeepLines(part: string, node: Node, now: Date): StatusLine[] {
  const { name, annotations } = node.metadata;
  const reboot = annotations?.[rebootAnnotation];
  const cordoned = node.spec?.["unschedulable"] === true;
  return [
    ...(reboot === undefined
      ? []
      : [
          {
            part,
            level: "warn" as const,
            text: `${name} waits for a reboot by kured, or reboots, for ${ageOf(reboot, now)}`,
            remedy: "docs/how-to/reboot-nodes.md",
          },
        ]),
    ...(cordoned
      ? [
          {
            part,
            level: "warn" as const,
            text: `${name} is cordoned by ${cordonedBy(node, now)}`,
            remedy: "docs/runbooks/alerts/NodeUnschedulable.md",
          },
        ]
      : []),
  ];
}

interface ManagedFields {
  readonly manager?: string;
  readonly time?: string;
  readonly fieldsV1?: { readonly "f:spec"?: Readonly<Record<string, unknown>> };
}

/** Who set `unschedulable`: the API server keeps the program that wrote a field, and not the person. */
function cordonedBy(node: Node, now: Date): string {
  if (isLeaving(node)) return "`pulumi up`, which drains it";
  const all = (node.metadata["managedFields"] ?? []) as readonly ManagedFields[];
  const writer = all.find(({ fieldsV1 }) => fieldsV1?.["f:spec"]?.["f:unschedulable"] !== undefined);
  if (writer?.manager === undefined) return "a program that the API server does not name";
  return `${writer.manager}${writer.time === undefined ? "" : `, ${ageOf(writer.time, now)} ago`}`;
}
