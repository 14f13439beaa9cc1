/** What must hold before `up` upgrades Kubernetes on machines that run. Nothing is changed here. */
import { compareVersions, minorNumber } from "../config/kubernetesMinors";
import { documentOf, listAll } from "../kubernetes/answers";
import type { KubernetesRequest } from "../kubernetes/client";
import { clusterVersion } from "../kubernetes/kubeadmConfig";
import { listBudgets, underTwoBudgets } from "../kubernetes/budgets";
import { controlPlanePods } from "../kubernetes/controlPlanePods";
import { rebootLockHolder } from "../kubernetes/rebootLock";
import { isLeaving } from "../kubernetes/leavingMark";
import { isReady, kubeletVersionOf, type Node } from "../kubernetes/nodes";
import { type Pod, podsToDrain } from "../kubernetes/podsToDrain";
import { messageOf } from "../engine/messageOf";
import { listed } from "../preflight/findings";

interface UpgradeCheckInput {
  /** Wanted version, for instance "1.36.3". */
  readonly version: string;
  readonly controlPlane: readonly string[];
  readonly workers: readonly string[];
  /** All nodes. */
  readonly nodes: readonly Node[];
  /** Machines of the configuration whose agent takes no orders of this program. */
  readonly withoutAgent: readonly string[];
  /** Whether pods are taken off nodes. */
  readonly drains: boolean;
  /** Components that upstream does not list for the new minor, where that is not allowed. */
  readonly unlistedComponents: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly request: KubernetesRequest;
}

/** Every reason not to begin, a sentence each; empty: the upgrade may begin. */
export async function upgradeRefusals(input: UpgradeCheckInput): Promise<string[]> {
  const checks = [
    versionRefusals(input),
    Promise.resolve(nodeRefusals(input)),
    staticPodRefusals(input),
    input.drains ? budgetRefusals(input.request) : Promise.resolve([]),
    removedApiRefusals(input),
    kuredRefusals(input),
    Promise.resolve(componentRefusals(input)),
  ];
  const answers = await Promise.allSettled(checks);
  return answers.flatMap((answer) =>
    answer.status === "fulfilled" ? answer.value : [`The cluster could not be asked: ${messageOf(answer.reason)}.`],
  );
}

async function versionRefusals({ version, nodes, request }: UpgradeCheckInput): Promise<string[]> {
  const { gitVersion } = documentOf<{ gitVersion: string }>("to show its version", await request("GET", "/version"));
  const answering = gitVersion.replace(/^v/, "");
  const kept = (await clusterVersion(request)) ?? answering;
  const current = compareVersions(kept, answering) > 0 ? kept : answering;
  const kubelets = nodes.flatMap((node) => {
    const found = kubeletVersionOf(node);
    return found === undefined ? [] : [{ name: node.metadata.name, version: found }];
  });
  const newer = kubelets.filter((kubelet) => compareVersions(kubelet.version, version) > 0);
  // A kubelet may be three minors older than its API server: https://kubernetes.io/releases/version-skew-policy/.
  const old = kubelets.filter((kubelet) => minorNumber(kubelet.version) < minorNumber(version) - 3);
  const named = (all: typeof kubelets) => all.map((one) => `${one.name} (${one.version})`).join(", ");
  return [
    ...(compareVersions(version, current) < 0
      ? [`The control plane is ${current}, and Kubernetes has no way back to ${version}. Keep ${current} or newer.`]
      : []),
    ...(minorNumber(version) > minorNumber(current) + 1
      ? [`${version} skips minors after ${current}. Upgrade to 1.${minorNumber(current) + 1} first.`]
      : []),
    ...(newer.length > 0 ? [`Kubelets are newer than ${version}: ${named(newer)}. Roll these machines.`] : []),
    ...(old.length > 0 ? [`Kubelets are too old for ${version}: ${named(old)}. Upgrade or roll them first.`] : []),
  ];
}

