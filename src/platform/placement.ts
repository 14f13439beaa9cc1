/**
 * Where pods run that hold the cluster's or the project's credentials: on machines that no tenant's pod shares. What
 * Git brings of that kind may have a pool of its own (PLATFORM_NODE_ROLE, docs/gitops.md).
 */
const controlPlane = "node-role.kubernetes.io/control-plane";

/** Affinity and tolerations as a pod has them, and as the charts take them. */
export const onControlPlane = {
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: controlPlane, operator: "Exists" }] }],
      },
    },
  },
  tolerations: [{ key: controlPlane, operator: "Exists", effect: "NoSchedule" }],
} as const;
