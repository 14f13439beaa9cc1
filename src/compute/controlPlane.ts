import type * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { renderControlPlaneUserData } from "../bootstrap/controlPlane";
import type { ControlPlaneSecrets } from "../pki/secrets";
import { templateDigestOf } from "../bootstrap/template";
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineGroup } from "../machines/planMachines";
import type { ApiEndpoint } from "../network/apiEndpoint";
import type { Network } from "../network/network";
import { createPort, firstAddress } from "../network/port";
import type { SecurityGroups } from "../network/securityGroups";
import { createMachine, machineUserData, type MachineSummary } from "./machine";
import type { RollGate } from "./rollGate";
import { createServerGroup } from "./serverGroup";

interface ControlPlaneArgs {
  readonly network: Network;
  readonly securityGroups: SecurityGroups;
  readonly apiEndpoint: ApiEndpoint;
  /** Secret. */
  readonly secrets: pulumi.Output<ControlPlaneSecrets>;
  /** Runs before the first machine is created, so that no second cluster begins beside one that is silent. */
  readonly beforeFirst: pulumi.ResourceHook;
  /** The operator says that a new cluster is meant. */
  readonly newCluster: boolean;
  readonly rollGate: RollGate;
  /** Runs before each machine is created or updated, which it takes note of. */
  readonly touched: pulumi.ResourceHook;
}

/** How long a machine may take to boot and install: later it looks for its cluster as any other would. */
const newClusterSeconds = 3600;

/**
 * The control-plane machines. Each depends on the one before it, so that no `up` touches two at a time and takes etcd's
 * quorum away (docs/decisions/0016). All get the same user data: each finds out at boot whether it inits or joins
 * (docs/decisions/0017).
 */
export class ControlPlane extends pulumi.ComponentResource {
  public readonly machines: readonly MachineSummary[];
  /** Digest of the template that control-plane machines are created from today. */
  public readonly templateDigest: string;
  /**
   * With these there is all that the API needs to come up and be reached at its address; whatever talks to it comes
   * after them, and goes before.
   */
  public readonly reachable: readonly pulumi.Resource[];

  constructor(
    config: ClusterConfig,
    group: MachineGroup,
    args: ControlPlaneArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { clusterName, protect } = config;
    const { template } = group;
    super("openstack-kubernetes:compute:ControlPlane", `${clusterName}-${template.pool}`, {}, opts);
    const serverGroup = createServerGroup(template, { parent: this });
    const names = group.machines.map(({ name }) => name);
    // Ports of their own, so that the machines' addresses are known before any user data is rendered, and outlive the
    // machines.
    const ports = names.map((name) =>
      createPort(
        config,
        name,
        { ...args, groups: ["node", "control-plane"], sharedAddresses: args.apiEndpoint.sharedAddresses },
        { parent: this, protect },
      ),
    );
    const addresses = ports.map(firstAddress);
    const members = args.apiEndpoint.addMembers(
      names.map((name, index) => ({ name, address: addresses[index] as pulumi.Output<string> })),
    );

    // A rolled machine is replaced when its user data differ, which must not be so in each run.
    const newCluster = args.newCluster && config.roll.length === 0;
    const until = newCluster ? { newClusterUntil: Math.round(Date.now() / 1000) + newClusterSeconds } : {};
    const userData = machineUserData(
      pulumi
        .all([args.apiEndpoint.host, args.apiEndpoint.certSans, pulumi.all(addresses), args.secrets])
        .apply(([endpointHost, certSans, found, secrets]) => {
          const peers = names.map((name, index) => ({ name, address: found[index] as string }));
          return renderControlPlaneUserData(config, { endpointHost, certSans, peers, ...until }, secrets).encoded;
        }),
    );
    const templateDigest = templateDigestOf(config, template);

    const ready: pulumi.Resource[] = [...args.network.ready, ...args.securityGroups.rules];
    const machines: MachineSummary[] = [];
    for (const spec of group.machines) {
      const { name, index, rolled } = spec;
      const before = machines[index - 1];
      const port = ports[index] as openstack.networking.Port;
      const dependsOn = before === undefined ? ready : [before.server];
      const others = names.filter((other) => other !== name);
      const machine = createMachine(
        config,
        spec,
        {
          serverGroupId: serverGroup?.id,
          networks: [{ port: port.id }],
          userData,
          templateDigest,
          hold: rolled
            ? (held, creationDigest) =>
                args.rollGate.hold({ name, role: "control-plane", creationDigest, others, after: dependsOn }, held)
            : undefined,
        },
        {
          parent: this,
          // Its name in `roll` is the operator's word that this machine may go; the engine would refuse to replace a
          // protected one.
          protect: protect && !rolled,
          dependsOn,
          hooks: {
            beforeCreate: [
              args.touched,
              ...(before === undefined ? [args.beforeFirst] : []),
              ...(rolled ? [args.rollGate.beforeCreate] : []),
            ],
            beforeUpdate: [args.rollGate.beforeUpdate, args.touched],
          },
        },
      );
      machines.push(machine);
    }
    this.machines = machines;
    this.templateDigest = templateDigest;
    // The endpoint's members come while the machines do: they need the ports only, and Octavia takes them one by one.
    this.reachable = [...machines.slice(-1).map(({ server }) => server), ...members];
    this.registerOutputs({});
  }
}
