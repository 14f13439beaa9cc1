/** The last backup of etcd that left the machines, as the machine that made it records it. */
import { backupLateHours, backupSecretName } from "../bootstrap/etcdBackup";
import { documentOf } from "../kubernetes/answers";
import type { KubernetesRequest } from "../kubernetes/client";
import { filesNamespace } from "../kubernetes/filesGuard";
import { ageOf, shownBytes, type StatusLine } from "./statusLine";

const part = "backups";
const remedy = "docs/how-to/back-up-etcd.md";

interface LastBackup {
  /** Of the newest that is in the bucket; absent before the first. */
  readonly name?: string;
  /** Bytes. */
  readonly size?: number;
  /** RFC 3339: when its snapshot was taken; before the first backup when backups were switched on. */
  readonly since: string;
  /** Why the last attempt failed; absent where it did not. */
  readonly failure?: string;
}

/** Undefined where the cluster makes no backups. */
export async function askBackups(request: KubernetesRequest): Promise<LastBackup | undefined> {
  const secret = await request("GET", `/api/v1/namespaces/${filesNamespace}/secrets/${backupSecretName}`);
  if (secret.status === 404) return undefined;
  const { creationTimestamp } = documentOf<{ readonly metadata: { readonly creationTimestamp: string } }>(
    "to show the Secret of the backups",
    secret,
  ).metadata;
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${filesNamespace}/leases`;
  const answer = await request("GET", `${leases}/openstack-kubernetes-last-backup`);
  if (answer.status === 404) return { since: creationTimestamp };
  const { metadata, spec } = documentOf<{
    readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
    readonly spec?: { readonly renewTime?: string };
  }>("to show the last backup", answer);
  const about = (key: string) => metadata.annotations?.[`openstack-kubernetes/${key}`];
  return {
    name: about("name"),
    size: Number(about("size") ?? 0),
    failure: about("failure"),
    since: spec?.renewTime ?? creationTimestamp,
  };
}

/** @param intervalHours As the stack file says; undefined where it cannot be read. */
export function judgeBackups(last: LastBackup | undefined, intervalHours: number | undefined, now: Date): StatusLine[] {
  if (last === undefined)
    return [{ part, level: "absent", text: "none leaves the machines (kubernetes.etcd.backup)", remedy }];
  const { name, size = 0, since, failure } = last;
  const hours = (now.getTime() - Date.parse(since)) / 3_600_000;
  const isLate = intervalHours !== undefined && hours > backupLateHours(intervalHours);
  const text =
    name === undefined
      ? `no backup has arrived in the bucket since they were switched on ${ageOf(since, now)} ago`
      : `last ${ageOf(since, now)} ago, ${shownBytes(size)}: ${name}`;
  const failed = failure === undefined ? [] : [`the last attempt failed: ${failure}`];
  return [
    {
      part,
      level: isLate ? "bad" : failure === undefined && name !== undefined ? "ok" : "warn",
      text: [text, ...failed].join("; "),
      ...(isLate || failure !== undefined || name === undefined ? { remedy } : {}),
    },
  ];
}
