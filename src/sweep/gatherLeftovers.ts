/** Asks OpenStack what is in the project: one page per 1,000 items of each type, whatever the cluster's size. */
import { clusterTag } from "../network/tags";
import type { OpenstackApi } from "../openstack/client";
import { detailed, listResources } from "../openstack/resources";
import { createdTypes, storageTypes, type CreatedType } from "../openstack/resourceTypes";
import type {
  Remains,
  RemainingDisk,
  RemainingFloatingIp,
  RemainingLoadBalancer,
  RemainingPort,
  RemainingSecurityGroup,
  RemainingServer,
  RemainingVolume,
} from "./remains";

/** Throws an OpenstackError when a service does not answer: a sweep that sees half of it would call the rest clean. */
export async function gatherRemains(api: OpenstackApi, clusterName: string): Promise<Remains> {
  const mine = `project_id=${api.projectId}`;
  const own = async (type: CreatedType) => {
    const query = `${mine}&tags=${encodeURIComponent(clusterTag(clusterName))}&fields=id`;
    return new Set((await listResources<{ id: string }>(api, type, query)).map(({ id }) => id));
  };
  const { network, subnet, server, loadBalancer, floatingIp, securityGroup, port } = createdTypes;
  const groupQuery = `${mine}&fields=id&fields=name&fields=description`;
  const hasVolumes = api.has("block-storage");
  const [ownNetworkIds, ownSubnetIds, servers, loadBalancers, floatingIps, securityGroups, ports, volumes, snapshots] =
    await Promise.all([
      own(network),
      own(subnet),
      listResources<RemainingServer>(api, detailed(server)),
      api.has("load-balancer") ? listResources<RemainingLoadBalancer>(api, loadBalancer, mine) : [],
      listResources<RemainingFloatingIp>(api, floatingIp, mine),
      listResources<RemainingSecurityGroup>(api, securityGroup, groupQuery),
      listResources<RemainingPort>(api, port, mine),
      hasVolumes ? listResources<RemainingVolume>(api, detailed(storageTypes.volume)) : [],
      hasVolumes ? listResources<RemainingDisk>(api, detailed(storageTypes.snapshot)) : [],
    ]);
  return {
    ownNetworkIds,
    ownSubnetIds,
    servers,
    loadBalancers,
    floatingIps,
    securityGroups,
    ports,
    volumes,
    snapshots,
  };
}
