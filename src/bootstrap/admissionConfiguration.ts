/** The API server's AdmissionConfiguration: Pod Security for every namespace that does not choose a level by label. */
import type { ClusterConfig } from "../config/clusterConfig";

export function renderAdmissionConfiguration({ kubernetes: { podSecurity } }: ClusterConfig): object {
  return {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AdmissionConfiguration",
    plugins: [
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
