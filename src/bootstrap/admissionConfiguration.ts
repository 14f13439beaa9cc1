/**
 * The API server's AdmissionConfiguration: Pod Security for every namespace that does not choose a level by label, and
 * how fast events may come.
 */
import type { ClusterConfig } from "../config/clusterConfig";

export function renderAdmissionConfiguration({ kubernetes: { podSecurity } }: ClusterConfig): object {
  return {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AdmissionConfiguration",
    plugins: [
      {
        name: "EventRateLimit",
        configuration: {
          apiVersion: "eventratelimit.admission.k8s.io/v1alpha1",
          kind: "Configuration",
          // The values of Kubernetes' documentation. Of a namespace, so that one that floods etcd with events takes
          // none from others; components of the cluster write events of all.
          limits: [{ type: "Namespace", qps: 50, burst: 100 }],
        },
      },
      {
        name: "PodSecurity",
        configuration: {
          apiVersion: "pod-security.admission.config.k8s.io/v1",
          kind: "PodSecurityConfiguration",
          defaults: {
            enforce: podSecurity.enforce,
            "enforce-version": "latest",
            audit: podSecurity.warn,
            "audit-version": "latest",
            warn: podSecurity.warn,
            "warn-version": "latest",
          },
          exemptions: { namespaces: [...podSecurity.exemptNamespaces].sort() },
        },
      },
    ],
  };
}
