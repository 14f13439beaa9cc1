import { Cluster } from "./cluster";
import { loadClusterConfig } from "./config/load";

const cluster = new Cluster(loadClusterConfig());

/** Super-user credentials: `pulumi stack output adminKubeconfig --show-secrets`. */
export const adminKubeconfig = cluster.adminKubeconfig;
export const apiEndpoint = cluster.apiEndpoint;
export const bastionAddress = cluster.bastionAddress;
export const certificateExpiry = cluster.certificateExpiry;
export const nodes = cluster.nodes;
export const staleMachines = cluster.staleMachines;
export const templateDigests = cluster.templateDigests;
