/** How much of everything the project may have and has, as each service tells it. */
import type { OpenstackApi } from "../openstack/client";
import type { Allowance, ComputeFacts } from "./cloudFacts";

type ServerQuota = Pick<ComputeFacts, "cores" | "ram" | "instances" | "serverGroups" | "serverGroupMembers">;

/** Throws an OpenstackError when Nova does not answer or refuses, as the others do of their services. */
export async function serverQuota(api: OpenstackApi): Promise<ServerQuota> {
  const { limits } = await api.get<{ limits: { absolute: Record<string, number> } }>("compute", "/limits");
  const { absolute } = limits;
  const allowance = (limit: string, used: string): Allowance | undefined =>
    absolute[limit] === undefined || absolute[used] === undefined
      ? undefined
      : { limit: absolute[limit], used: absolute[used] };
  return {
    cores: allowance("maxTotalCores", "totalCoresUsed"),
    ram: allowance("maxTotalRAMSize", "totalRAMUsed"),
    instances: allowance("maxTotalInstances", "totalInstancesUsed"),
    serverGroups: allowance("maxServerGroups", "totalServerGroupsUsed"),
    serverGroupMembers: absolute.maxServerGroupMembers,
  };
}

/** By Cinder's names, for instance gigabytes or gigabytes_ssd. */
export async function volumeQuota(api: OpenstackApi): Promise<Readonly<Record<string, Allowance>>> {
  const { quota_set: quota } = await api.get<{
    quota_set: Record<string, { limit: number; in_use: number; reserved: number } | string>;
  }>("block-storage", `/os-quota-sets/${api.projectId}?usage=true`);
  const allowances = Object.entries(quota).flatMap(([name, value]) =>
    typeof value === "string" ? [] : [[name, { limit: value.limit, used: value.in_use + value.reserved }] as const],
  );
  return Object.fromEntries(allowances);
}

/** By Neutron's names, for instance floatingip. */
export async function networkQuota(api: OpenstackApi): Promise<Readonly<Record<string, Allowance>>> {
  const { quota } = await api.get<{ quota: Record<string, { limit: number; used: number; reserved: number }> }>(
    "network",
    `/quotas/${api.projectId}/details.json`,
  );
  const allowances = Object.entries(quota).map(
    ([name, { limit, used, reserved }]) => [name, { limit, used: used + reserved }] as const,
  );
  return Object.fromEntries(allowances);
}