function nodeRefusals({ controlPlane, workers, nodes, withoutAgent }: UpgradeCheckInput): string[] {
  const known = new Map(nodes.map((node) => [node.metadata.name, node]));
  const present = [...controlPlane, ...workers].flatMap((name) => known.get(name) ?? []);
  const broken = present.filter((node) => !isReady(node)).map(({ metadata }) => metadata.name);
  const lost = controlPlane.filter((name) => !known.has(name));
  const leaving = nodes.filter(isLeaving).map(({ metadata }) => metadata.name);
  const list = (names: readonly string[]) => names.join(", ");
  return [
    ...(broken.length > 0
      ? [`Not Ready: ${list(broken)}. Repair or replace each (docs/runbooks/replace-machine.md).`]
      : []),
    ...(lost.length > 0 ? [`Of the control plane these have no Node: ${list(lost)}. Finish an \`up\` first.`] : []),
    ...(withoutAgent.length > 0
      ? [`These machines take no changed settings: ${list(withoutAgent)}. Roll them first.`]
      : []),
    ...(leaving.length > 0
      ? [`A roll or a smaller pool is not finished: ${list(leaving)}. Finish that \`up\` first.`]
      : []),
  ];
}

async function staticPodRefusals({ controlPlane, nodes, request }: UpgradeCheckInput): Promise<string[]> {
  const pods = await controlPlanePods(request);
  const ready = new Set(pods.filter(isReady).map(({ metadata }) => metadata.name));
  const known = new Set(nodes.map(({ metadata }) => metadata.name));
  const missing = controlPlane
    .filter((name) => known.has(name))
    .flatMap((name) => ["etcd", "kube-apiserver"].map((component) => `${component}-${name}`))
    .filter((name) => !ready.has(name));
  return missing.length === 0
    ? []
    : [`Not Ready in the control plane: ${missing.join(", ")}. Mend them first (\`npm run status\`).`];
}

async function budgetRefusals(request: KubernetesRequest): Promise<string[]> {
  const budgets = await listBudgets(request);
  const closed = budgets.filter(
    ({ status }) => (status?.expectedPods ?? 0) > 0 && (status?.disruptionsAllowed ?? 0) === 0,
  );
  // One budget is over nobody twice.
  const pods = budgets.length < 2 ? [] : await listAll<Pod>("a listing of pods", "/api/v1/pods", request);
  const underTwo = pods.filter((pod) => underTwoBudgets(pod, budgets) !== undefined);
  const stuck = (await podsToDrain(underTwo, request)).flatMap((pod) => underTwoBudgets(pod, budgets) ?? []);
  const runbook = "docs/runbooks/drain-held.md";
  return [
    ...(closed.length === 0
      ? []
      : [
          `PodDisruptionBudgets allow no eviction now: ${closed.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(", ")}. Change them, or make their pods healthy (${runbook}).`,
        ]),
    ...(stuck.length === 0
      ? []
      : [
          `Kubernetes never evicts a pod that more than one PodDisruptionBudget is over: ${listed(stuck)}. Leave one of them over each (${runbook}).`,
        ]),
  ];
}

/** The metric stays until the API server restarts: what was asked for since then. It is of the one that answers. */
async function removedApiRefusals({ version, request }: UpgradeCheckInput): Promise<string[]> {
  const answer = await request("GET", "/metrics");
  if (answer.status !== 200) throw new Error(`the API answers ${answer.status} to GET /metrics`);
  const removed = [...answer.body.matchAll(/^apiserver_requested_deprecated_apis\{(.*)\} 1$/gm)].flatMap((line) => {
    const labels = new Map([...(line[1] as string).matchAll(/(\w+)="([^"]*)"/g)].map((one) => [one[1], one[2] ?? ""]));
    const release = labels.get("removed_release") ?? "";
    if (!release.includes(".") || minorNumber(release) > minorNumber(version)) return [];
    const group = [labels.get("group"), labels.get("version")].filter(Boolean).join("/");
    return [`${labels.get("resource") ?? "?"} of ${group} (removed in ${release})`];
  });
  return removed.length === 0
    ? []
    : [
        `Somebody still asks for APIs that ${version} does not have: ${[...new Set(removed)].join(", ")}. Move clients and manifests to their successors; the audit log says who asks.`,
      ];
}

/** A lock that no node holds, for instance somebody's who stopped reboots, stands in the way of nothing. */
async function kuredRefusals({ nodes, now, request }: UpgradeCheckInput): Promise<string[]> {
  const holder = await rebootLockHolder(request, now);
  return nodes.some(({ metadata }) => metadata.name === holder)
    ? [`kured reboots ${holder ?? ""} now. Wait until it is done, and run \`pulumi up\` again.`]
    : [];
}

function componentRefusals({ version, unlistedComponents }: UpgradeCheckInput): string[] {
  return unlistedComponents.length === 0
    ? []
    : [
        `Upstream does not list ${version} as supported by ${unlistedComponents.join(", ")}. Choose an older minor, or set update.allowUnlistedComponents.`,
      ];
}
