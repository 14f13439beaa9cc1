import { Cluster } from "./cluster";
import { loadClusterConfig } from "./config/load";
import { assertPreflight } from "./operations/preflight";
import { spareStackTraces } from "./operations/registrationSpeed";

/** The program: configuration in, a cluster out. What it returns are the outputs of the stack. */
export = async () => {
  spareStackTraces();
  const config = loadClusterConfig();
  await assertPreflight(config);
  const cluster = new Cluster(config);
  return cluster.outputs;
};
