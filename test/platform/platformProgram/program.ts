/** The platform on a cluster whose kubeconfig and CA the environment names; OpenStack is not asked for anything. */
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { loadClusterConfig } from "../../../src/config/load";
import { Platform } from "../../../src/platform/platform";

function read(variable: string): string {
  return readFileSync(process.env[variable] ?? `(${variable} is not set)`, "utf8");
}

export = () => {
  const { config } = loadClusterConfig();
  const cluster = new pulumi.ComponentResource("test:index:Cluster", "cluster");
  // Stands for a control-plane machine and the network: unknown in a first preview, as the real ones are, and what
  // comes from it with them.
  const machine = new random.RandomPet(
    "machine",
    { keepers: { generation: process.env.TEST_MACHINE ?? "1" } },
    { parent: cluster, deleteBeforeReplace: true },
  );
  const network = new random.RandomPet("network", {}, { parent: cluster });
  const known = (text: string) => network.id.apply(() => text);
  new Platform(config, {
    adminKubeconfig: pulumi.secret(known(read("TEST_KUBECONFIG"))),
    clusterCaCertificatePem: known(read("TEST_CA")),
    apiServerHost: known("10.20.0.5"),
    subnetId: network.id,
    ready: machine.id,
    beforeRelease: new pulumi.ResourceHook("before-release", () => undefined),
    after: [machine],
    cluster,
  });
};
