/** All rules between fields, in the order in which their sentences are shown. */
import { cgroupVersion, etcdTimings, kubernetesVersion, proxyExceptions, osVersion, packageMirror } from "./kubernetes";
import {
  extraNetworks,
  machineNameLength,
  poolNames,
  rolledControlPlane,
  rollNames,
  somewhereToRun,
  volumes,
} from "./machines";
import {
  addressesOutsideCluster,
  networksApart,
  networksUsable,
  nodeCidrHoldsMachines,
  nodesSupported,
  podCidrHoldsNodes,
  podCidrSize,
  serviceCidrSize,
} from "./networks";
import { labels, taints } from "./nodes";
import {
  bastionNeedsKeys,
  endpointOutsideClusterDomain,
  floatingIpNeedsExternalNetwork,
  subnetNeedsNetwork,
  tagLength,
  tagOfProgram,
  virtualIpAddress,
  virtualIpPort,
} from "./openstack";
import { cloudCredential, gitCredential, plainHttp, settings } from "./platform";
import type { Rule } from "./rule";

export const rules: readonly Rule[] = [
  osVersion,
  cgroupVersion,
  networksApart,
  networksUsable,
  serviceCidrSize,
  podCidrSize,
  podCidrHoldsNodes,
  nodeCidrHoldsMachines,
  nodesSupported,
  addressesOutsideCluster,
  subnetNeedsNetwork,
  floatingIpNeedsExternalNetwork,
  virtualIpAddress,
  virtualIpPort,
  endpointOutsideClusterDomain,
  bastionNeedsKeys,
  tagLength,
  tagOfProgram,
  poolNames,
  machineNameLength,
  somewhereToRun,
  rollNames,
  rolledControlPlane,
  volumes,
  extraNetworks,
  labels,
  taints,
  kubernetesVersion,
  etcdTimings,
  packageMirror,
  proxyExceptions,
  cloudCredential,
  gitCredential,
  settings,
  plainHttp,
];
