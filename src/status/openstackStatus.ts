/** What OpenStack says of the machines, and what it has left. */
import { standingSentences } from "../preflight/checkRunning";
import type { Allowance } from "../preflight/cloudFacts";
import { listed } from "../preflight/findings";
import type { OpenstackApi } from "../openstack/client";
import { serverNames } from "../openstack/machines";
import { standingMachines } from "../preflight/gatherCloudFacts";
import { serverQuota, networkQuota, volumeQuota } from "../preflight/quotas";
import { shownBytes, type StatusLine } from "./statusLine";

/** Of a quota: from there on somebody should ask for more. */
const nearlyUsed = 0.9;

interface ServerFacts {
  /** Names of the servers whose name begins with the cluster's. */
  readonly names: readonly string[];
  /** Those that do not run and will not by themselves, with Nova's status. */
  readonly standing: readonly { readonly name: string; readonly status: string }[];
}

export async function askServers(api: OpenstackApi, clusterName: string): Promise<ServerFacts> {
  const [names, standing] = await Promise.all([serverNames(api, clusterName), standingMachines(api, { clusterName })]);
  return { names, standing };
}

/** @param machines Names of the machines that the last `up` made nodes of. */
export function judgeServers(machines: readonly string[], { names, standing }: ServerFacts): StatusLine[] {
  const part = "servers";
  const missing = machines.filter((name) => !names.includes(name));
  const own = standing.filter(({ name }) => machines.includes(name));
  const running = machines.length - missing.length - own.length;
  return [
    {
      part,
      level: running < machines.length ? "bad" : "ok",
      text: `${running} of ${machines.length} run or start by themselves, says Nova`,
    },
    ...(missing.length === 0
      ? []
      : [
          {
            part,
            level: "bad" as const,
            text: `deleted in OpenStack: ${listed(missing)}`,
            remedy: "docs/runbooks/replace-machine.md from the second command on",
          },
        ]),
    ...standingSentences(own).map(({ text, remedy }) => ({ part, level: "bad" as const, text, remedy })),
  ];
}

type Shown = readonly [what: string, quota: Allowance | undefined, shown?: (amount: number) => string];

export async function askServerQuota(api: OpenstackApi): Promise<StatusLine[]> {
  const { instances, cores, ram } = await serverQuota(api);
  const memory = (mebibytes: number) => shownBytes(mebibytes * 2 ** 20);
  return judgeQuota("Nova quota", [
    ["machines", instances],
    ["vCPU", cores],
    ["memory", ram, memory],
  ]);
}

export async function askVolumeQuota(api: OpenstackApi): Promise<StatusLine[]> {
  const part = "Cinder quota";
  if (!api.has("block-storage")) return [{ part, level: "absent", text: "this cloud has no Cinder" }];
  const { volumes, gigabytes } = await volumeQuota(api);
  return judgeQuota(part, [
    ["volumes", volumes],
    ["size", gigabytes, (amount) => `${amount} GiB`],
  ]);
}

export async function askNetworkQuota(api: OpenstackApi): Promise<StatusLine[]> {
  const { floatingip, port, security_group: groups } = await networkQuota(api);
  return judgeQuota("Neutron quota", [
    ["floating IPs", floatingip],
    ["ports", port],
    ["security groups", groups],
  ]);
}

function judgeQuota(part: string, all: readonly Shown[]): StatusLine[] {
  const known = all.flatMap(([what, quota, shown = String]) => (quota === undefined ? [] : [{ what, quota, shown }]));
  const full = known.filter(({ quota: { limit, used } }) => limit > 0 && used / limit >= nearlyUsed);
  const text = known.map(({ what, quota: { limit, used }, shown }) =>
    limit < 0 ? `${what} ${shown(used)} without limit` : `${what} ${shown(used)} of ${shown(limit)}`,
  );
  return [
    { part, level: "ok", text: text.join(", ") },
    ...full.map(({ what, quota: { limit, used }, shown }): StatusLine => ({
      part,
      level: "warn",
      text: `${what}: only ${shown(Math.max(limit - used, 0))} left`,
      remedy: "ask whoever runs the cloud for more, or delete what nobody uses",
    })),
  ];
}
