/**
 * etcd's members, each asked by the API server at the port of its metrics: that needs neither Prometheus nor etcd's
 * certificates, and says what the member itself knows, alarms included.
 */
import { counted } from "../config/counted";
import { messageOf } from "../engine/messageOf";
import type { KubernetesRequest } from "../kubernetes/client";
import { withinLimit } from "./askParts";
import { shownBytes, type StatusLine } from "./statusLine";

const part = "etcd";
/** As EtcdDatabaseFull. */
const nearlyFull = 0.8;
/** Milliseconds that a member may take: one whose machine is gone keeps the API server waiting for long. */
const memberLimit = 4_000;

export interface EtcdMember {
  readonly machine: string;
  /** Why it could not be asked; the rest is then absent. */
  readonly silence?: string;
  /** What is wrong with it, in its own words, for instance "ALARM NOSPACE"; absent where nothing is. */
  readonly trouble?: string;
  readonly isLeader?: boolean;
  readonly hasLeader?: boolean;
  /** Bytes of its database file. */
  readonly size?: number;
  /** Bytes of it that hold something; a defragmentation gives the others back. */
  readonly inUse?: number;
  /** Bytes. */
  readonly quota?: number;
}

export function askEtcd(request: KubernetesRequest, machines: readonly string[]): Promise<EtcdMember[]> {
  return Promise.all(
    machines.map(async (machine) => {
      const at = `/api/v1/namespaces/kube-system/pods/etcd-${machine}:2381/proxy`;
      try {
        const both = Promise.all([request("GET", `${at}/health`), request("GET", `${at}/metrics`)]);
        const [health, metrics] = await withinLimit(memberLimit, both);
        return readMember(machine, health.body, metrics.body);
      } catch (error) {
        return { machine, silence: messageOf(error) };
      }
    }),
  );
}

/** @param health `{"health":"false","reason":"ALARM NOSPACE"}`. @param metrics As Prometheus reads them. */
export function readMember(machine: string, health: string, metrics: string): EtcdMember {
  const value = (name: string) => {
    const found = new RegExp(`^${name} (\\S+)$`, "m").exec(metrics)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const size = value("etcd_mvcc_db_total_size_in_bytes");
  const answer = parsed(health);
  if (size === undefined || answer.health === undefined)
    return { machine, silence: answer.message ?? "what answers at port 2381 is no etcd" };
  const flag = (name: string) => value(name) === 1;
  return {
    machine,
    ...(answer.health === "true" ? {} : { trouble: answer.reason || "it says no why" }),
    isLeader: flag("etcd_server_is_leader"),
    hasLeader: flag("etcd_server_has_leader"),
    size,
    inUse: value("etcd_mvcc_db_total_size_in_use_in_bytes"),
    quota: value("etcd_server_quota_backend_bytes"),
  };
}

/** `message` is that of the API server, where it could not reach the member. */
function parsed(health: string): { readonly health?: string; readonly reason?: string; readonly message?: string } {
  try {
    return JSON.parse(health) as object;
  } catch {
    return {};
  }
}

export function judgeEtcd(members: readonly EtcdMember[]): StatusLine[] {
  const asked = members.filter(({ silence }) => silence === undefined);
  const [first] = members;
  if (asked.length === 0) throw new Error(first?.silence ?? "the stack has no control-plane machine");
  const healthy = asked.filter(({ trouble }) => trouble === undefined);
  const leader = asked.find(({ isLeader }) => isLeader === true);
  // A leader that could not be asked is still seen by the others.
  const led = leader !== undefined || asked.some(({ hasLeader }) => hasLeader === true);
  const fullest = [...asked].sort((a, b) => shareOf(b) - shareOf(a))[0] as EtcdMember;
  const isBroken = healthy.length <= members.length / 2 || !led || healthy.length < asked.length;
  return [
    {
      part,
      level: isBroken ? "bad" : asked.length < members.length ? "warn" : "ok",
      text: [
        `${healthy.length} of ${counted(members.length, "member")} healthy`,
        leader !== undefined ? `leader ${leader.machine}` : led ? "the leader could not be asked" : "no leader",
        `${shownBytes(fullest.size ?? 0)} of ${shownBytes(fullest.quota ?? 0)}`,
      ].join("; "),
      ...(led ? {} : { remedy: "docs/runbooks/alerts/EtcdNoLeader.md" }),
    },
    ...asked.flatMap(({ machine, trouble }): StatusLine[] =>
      trouble === undefined ? [] : [{ part, level: "bad", text: `${machine}: ${trouble}`, remedy: remedyOf(trouble) }],
    ),
    ...members.flatMap(({ machine, silence }): StatusLine[] =>
      silence === undefined
        ? []
        : [
            {
              part,
              level: "unknown",
              text: `${machine} could not be asked: ${silence}`,
              remedy: "docs/runbooks/alerts/EtcdMemberDown.md",
            },
          ],
    ),
    ...(shareOf(fullest) < nearlyFull
      ? []
      : [
          {
            part,
            level: "warn" as const,
            text: `${fullest.machine} has used ${Math.round(shareOf(fullest) * 100)} % of its quota, at which it refuses every write`,
            remedy: "docs/runbooks/alerts/EtcdDatabaseFull.md",
          },
        ]),
  ];
}

const shareOf = ({ size = 0, quota = 0 }: EtcdMember): number => (quota === 0 ? 0 : size / quota);

function remedyOf(trouble: string): string {
  return `docs/runbooks/alerts/${trouble.includes("NOSPACE") ? "EtcdDatabaseFull" : "EtcdMemberDown"}.md`;
}
