/** kubeadm's InitConfiguration (v1beta4): the first control-plane machine's own part. */
import { apiServerPort, type ClusterConfig } from "../config/clusterConfig";
import { kubeadmPatches, kubeadmTimeouts } from "./kubeadmCommon";
import { nodeIpPlaceholder } from "./machineFile";
import { controlPlaneRegistration } from "./nodeRegistration";

/**
 * The token is the first of those that `up` renews; it ends as those do, two hours later at most (docs/decisions/0002).
 */
export function renderInitConfiguration(config: ClusterConfig, bootstrapToken: string): object {
  return {
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "InitConfiguration",
    bootstrapTokens: [{ token: bootstrapToken, ttl: "2h0m0s", description: "first join credentials of the cluster" }],
    localAPIEndpoint: { advertiseAddress: nodeIpPlaceholder, bindPort: apiServerPort(config) },
    nodeRegistration: controlPlaneRegistration(config),
    ...kubeadmPatches(config),
    timeouts: kubeadmTimeouts,
  };
}
