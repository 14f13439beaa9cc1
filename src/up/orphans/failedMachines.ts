import { machineClusterKey } from "../../machines/metadataKeys";
import type { OpenstackApi } from "../../openstack/client";
import { detailed, listResources } from "../../openstack/resources";
import { createdTypes, serverQuery } from "../../openstack/resourceTypes";

interface Server {
  readonly name: string;
  readonly status: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly "OS-SRV-USG:launched_at": string | null;
}

/**
 * Names of the cluster's machines that Nova accepted and could not start, for example because no host had room. They
 * have never run. The provider remembers their ids, so it would leave them as they are for ever.
 */
export async function machinesFailedAtCreation(api: OpenstackApi, clusterName: string): Promise<ReadonlySet<string>> {
  const query = `status=ERROR&${serverQuery(clusterName)}`;
  const found = await listResources<Server>(api, detailed(createdTypes.server), query);
  return new Set(
    found
      .filter(({ metadata }) => metadata[machineClusterKey] === clusterName)
      .filter((server) => server.status === "ERROR" && server["OS-SRV-USG:launched_at"] === null)
      .map(({ name }) => name),
  );
}
