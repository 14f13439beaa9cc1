import type * as pulumi from "@pulumi/pulumi";
import type { NodeRole } from "../machines/roles";

/** A machine that may be replaced or resized, as the gate before that knows it. */
export interface RolledMachine {
  readonly name: string;
  readonly role: NodeRole;
  /** Today's (src/machines/templateDigest.ts); a machine that was created with it is not about to be replaced. */
  readonly creationDigest: pulumi.Output<string>;
  /** Names of the machines that must be whole before this one goes. */
  readonly others: readonly string[];
  /** What the engine has finished before it comes to this machine. */
  readonly after: readonly pulumi.Resource[];
}

/** What stands between a running machine and its replacement; up/rolling.ts is the one that there is. */
export interface RollGate {
  /**
   * `userData`, once the machine of that name that runs today can be spared and is drained; at once where there is
   * none, or it is not to be replaced. The machine cannot be registered, and so not be touched, before. What this
   * waits for is no dependency of the result (docs/decisions/0003).
   */
  hold(machine: RolledMachine, userData: pulumi.Output<string>): pulumi.Output<string>;
  /** For rolled machines: the Node of the drained machine goes before the new one registers. */
  readonly beforeCreate: pulumi.ResourceHook;
  /** For control-plane machines: none is resized, which reboots it, before all others are whole. */
  readonly beforeUpdate: pulumi.ResourceHook;
}
