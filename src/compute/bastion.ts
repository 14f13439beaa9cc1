import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { renderBastionUserData } from "../bootstrap/bastion";
import { bastionTemplateDigest } from "../bootstrap/templateDigest";
import type { ClusterConfig } from "../config/clusterConfig";
import type { Network } from "../network/network";
import { createPort, firstAddress } from "../network/port";
import type { SecurityGroups } from "../network/securityGroups";
import { openstackTags } from "../network/tags";
import type { MachineSummary } from "./controlPlane";
import { createMachine } from "./machine";
import { isRolled } from "../machines/updatePolicy";

export interface BastionArgs {
  readonly config: NonNullable<ClusterConfig["ssh"]["bastion"]>;
  readonly network: Network;
  readonly securityGroups: SecurityGroups;
}

/** The machine to jump from: no part of Kubernetes, holds no secret, and may be replaced at any time. */
export class Bastion extends pulumi.ComponentResource {
  public readonly machine: MachineSummary;
  /** Where to log in: the floating IP where there is one, else the private address. */
  public readonly address: pulumi.Output<string>;

  constructor(config: ClusterConfig, args: BastionArgs, opts?: pulumi.ComponentResourceOptions) {
    const name = `${config.clusterName}-bastion`;
    super("openstack-kubernetes:compute:Bastion", name, {}, opts);
    const tags = openstackTags(config);
    const port = createPort(
      config,
      name,
      { network: args.network, securityGroups: args.securityGroups, groups: ["bastion"] },
      { parent: this },
    );
    const templateDigest = bastionTemplateDigest(config);
    const server = createMachine(
      config,
      name,
      {
        role: "bastion",
        pool: "bastion",
        index: 0,
        flavor: args.config.flavor,
        image: args.config.image ?? config.image,
        networks: [{ port: port.id }],
        userData: renderBastionUserData(config).encoded,
        templateDigest,
        rolled: isRolled(config, name, "bastion"),
      },
      { parent: this, dependsOn: [...args.network.ready, ...args.securityGroups.rules] },
    );
    this.machine = { name, server, templateDigest };
    const pool = config.network.externalNetwork;
    this.address =
      args.config.floatingIp && pool !== undefined
        ? new openstack.networking.FloatingIp(
            name,
            { pool, portId: port.id, tags },
            { parent: this, dependsOn: [...args.network.ready] },
          ).address
        : firstAddress(port);
    this.registerOutputs({});
  }
}
