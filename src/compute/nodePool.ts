import type * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { WorkerFacts } from "../bootstrap/inputs";
import { poolTemplateDigest } from "../bootstrap/templateDigest";
import { renderWorkerUserData } from "../bootstrap/worker";
import { poolMachineNames, type ClusterConfig, type NodePoolConfig } from "../config/clusterConfig";
import type { Network } from "../network/network";
import { createPort } from "../network/port";
import type { SecurityGroups } from "../network/securityGroups";
import type { MachineSummary } from "./controlPlane";
import { createMachine } from "./machine";
import type { RollGate } from "./rollGate";
import { createServerGroup } from "./serverGroup";
import { isRolled } from "../machines/updatePolicy";

export interface NodePoolArgs {
  readonly network: Network;
  readonly securityGroups: SecurityGroups;
  /** The token in it is secret. */
  readonly facts: pulumi.Output<WorkerFacts>;
  /**
   * What `beforeCreate` waits for: workers that wait take the engine's places (`--parallel`), and it could not come any
   * more. Plain ordering only: were it a property, replacing a control-plane machine would replace every worker with
   * it.
   */
  readonly after: readonly pulumi.Resource[];
  /** Runs before each new machine, so that its bootstrap token is honoured when it boots. */
  readonly beforeCreate: pulumi.ResourceHook;
  readonly rollGate: RollGate;
  /** Runs before each machine is created or updated, which it takes note of. */
  readonly touched: pulumi.ResourceHook;
}

/**
 * n identical workers: one OpenStack resource each, and a port besides only where an existing subnet was named. Names
 * are stable, so a changed count touches only the machines that come or go. Machines that are rolled are replaced one
 * after the other.
 */
export class NodePool extends pulumi.ComponentResource {
  public readonly machines: readonly MachineSummary[];

  constructor(config: ClusterConfig, pool: NodePoolConfig, args: NodePoolArgs, opts?: pulumi.ComponentResourceOptions) {
    const prefix = `${config.clusterName}-${pool.name}`;
    super("openstack-kubernetes:compute:NodePool", prefix, {}, opts);
    const serverGroup = createServerGroup(prefix, pool.serverGroupPolicy, { parent: this });
    const userData = args.facts.apply((facts) => renderWorkerUserData(config, pool, facts).encoded);
    const templateDigest = poolTemplateDigest(config, pool);
    const securityGroup = args.securityGroups.groupName("node");

    /** In the order in which they are rolled. */
    const rolledBefore: MachineSummary[] = [];
    this.machines = poolMachineNames(config, pool).map((name, index) => {
      const rolled = isRolled(config, name, pool.name);
      const dependsOn = [...args.after, ...(rolled ? rolledBefore.slice(-1).map(({ server }) => server) : [])];
      const server = createMachine(
        config,
        name,
        {
          role: "worker",
          pool: pool.name,
          index,
          flavor: pool.flavor,
          image: pool.image ?? config.image,
          availabilityZones: pool.availabilityZones,
          bootVolume: pool.bootVolume,
          volumes: pool.volumes,
          serverGroupId: serverGroup?.id,
          networks: [this.mainNetwork(config, name, args), ...pool.networks.map((uuid) => ({ uuid }))],
          securityGroups: [securityGroup],
          userData: rolled
            ? args.rollGate.hold(
                {
                  name,
                  role: "worker",
                  templateDigest,
                  others: rolledBefore.map((before) => before.name),
                  after: dependsOn,
                },
                userData,
              )
            : userData,
          templateDigest,
          rolled,
        },
        {
          parent: this,
          dependsOn,
          hooks: {
            beforeCreate: [args.touched, args.beforeCreate, ...(rolled ? [args.rollGate.beforeCreate] : [])],
            beforeUpdate: [args.touched],
          },
        },
      );
      const machine = { name, server, templateDigest };
      if (rolled) rolledBefore.push(machine);
      return machine;
    });
    this.registerOutputs({});
  }

  /** An existing network may hold several subnets; only a port can say which one is meant. */
  private mainNetwork(
    config: ClusterConfig,
    name: string,
    args: NodePoolArgs,
  ): openstack.types.input.compute.InstanceNetwork {
    if (config.network.subnetId === undefined) return { uuid: args.network.networkId };
    return { port: createPort(config, name, { ...args, groups: ["node"] }, { parent: this }).id };
  }
}
