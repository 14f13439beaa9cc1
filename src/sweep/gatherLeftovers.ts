/** Asks OpenStack what is in the project: one page per 1,000 items of each kind, whatever the cluster's size. */
import { clusterTag } from "../network/tags";
import type { OpenstackApi } from "../openstack/client";
import type { Disk, FloatingIp, LoadBalancer, Port, Remains, SecurityGroup, Server, Volume } from "./remains";

/** Throws an OpenstackError when a service does not answer: a sweep that sees half of it would call the rest clean. */
export async function gatherRemains(api: OpenstackApi, clusterName: string): Promise<Remains> {
  const mine = `project_id=${api.projectId}`;
  const own = (collection: string, key: string) =>
    api
      .list<{ id: string }>(
        "network",
        `/${collection}?${mine}&tags=${encodeURIComponent(clusterTag(clusterName))}&fields=id`,
        key,
      )
      .then((items) => new Set(items.map(({ id }) => id)));
  const volumes = api.has("block-storage");
  const [ownNetworkIds, ownSubnetIds, servers, loadBalancers, floatingIps, securityGroups, ports, disks, snapshots] =
    await Promise.all([
      own("networks", "networks"),
      own("subnets", "subnets"),
      api.list<Server>("compute", "/servers/detail", "servers"),
      api.has("load-balancer")
        ? api.list<LoadBalancer>("load-balancer", `/lbaas/loadbalancers?${mine}`, "loadbalancers")
        : [],
      api.list<FloatingIp>("network", `/floatingips?${mine}`, "floatingips"),
      api.list<SecurityGroup>(
        "network",
        `/security-groups?${mine}&fields=id&fields=name&fields=description`,
        "security_groups",
      ),
      api.list<Port>("network", `/ports?${mine}`, "ports"),
      volumes ? api.list<Volume>("block-storage", "/volumes/detail", "volumes") : [],
      volumes ? api.list<Disk>("block-storage", "/snapshots/detail", "snapshots") : [],
    ]);
  return {
    ownNetworkIds,
    ownSubnetIds,
    servers,
    loadBalancers,
    floatingIps,
    securityGroups,
    ports,
    volumes: disks,
    snapshots,
  };
}
