/** What a stack's configuration says about things that exist already, as the simulated cloud must hold them. */
import type { ClusterConfig } from "../src/config/clusterConfig";
import type { ExistingThings } from "./openstack/cloud";

export function existingThings(config: ClusterConfig): ExistingThings {
  const { networkId, subnetId, cidr } = config.network;
  return {
    networks: [
      ...new Set([
        ...(networkId === undefined ? [] : [networkId]),
        ...config.nodePools.flatMap((pool) => pool.networks),
      ]),
    ],
    subnets: networkId === undefined || subnetId === undefined ? [] : [{ id: subnetId, networkId, cidr }],
  };
}
