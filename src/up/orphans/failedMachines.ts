import type { OpenstackApi } from "../../openstack/client";

interface Server {
  readonly name: string;
  readonly status: string;
  readonly "OS-SRV-USG:launched_at": string | null;
}

/**
 * Names of the cluster's machines that Nova accepted and could not start, for want of a host say. They have never run.
 * The provider remembers their ids, so it would leave them as they are for ever.
 */
export async function stillbornMachines(api: OpenstackApi, clusterName: string): Promise<ReadonlySet<string>> {
  const found = await api.list<Server>(
    "compute",
    `/servers/detail?status=ERROR&name=${encodeURIComponent(`^${clusterName}-`)}`,
    "servers",
  );
  return new Set(
    found
      .filter((server) => server.status === "ERROR" && server["OS-SRV-USG:launched_at"] === null)
      .map(({ name }) => name),
  );
}
