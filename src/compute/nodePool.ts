import type * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { WorkerFacts } from "../bootstrap/inputs";
import { templateDigestOf } from "../bootstrap/template";
import { renderWorkerUserData } from "../bootstrap/worker";
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineGroup, MachineSpec } from "../machines/planMachines";
import type { Network } from "../network/network";
import { createPort } from "../network/port";
import type { SecurityGroups } from "../network/securityGroups";
import { createMachine, machineUserData, type MachineSummary } from "./machine";
import type { RollGate } from "./rollGate";
import { createServerGroup } from "./serverGroup";

interface NodePoolArgs {
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
  /** Digest of the template that the pool's machines are created from today. */
  public readonly templateDigest: string;

  constructor(config: ClusterConfig, group: MachineGroup, args: NodePoolArgs, opts?: pulumi.ComponentResourceOptions) {
    const { template, machines } = group;
    super("openstack-kubernetes:compute:NodePool", `${config.clusterName}-${template.pool}`, {}, opts);
    const serverGroup = createServerGroup(template, { parent: this });
    const userData = machineUserData(
      args.facts.apply((facts) => renderWorkerUserData(config, template, facts).encoded),
    );
    const templateDigest = templateDigestOf(config, template);
    const securityGroup = args.securityGroups.groupName("node");

    /** In the order in which they are rolled. */
    const rolledBefore: MachineSummary[] = [];
    this.templateDigest = templateDigest;
    this.machines = machines.map((spec) => {
      const { name, rolled } = spec;
      const dependsOn = [...args.after, ...(rolled ? rolledBefore.slice(-1).map(({ server }) => server) : [])];
      const others = rolledBefore.map((before) => before.name);
      const machine = createMachine(
        config,
        spec,
        {
          serverGroupId: serverGroup?.id,
          networks: [this.mainNetwork(config, spec, args), ...spec.networks.map((uuid) => ({ uuid }))],
          securityGroups: [securityGroup],
          userData,
          templateDigest,
          hold: rolled
            ? (held, creationDigest) =>
                args.rollGate.hold({ name, role: "worker", creationDigest, others, after: dependsOn }, held)
            : undefined,
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
      if (rolled) rolledBefore.push(machine);
      return machine;
    });
    this.registerOutputs({});
  }

  /** An existing network may hold several subnets; only a port can say which one is meant. */
  private mainNetwork(
    config: ClusterConfig,
    { name, mainNetwork }: MachineSpec,
    args: NodePoolArgs,
  ): openstack.types.input.compute.InstanceNetwork {
    if (mainNetwork.subnetId === undefined) return { uuid: args.network.networkId };
    return { port: createPort(config, name, { ...args, groups: ["node"] }, { parent: this }).id };
  }
}
