/**
 * Alerts that fire, by Alertmanager's own program within its pod: network policies let nobody else reach it
 * (gitops/infrastructure/monitoring/network.yaml).
 */
import { listAll } from "../kubernetes/answers";
import type { KubernetesAccess, KubernetesRequest } from "../kubernetes/client";
import { execInPod } from "../kubernetes/execInPod";
import { type Condition, isReady } from "../kubernetes/nodes";
import { ageOf, firstLines, type StatusLevel, type StatusLine } from "./statusLine";

const part = "alerts";
/** Fires always: without it nothing is known of the others. */
const watchdog = "Watchdog";
/** Milliseconds. */
const execLimit = 6_000;

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly startsAt: string;
}

/** Those that fire and are not silenced; undefined where no pod of Alertmanager is Ready. */
export async function askAlerts(access: KubernetesAccess, request: KubernetesRequest): Promise<Alert[] | undefined> {
  type Pod = { metadata: { name: string }; status?: { conditions?: readonly Condition[] } };
  const namespace = "monitoring";
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app.kubernetes.io/name%3Dalertmanager`;
  const pods = await listAll<Pod>("a listing of Alertmanager's pods", path, request);
  const pod = pods.find(isReady)?.metadata.name;
  if (pod === undefined) return undefined;
  const command = ["amtool", "alert", "query", "--output=json", "--alertmanager.url=http://localhost:9093"];
  return JSON.parse(
    await execInPod(access, { namespace, pod, container: "alertmanager", command }, execLimit),
  ) as Alert[];
}

const levels: Readonly<Record<string, StatusLevel>> = { critical: "bad", warning: "warn" };

/** @param wanted Whether the stack file has Flux, which brings Alertmanager; undefined where it could not be read. */
export function judgeAlerts(
  alerts: readonly Alert[] | undefined,
  wanted: boolean | undefined,
  now: Date,
): StatusLine[] {
  if (alerts === undefined)
    return wanted === false
      ? [{ part, level: "absent", text: "this stack has no Alertmanager" }]
      : [
          {
            part,
            level: "bad",
            text: "no pod of Alertmanager is Ready, so no alert reaches anybody",
            remedy: "docs/runbooks/alerts/StatefulSetUnavailable.md",
          },
        ];
  const groups = new Map<string, Alert[]>();
  for (const alert of alerts) {
    const name = alert.labels.alertname ?? "an alert without a name";
    groups.set(name, [...(groups.get(name) ?? []), alert]);
  }
  const hasWatchdog = groups.delete(watchdog);
  const lines = [...groups].map(([name, all]): StatusLine => {
    const oldest = all.reduce((a, b) => (a.startsAt <= b.startsAt ? a : b));
    const times = all.length === 1 ? "" : `, ${all.length}-fold`;
    const { severity = "none" } = oldest.labels;
    const summary = oldest.annotations?.summary;
    return {
      part,
      level: levels[severity] ?? "ok",
      text: `${name} (${severity}${times}) for ${ageOf(oldest.startsAt, now)}${summary === undefined ? "" : `: ${summary}`}`,
      remedy: oldest.annotations?.runbook_url ?? "docs/monitoring.md",
    };
  });
  const order: readonly StatusLevel[] = ["bad", "warn", "ok"];
  const sorted = lines.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
  const silent: StatusLine[] = hasWatchdog
    ? []
    : [
        {
          part,
          level: "warn",
          text: "Watchdog does not fire, so Prometheus does not tell Alertmanager what is wrong",
          remedy: "docs/runbooks/alerts/Watchdog.md",
        },
      ];
  if (lines.length === 0 && hasWatchdog)
    return [{ part, level: "ok", text: "none fires but Watchdog, which always does" }];
  return [...silent, ...firstLines(sorted)];
}
