import * as pulumi from "@pulumi/pulumi";
import { Cluster } from "./cluster";
import { loadClusterConfig } from "./config/load";
import { recordedConfiguration } from "./config/recordedConfiguration";
import { repairs } from "./up/repairs";
import { repairErrorStacks } from "./engine/errorStacks";
import { assertPreflight } from "./preflight/preflight";
import { spareNotes } from "./engine/registrationSpeed";

/** The program: configuration in, a cluster out. What it returns are the outputs of the stack. */
export = async () => {
  repairErrorStacks();
  spareNotes();
  const { config, secretKeys } = loadClusterConfig();
  const preflight = assertPreflight(config);
  // It is waited for below, whatever fails before.
  preflight.catch(() => undefined);
  // A preview creates nothing: OpenStack is asked while the resources are registered.
  const [transformations] = await Promise.all([repairs(config), pulumi.runtime.isDryRun() ? undefined : preflight]);
  const cluster = new Cluster(config, recordedConfiguration(config, secretKeys), { transformations });
  await preflight;
  return cluster.outputs;
};
