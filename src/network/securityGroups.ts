import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";
import { openstackTags } from "./tags";
import {
  securityGroupNames,
  securityGroupRuleName,
  securityGroupRules,
  type SecurityGroupName,
  providerProtocol,
} from "./securityGroupRules";

/**
 * The security groups of a cluster, filled from the rule table. Neutron's default egress rules are removed: the table
 * is all there is.
 */
export class SecurityGroups extends pulumi.ComponentResource {
  private readonly groups: ReadonlyMap<SecurityGroupName, openstack.networking.SecGroup>;
  /** The rules: a machine that waits for them is never up without its protection. */
  public readonly rules: readonly pulumi.Resource[];

  constructor(config: ClusterConfig, opts?: pulumi.ComponentResourceOptions) {
    const prefix = config.clusterName;
    super("openstack-kubernetes:network:SecurityGroups", `${prefix}-security-groups`, {}, opts);
    this.groups = new Map(
      securityGroupNames(config).map((name) => [
        name,
        new openstack.networking.SecGroup(
          `${prefix}-${name}`,
          {
            name: `${prefix}-${name}`,
            description: `${name} machines of the Kubernetes cluster ${prefix}`,
            deleteDefaultRules: true,
            tags: openstackTags(config),
          },
          { parent: this },
        ),
      ]),
    );
    this.rules = securityGroupRules(config).map((rule) => {
      const protocol = providerProtocol(rule.ports.protocol);
      return new openstack.networking.SecGroupRule(
        `${prefix}-${securityGroupRuleName(rule)}`,
        {
          securityGroupId: this.id(rule.group),
          direction: rule.direction,
          ethertype: "IPv4",
          description: `${rule.purpose}: ${rule.reason}`,
          ...(protocol === undefined ? {} : { protocol }),
          ...("from" in rule.ports ? { portRangeMin: rule.ports.from, portRangeMax: rule.ports.to } : {}),
          ...("group" in rule.remote
            ? { remoteGroupId: this.id(rule.remote.group) }
            : { remoteIpPrefix: rule.remote.cidr }),
        },
        // A changed row is a new rule beside the old one; making it before the old goes would collide only with an
        // identical rule, which has the same name.
        { parent: this, deleteBeforeReplace: true },
      );
    });
    this.registerOutputs({});
  }

  /** Ids of all groups. */
  public ids(): Readonly<Record<string, pulumi.Output<string>>> {
    return Object.fromEntries([...this.groups].map(([name, { id }]) => [name, id]));
  }

  /** Id of a group; throws for a group that the configuration does not have. */
  public id(name: SecurityGroupName): pulumi.Output<string> {
    return this.group(name).id;
  }

  /** Name of a group, as Nova wants it for machines without a port of their own. */
  public groupName(name: SecurityGroupName): pulumi.Output<string> {
    return this.group(name).name;
  }

  private group(name: SecurityGroupName): openstack.networking.SecGroup {
    const group = this.groups.get(name);
    if (group === undefined) throw new Error(`this cluster has no security group "${name}"`);
    return group;
  }
}
