/** The API server's audit policy: who did what to which object, and no noise of the machinery. */
const reads = ["get", "list", "watch"];
const components = ["system:apiserver", "system:kube-controller-manager", "system:kube-proxy", "system:kube-scheduler"];

/** The same for every cluster: the first rule that fits a request decides. The content of a Secret is never logged. */
export function renderAuditPolicy(): object {
  return {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    omitManagedFields: true,
    rules: [
      { level: "None", nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*"] },
      {
        level: "None",
        resources: [
          { group: "", resources: ["events"] },
          { group: "events.k8s.io" },
          { group: "coordination.k8s.io", resources: ["leases"] },
        ],
      },
      // Their bodies hold credentials; that somebody read them is always logged, whoever it was.
      {
        level: "Metadata",
        resources: [
          { group: "", resources: ["secrets", "configmaps", "serviceaccounts/token"] },
          { group: "authentication.k8s.io", resources: ["tokenreviews"] },
        ],
      },
      // Who entered a pod or went through the API server to one: a read by its verb, whoever it was (CIS 3.2.2).
      {
        level: "Metadata",
        resources: [
          {
            group: "",
            resources: ["pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy", "nodes/proxy"],
          },
        ],
      },
      // What the machinery reads all day long.
      { level: "None", userGroups: ["system:nodes", "system:serviceaccounts:kube-system"], verbs: reads },
      { level: "None", users: components, verbs: reads },
      { level: "Metadata", verbs: reads },
      { level: "Metadata", userGroups: ["system:nodes", "system:serviceaccounts"] },
      { level: "Metadata", users: components },
      // What remains are changes that people make; those are logged with their content.
      { level: "Request", userGroups: ["system:authenticated"] },
      { level: "Metadata" },
    ],
  };
}
