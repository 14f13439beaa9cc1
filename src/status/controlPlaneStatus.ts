/** The static pods of the control-plane machines. */
import { counted } from "../config/counted";
import { listAll } from "../kubernetes/answers";
import type { KubernetesRequest } from "../kubernetes/client";
import { type Condition, isReady, notReadyReason } from "../kubernetes/nodes";
import { firstLines, type StatusLine } from "./statusLine";

const part = "control plane";
const components = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];

export interface StaticPod {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly containers?: readonly { readonly image?: string }[] };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly { readonly state?: { readonly waiting?: { readonly reason?: string } } }[];
  };
}

/** kubeadm labels all of them so. */
export function listStaticPods(request: KubernetesRequest): Promise<StaticPod[]> {
  const path = "/api/v1/namespaces/kube-system/pods?labelSelector=tier%3Dcontrol-plane";
  return listAll<StaticPod>("a listing of the control plane's pods", path, request);
}

/** @param machines Names of the control-plane machines. */
export function judgeControlPlane(machines: readonly string[], pods: readonly StaticPod[]): StatusLine[] {
  const byName = new Map(pods.map((pod) => [pod.metadata.name, pod]));
  const wanted = machines.flatMap((machine) => components.map((component) => `${component}-${machine}`));
  const found = wanted.flatMap((name) => byName.get(name) ?? []);
  const ready = found.filter(isReady);
  const versions = [
    ...new Set(found.flatMap(({ spec }) => spec?.containers?.[0]?.image?.replace(/@.*$/, "").split(":").at(-1) ?? [])),
  ].sort();
  const findings = wanted.flatMap((name): StatusLine[] => {
    const pod = byName.get(name);
    if (pod !== undefined && isReady(pod)) return [];
    const text = pod === undefined ? `${name} does not exist` : `${name} is not Ready${causeOf(pod)}`;
    return [{ part, level: "bad", text, remedy: "docs/runbooks/alerts/ControlPlanePodDown.md" }];
  });
  const text = `${ready.length} of ${counted(wanted.length, "static pod")} Ready; ${versions.join(", ") || "no version"}`;
  return [{ part, level: findings.length === 0 ? "ok" : "bad", text }, ...firstLines(findings)];
}

function causeOf({ status }: StaticPod): string {
  const waiting = status?.containerStatuses?.find(({ state }) => state?.waiting?.reason !== undefined);
  const cause = waiting?.state?.waiting?.reason ?? notReadyReason(status?.conditions ?? []);
  return cause === undefined ? "" : `: ${cause}`;
}
