import * as pulumi from "@pulumi/pulumi";
import type { MachineSummary } from "../compute/machine";
import type { ClusterConfig } from "../config/clusterConfig";
import { logInToOpenstack } from "../openstack/login";
import { serverNames } from "../openstack/machines";
import type { TouchedMachines } from "./touchedMachines";

type WatchedCluster = Pick<ClusterConfig, "clusterName" | "allowPlainHttp">;

/**
 * Warns, in previews too, of machines whose server somebody deleted in OpenStack: the state still has them, so the
 * engine calls them unchanged. A machine whose id is known and that this run has not created is one that the state has.
 * Says nothing where OpenStack does not answer: pre-flight does. Does nothing in the simulation, which has no engine.
 */
export function warnOfLostMachines(
  config: WatchedCluster,
  machines: readonly MachineSummary[],
  touched: TouchedMachines,
): void {
  if (!pulumi.runtime.hasEngine()) return;
  const existing = logInToOpenstack(config)
    .then((api) => serverNames(api, config.clusterName))
    .catch(() => undefined);
  for (const { name, server } of machines)
    server.id.apply(async () => {
      const names = await existing;
      if (names === undefined || names.includes(name) || touched.names().includes(name)) return;
      void pulumi.log.warn(
        `Somebody deleted the server of ${name} in OpenStack. \`up\` does not create what its state still has: follow docs/runbooks/replace-machine.md from the second command on.`,
      );
    });
}
