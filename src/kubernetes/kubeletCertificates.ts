/**
 * Whether the cluster's kubelets do what the configuration says of their serving certificates, which is fixed when a
 * cluster is made.
 */
import { parse } from "yaml";
import type { ClusterConfig } from "../config/clusterConfig";
import { documentOf } from "./answers";
import type { KubernetesRequest } from "./client";

const guide = "docs/how-to/kubelet-certificates.md";

/**
 * A sentence when `kubernetes.kubeletServingCertificate` is not what the cluster was made with: the kubelets'
 * configuration lies in the cluster, where joining machines read it, and an `up` does not touch it. Undefined when both
 * agree. Throws a sentence when the API refuses.
 */
export async function kubeletCertificateMismatch(
  config: Pick<ClusterConfig, "kubernetes">,
  request: KubernetesRequest,
): Promise<string | undefined> {
  const answer = await request("GET", "/api/v1/namespaces/kube-system/configmaps/kubelet-config");
  const { data } = documentOf<{ data?: { kubelet?: string } }>("the kubelets' configuration", answer);
  const { serverTLSBootstrap } = (parse(data?.kubelet ?? "{}") ?? {}) as { serverTLSBootstrap?: boolean };
  const actual = serverTLSBootstrap === true ? "clusterCa" : "selfSigned";
  const wanted = config.kubernetes.kubeletServingCertificate;
  if (actual === wanted) return undefined;
  return actual === "selfSigned"
    ? `kubernetes.kubeletServingCertificate is "clusterCa", but this cluster's kubelets sign for themselves: metrics-server, which then verifies them, gets no metrics of theirs. Set it to "selfSigned", or bring the kubelets over (${guide}).`
    : `kubernetes.kubeletServingCertificate is "selfSigned", but this cluster's kubelets ask the cluster for their certificates, which somebody must approve (${guide}). Set it to "clusterCa".`;
}
