import * as openstack from "@pulumi/openstack";
import type * as pulumi from "@pulumi/pulumi";
import type { ControlPlaneConfig } from "../config/clusterConfig";

/** A Nova server group, or undefined for the policy "none". The policy cannot be changed once machines are in it. */
export function createServerGroup(
  name: string,
  policy: ControlPlaneConfig["serverGroupPolicy"],
  opts: pulumi.CustomResourceOptions,
): openstack.compute.ServerGroup | undefined {
  if (policy === "none") return undefined;
  return new openstack.compute.ServerGroup(
    name,
    { name, policies: [policy] },
    { ...opts, ignoreChanges: ["policies"] },
  );
}
