import * as openstack from "@pulumi/openstack";
import { getVersion } from "@pulumi/openstack/utilities";
import type * as pulumi from "@pulumi/pulumi";
import type { ControlPlaneConfig } from "../config/clusterConfig";

/** A Nova server group, or undefined for the policy "none". The policy cannot be changed once machines are in it. */
export function createServerGroup(
  name: string,
  policy: ControlPlaneConfig["serverGroupPolicy"],
  opts: pulumi.CustomResourceOptions,
): openstack.compute.ServerGroup | undefined {
  if (policy === "none") return undefined;
  // Major 3 of the SDK takes a list of one policy, major 5 the policy itself.
  const policies = (getVersion().startsWith("3.") ? [policy] : policy) as openstack.compute.ServerGroupArgs["policies"];
  return new openstack.compute.ServerGroup(name, { name, policies }, { ...opts, ignoreChanges: ["policies"] });
}
