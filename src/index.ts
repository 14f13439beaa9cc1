import { Cluster } from "./cluster";
import { loadClusterConfig } from "./config/load";
import { spareStackTraces } from "./operations/registrationSpeed";

/** The program: configuration in, a cluster out. What it returns are the outputs of the stack. */
export = () => {
  spareStackTraces();
  const config = loadClusterConfig();
  const cluster = new Cluster(config);
  return cluster.outputs;
};
