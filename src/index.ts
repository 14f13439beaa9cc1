import { Cluster } from "./cluster";
import { loadClusterConfig } from "./config/load";

/** The program: configuration in, a cluster out. What it returns are the outputs of the stack. */
export = () => {
  const config = loadClusterConfig();
  const cluster = new Cluster(config);
  return cluster.outputs;
};
