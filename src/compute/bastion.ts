import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { renderBastionUserData } from "../bootstrap/bastion";
import { templateDigestOf } from "../bootstrap/template";
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineSpec } from "../machines/planMachines";
import type { Network } from "../network/network";
import { createPort, firstAddress } from "../network/port";
import type { SecurityGroups } from "../network/securityGroups";
import { openstackTags } from "../network/tags";
import { createMachine, machineUserData, type MachineSummary } from "./machine";

interface BastionArgs {
  readonly network: Network;
  readonly securityGroups: SecurityGroups;
  /** Runs before it is created or updated, which it takes note of. */
  readonly touched: pulumi.ResourceHook;
}

/** The machine to jump from: no part of Kubernetes, holds no secret, and may be replaced at any time. */
export class Bastion extends pulumi.ComponentResource {
  public readonly machine: MachineSummary;
  /** Where to log in: the floating IP where there is one, else the private address. */
  public readonly address: pulumi.Output<string>;

  constructor(config: ClusterConfig, spec: MachineSpec, args: BastionArgs, opts?: pulumi.ComponentResourceOptions) {
    const { name } = spec;
    super("openstack-kubernetes:compute:Bastion", name, {}, opts);
    const port = createPort(config, name, { ...args, groups: ["bastion"] }, { parent: this });
    this.machine = createMachine(
      config,
      spec,
      {
        networks: [{ port: port.id }],
        userData: machineUserData(renderBastionUserData(config).encoded),
        templateDigest: templateDigestOf(config, spec),
      },
      {
        parent: this,
        dependsOn: [...args.network.ready, ...args.securityGroups.rules],
        hooks: { beforeCreate: [args.touched] },
      },
    );
    const pool = config.network.externalNetwork;
    this.address =
      config.ssh.bastion?.floatingIp === true && pool !== undefined
        ? new openstack.networking.FloatingIp(
            name,
            { pool, portId: port.id, tags: openstackTags(config) },
            { parent: this, dependsOn: [...args.network.ready] },
          ).address
        : firstAddress(port);
    this.registerOutputs({});
  }
}
