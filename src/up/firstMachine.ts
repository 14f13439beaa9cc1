import * as pulumi from "@pulumi/pulumi";
import { machineName, type ClusterConfig } from "../config/clusterConfig";
import { clusterMachines } from "../openstack/machines";
import { kubernetesApi, type KubernetesAccess } from "../kubernetes/client";
import { hasCluster } from "../engine/live";
import { logInToOpenstack } from "../openstack/login";
import { progress } from "../engine/progress";
import { assertNoSecondCluster, isNewClusterAllowed } from "./secondCluster";
import { settled } from "../engine/settled";

/**
 * Minutes in which a cluster that exists answers: as long as the machine itself would look for it (control-plane.sh).
 */
const patience = 10;

/**
 * Runs before the first control-plane machine is created, in the first `up` and whenever that machine is replaced.
 * `access` is secret.
 */
export function beforeFirstMachine(
  config: ClusterConfig,
  access: pulumi.Output<KubernetesAccess>,
): pulumi.ResourceHook {
  const machine = machineName(config.clusterName, "control-plane", 0);
  return new pulumi.ResourceHook(`${config.clusterName}-before-first-machine`, async () => {
    if (!hasCluster(config)) return;
    const known = await settled(access);
    await assertNoSecondCluster({
      machine,
      url: `https://${known.host}:${known.port}`,
      clusterCaCertificatePem: known.clusterCaCertificatePem,
      request: kubernetesApi(known),
      peers: async () =>
        (await clusterMachines(await logInToOpenstack(config), config.clusterName, "control-plane")).filter(
          ({ name }) => name !== machine,
        ),
      timeoutMinutes: Math.min(patience, config.readiness.apiTimeoutMinutes),
      allowed: isNewClusterAllowed(),
      progress,
      warn: (message) => void pulumi.log.warn(message),
    });
  });
}
