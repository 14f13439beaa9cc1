/** Neutron: security groups and floating IPs. */
import { idOf } from "../identity";
import { words, type Creation, type Created, type ResourceTypes } from "../resourceType";
import type { Properties } from "../values";
import { addressBefore, found, type Cloud } from "./cloud";
import { region, tenantId } from "./networkTypes";

const ruleInputs = words("direction ethertype portRangeMax portRangeMin protocol remoteGroupId remoteIpPrefix");

export const accessTypes: ResourceTypes = {
  "openstack:networking/secGroup:SecGroup": {
    required: [],
    replaces: new Set(words("deleteDefaultRules region tenantId")),
    create: ({ urn, identity, name, inputs, cloud }) => {
      const id = idOf(identity);
      const groupName = (inputs.name as string | undefined) ?? name;
      // Neutron allows two groups of one name; Nova then refuses every machine that names it.
      cloud.claimName("security group", groupName, urn);
      const defaults =
        inputs.deleteDefaultRules === true
          ? []
          : ["IPv4", "IPv6"].map((ethertype) => fingerprint({ direction: "egress", ethertype }));
      cloud.securityGroups.set(id, {
        name: groupName,
        rules: new Map(defaults.map((rule) => [rule, "Neutron's default egress rule"])),
      });
      return {
        id,
        outputs: {
          region,
          tenantId,
          name: groupName,
          description: inputs.description ?? "",
          allTags: inputs.tags ?? [],
        },
      };
    },
  },
  "openstack:networking/secGroupRule:SecGroupRule": {
    required: words("direction ethertype securityGroupId"),
    replaces: new Set(
      words(
        "description direction ethertype portRangeMax portRangeMin protocol region remoteGroupId remoteIpPrefix securityGroupId tenantId",
      ),
    ),
    check: checkRule,
    create: ({ urn, inputs, cloud }) => {
      const group = found(
        cloud.securityGroups.get(inputs.securityGroupId as string),
        "security group",
        inputs.securityGroupId,
      );
      if (inputs.remoteGroupId !== undefined)
        found(cloud.securityGroups.get(inputs.remoteGroupId as string), "security group", inputs.remoteGroupId);
      const rule = fingerprint(inputs);
      const same = group.rules.get(rule);
      if (same !== undefined)
        throw new Error(
          `Neutron refuses a second identical rule in security group ${group.name} (409 SecurityGroupRuleExists): ${same}`,
        );
      group.rules.set(rule, urn);
      return {
        outputs: {
          region,
          tenantId,
          description: inputs.description ?? "",
          portRangeMin: inputs.portRangeMin ?? 0,
          portRangeMax: inputs.portRangeMax ?? 0,
          protocol: inputs.protocol ?? "",
          remoteGroupId: inputs.remoteGroupId ?? "",
          remoteIpPrefix: inputs.remoteIpPrefix ?? "",
        },
      };
    },
  },
  "openstack:networking/floatingIp:FloatingIp": {
    required: ["pool"],
    replaces: new Set(words("address dnsDomain dnsName pool region subnetId subnetIds tenantId valueSpecs")),
    create: createFloatingIp,
  },
};

function checkRule(inputs: Properties): void {
  const { direction, ethertype, protocol, portRangeMin, portRangeMax, remoteGroupId, remoteIpPrefix } = inputs;
  if (direction !== "ingress" && direction !== "egress")
    throw new Error(`direction is ${JSON.stringify(direction)}; it must be ingress or egress`);
  if (ethertype !== "IPv4" && ethertype !== "IPv6")
    throw new Error(`ethertype is ${JSON.stringify(ethertype)}; it must be IPv4 or IPv6`);
  if (remoteGroupId !== undefined && remoteIpPrefix !== undefined)
    throw new Error("a rule has either remoteGroupId or remoteIpPrefix, not both");
  if (portRangeMin !== undefined && protocol === undefined) throw new Error("a rule with ports needs a protocol");
  if (typeof portRangeMin === "number" && typeof portRangeMax === "number" && portRangeMin > portRangeMax) {
    throw new Error(`portRangeMin ${portRangeMin} is above portRangeMax ${portRangeMax}`);
  }
}

/** What makes two rules of a group identical to Neutron: all but the description. */
function fingerprint(rule: Properties): string {
  return JSON.stringify(ruleInputs.map((name) => rule[name] ?? null));
}

function createFloatingIp({ urn, identity, inputs, cloud, previous }: Creation): Created {
  const id = idOf(identity);
  const address =
    (inputs.address as string | undefined) ??
    cloud.floatingAddress(inputs.pool as string, urn, addressBefore(previous));
  const floatingIp = { id, portId: undefined };
  cloud.floatingIps.set(address, floatingIp);
  const fixedIp = inputs.portId === undefined ? "" : associate(cloud, floatingIp, inputs);
  return {
    id,
    outputs: { region, tenantId, address, fixedIp, portId: inputs.portId ?? "", allTags: inputs.tags ?? [] },
  };
}

/** Leads a floating IP to a port; returns the port's address. */
function associate(cloud: Cloud, floatingIp: { portId: string | undefined }, inputs: Properties): string {
  const port = cloud.port(inputs.portId);
  const address = port.addresses.find(({ ipAddress }) => inputs.fixedIp === undefined || ipAddress === inputs.fixedIp);
  if (address === undefined)
    throw new Error(
      `port ${port.id} has no fixed IP${inputs.fixedIp === undefined ? "" : ` ${inputs.fixedIp as string}`} to lead to`,
    );
  if (floatingIp.portId !== undefined) throw new Error(`the floating IP already leads to port ${floatingIp.portId}`);
  if (!cloud.subnet(address.subnetId).reachable) {
    throw new Error(
      `external network is not reachable from subnet ${address.subnetId}: make the floating IP depend on the router interface`,
    );
  }
  floatingIp.portId = port.id;
  return address.ipAddress;
}
