import { X509Certificate } from "node:crypto";

/**
 * What tells the Kubernetes provider that it still talks to the same cluster: the fingerprint of its CA. Without it a
 * changed kubeconfig (a renewed client certificate, another address) would replace the provider and everything that was
 * made through it.
 */
export function clusterIdentifier(clusterCaCertificatePem: string): string {
  return new X509Certificate(clusterCaCertificatePem).fingerprint256.replaceAll(":", "").toLowerCase();
}
