import * as openstack from "@pulumi/openstack";
import type * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";
import type { Network } from "./network";
import type { SecurityGroups } from "./securityGroups";
import type { SecurityGroupName } from "./securityGroupRules";
import { openstackTags } from "./tags";

interface PortArgs {
  readonly network: Network;
  readonly securityGroups: SecurityGroups;
  /** Names of the cluster's groups that filter its traffic. */
  readonly groups: readonly SecurityGroupName[];
  /** Absent: any free address of the cluster's subnet. */
  readonly address?: string;
  /** Addresses that the machine may answer for besides its own. */
  readonly sharedAddresses?: readonly pulumi.Input<string>[];
}

/** A port in the cluster's subnet: an address that is known before anything uses it. Its logical name is its name. */
export function createPort(
  config: ClusterConfig,
  name: string,
  args: PortArgs,
  opts: pulumi.CustomResourceOptions,
): openstack.networking.Port {
  const { network, securityGroups, groups, address, sharedAddresses } = args;
  return new openstack.networking.Port(
    name,
    {
      name,
      networkId: network.networkId,
      fixedIps: [{ subnetId: network.subnetId, ...(address === undefined ? {} : { ipAddress: address }) }],
      securityGroupIds: groups.map((group) => securityGroups.id(group)),
      ...(sharedAddresses === undefined
        ? {}
        : { allowedAddressPairs: sharedAddresses.map((ipAddress) => ({ ipAddress })) }),
      tags: openstackTags(config),
    },
    opts,
  );
}

/** First fixed address of a port; Neutron always gives one, since no port of ours has `noFixedIp`. */
export function firstAddress(port: openstack.networking.Port): pulumi.Output<string> {
  return port.allFixedIps.apply((addresses) => {
    const [first] = addresses;
    if (first === undefined) throw new Error("Neutron gave a port no address");
    return first;
  });
}
