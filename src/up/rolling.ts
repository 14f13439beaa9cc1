import * as pulumi from "@pulumi/pulumi";
import type { RolledMachine, RollGate } from "../compute/rollGate";
import type { ClusterConfig } from "../config/clusterConfig";
import { controlPlaneGroup } from "../machines/planMachines";
import { nodeRoles } from "../machines/roles";
import { clusterMachines } from "../openstack/machines";
import { kubernetesApi, type KubernetesAccess } from "../kubernetes/client";
import { hasCluster } from "../engine/live";
import { logInToOpenstack } from "../openstack/login";
import { progress } from "../engine/progress";
import { withPlainError } from "../engine/plainError";
import { forgetReleasedNode, mustBeReleased, releaseRolledMachine, waitForOthers } from "./rolledMachine";
import { settled } from "../engine/settled";
import { flavorOf } from "./touchedMachines";

/**
 * Holds each rolled machine back until the cluster can spare it (docs/decisions/0011). A hook at the deletion could
 * not: the engine runs those that the last `up` left in the state. Nothing here runs in a preview, in the simulation,
 * or with `readiness.machinesBoot: false`.
 */
export class Rolling implements RollGate {
  public readonly beforeCreate: pulumi.ResourceHook;
  public readonly beforeUpdate: pulumi.ResourceHook;
  private existing: Promise<ReadonlyMap<string, string | undefined>> | undefined;

  /** `access` is secret. */
  constructor(
    private readonly config: ClusterConfig,
    private readonly access: pulumi.Output<KubernetesAccess>,
  ) {
    const { clusterName } = config;
    const controlPlaneNames = controlPlaneGroup(config).machines.map(({ name }) => name);
    this.beforeCreate = new pulumi.ResourceHook(`${clusterName}-before-rolled-machine`, async ({ name }) => {
      if (hasCluster(config)) await forgetReleasedNode({ machine: name, ...(await this.clientOptions()) });
    });
    this.beforeUpdate = new pulumi.ResourceHook(
      `${clusterName}-before-resize`,
      async ({ name, oldInputs, newInputs }) => {
        if (!hasCluster(config) || flavorOf(oldInputs) === flavorOf(newInputs)) return;
        const others = controlPlaneNames.filter((other) => other !== name);
        await waitForOthers({ machine: name, role: "control-plane", others, ...(await this.clientOptions()) });
      },
    );
  }

  public hold(machine: RolledMachine, userData: pulumi.Output<string>): pulumi.Output<string> {
    if (!hasCluster(this.config)) return userData;
    return pulumi.all([userData, withPlainError(this.released(machine))]).apply(([known]) => known);
  }

  private async released({ name, role, creationDigest, others, after }: RolledMachine): Promise<void> {
    await Promise.all(after.map(({ urn }) => settled(urn)));
    this.existing ??= this.creationDigests();
    if (!mustBeReleased(name, await settled(creationDigest), await this.existing)) return;
    await releaseRolledMachine({
      machine: name,
      role,
      others,
      ...(await this.clientOptions()),
      drainTimeoutMinutes: this.config.readiness.drainTimeoutMinutes,
      tell: (message) => void pulumi.log.info(message),
    });
  }

  /** What each machine that OpenStack has was created with, as this run found it. */
  private async creationDigests(): Promise<ReadonlyMap<string, string | undefined>> {
    const openstack = await logInToOpenstack(this.config);
    const roles = await Promise.all(nodeRoles.map((role) => clusterMachines(openstack, this.config.clusterName, role)));
    return new Map(roles.flat().map(({ name, creationDigest }) => [name, creationDigest]));
  }

  private async clientOptions() {
    return {
      request: kubernetesApi(await settled(this.access)),
      timeoutMinutes: this.config.readiness.clusterTimeoutMinutes,
      progress,
    };
  }
}
