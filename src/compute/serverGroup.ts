import * as openstack from "@pulumi/openstack";
import { getVersion } from "@pulumi/openstack/utilities";
import type * as pulumi from "@pulumi/pulumi";
import type { MachineTemplate } from "../machines/planMachines";

/** The Nova server group of a template, if it has one. The policy cannot be changed once machines are in it. */
export function createServerGroup(
  { serverGroup: name, serverGroupPolicy: policy }: MachineTemplate,
  opts: pulumi.CustomResourceOptions,
): openstack.compute.ServerGroup | undefined {
  if (name === undefined) return undefined;
  // Major 3 of the SDK takes a list of one policy, major 5 the policy itself.
  const policies = (getVersion().startsWith("3.") ? [policy] : policy) as openstack.compute.ServerGroupArgs["policies"];
  return new openstack.compute.ServerGroup(name, { name, policies }, { ...opts, ignoreChanges: ["policies"] });
}
