/** The API server's audit policy: who did what to which object, never the content of a Secret, and no noise of the machinery. */
export function renderAuditPolicy(): object {
  return {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    omitManagedFields: true,
    rules: [
      { level: "None", nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*"] },
      { level: "None", resources: [{ group: "", resources: ["events"] }, { group: "events.k8s.io" }, { group: "coordination.k8s.io", resources: ["leases"] }] },
      // What nodes and controllers read all day long.
      {
        level: "None",
        userGroups: ["system:nodes", "system:serviceaccounts:kube-system"],
        verbs: ["get", "list", "watch"],
      },
      {
        level: "None",
        users: ["system:kube-proxy", "system:kube-scheduler", "system:kube-controller-manager", "system:apiserver"],
        verbs: ["get", "list", "watch"],
      },
      // Their bodies hold credentials.
      {
        level: "Metadata",
        resources: [
          { group: "", resources: ["secrets", "configmaps", "serviceaccounts/token"] },
          { group: "authentication.k8s.io", resources: ["tokenreviews"] },
        ],
      },
      { level: "Metadata", verbs: ["get", "list", "watch"] },
      // A change of rights or of running things is logged with its content.
      { level: "Request", verbs: ["create", "update", "patch", "delete", "deletecollection"], userGroups: ["system:authenticated"] },
      { level: "Metadata" },
    ],
  };
}
