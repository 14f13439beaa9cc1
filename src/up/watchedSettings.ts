import * as pulumi from "@pulumi/pulumi";
import type { MachineSummary } from "../compute/machine";
import type { ClusterConfig } from "../config/clusterConfig";
import { idleRollSentence } from "../consequences/renderReport";
import { isLive } from "../engine/live";
import { planMachines } from "../machines/planMachines";
import { idleRoll, refusedChange } from "./changedSettings";
import type { TouchedMachines } from "./touchedMachines";

/**
 * Put on the cluster's own component, which carries the configuration: the engine comes to it before anything below it,
 * and hands over what the last `up` recorded. Does not run in previews, which show all changes.
 */
export function refusesDestructiveSettings({
  clusterName,
  allowDestruction,
  roll,
}: ClusterConfig): pulumi.ResourceHook {
  const recorded = (inputs: unknown) => (inputs as { readonly configuration?: unknown } | undefined)?.configuration;
  return new pulumi.ResourceHook(`${clusterName}-changed-settings`, ({ oldInputs, newInputs }) => {
    const refusal = refusedChange(recorded(oldInputs), recorded(newInputs), allowDestruction, roll);
    if (refusal !== undefined) throw new Error(refusal);
  });
}

/** Warns, when `up` is done with the machines, of names in `roll` that replaced none. */
export function warnOfIdleRoll(
  config: ClusterConfig,
  machines: readonly MachineSummary[],
  touched: TouchedMachines,
): void {
  if (!isLive() || config.roll.length === 0) return;
  pulumi.all(machines.map(({ server }) => server.id)).apply(() => {
    const idle = idleRoll(config.roll, planMachines(config), touched.created());
    if (idle.length > 0) void pulumi.log.warn(idleRollSentence(idle));
  });
}
