import { Cluster } from "./cluster";
import { loadClusterConfig } from "./config/load";

/** The program: configuration in, a cluster out. What it returns are the outputs of the stack. */
export = () => {
  const config = loadClusterConfig();
  const cluster = new Cluster(config);
  return {
    /** Super-user credentials: `pulumi stack output adminKubeconfig --show-secrets`. */
    adminKubeconfig: cluster.adminKubeconfig,
    apiEndpoint: cluster.apiEndpoint,
    bastionAddress: cluster.bastionAddress,
    certificateExpiry: cluster.certificateExpiry,
    nodes: cluster.nodes,
    staleMachines: cluster.staleMachines,
    templateDigests: cluster.templateDigests,
  };
};
