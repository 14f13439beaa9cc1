/**
 * One object of each kind that alerts look at, in the state that they look for, as a cluster with nodes would have
 * them.
 */
import type { Kubectl } from "./kubectl";

const namespace = "default";
const labels = { app: "sample" };
const template = {
  metadata: { labels },
  spec: {
    restartPolicy: "Always",
    containers: [
      { name: "main", image: "registry.example.org/sample:1.0.0", resources: { requests: { cpu: "100m" } } },
    ],
  },
};
const jobTemplate = { ...template, spec: { ...template.spec, restartPolicy: "Never" } };
const time = "2026-01-01T00:00:00Z";

/** Kind, version, what it is, and the status that its controller or kubelet would write. */
const samples: readonly (readonly [kind: string, apiVersion: string, object: object, status: object | undefined])[] = [
  [
    "Node",
    "v1",
    {},
    {
      allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
      conditions: [
        {
          type: "Ready",
          status: "False",
          reason: "Test",
          message: "test",
          lastHeartbeatTime: time,
          lastTransitionTime: time,
        },
      ],
    },
  ],
  [
    "Pod",
    "v1",
    { spec: template.spec },
    {
      phase: "Pending",
      containerStatuses: [
        {
          name: "main",
          image: "sample",
          imageID: "",
          ready: false,
          restartCount: 3,
          state: { waiting: { reason: "CrashLoopBackOff", message: "test" } },
        },
      ],
    },
  ],
  ["Deployment", "apps/v1", { spec: { replicas: 1, selector: { matchLabels: labels }, template } }, undefined],
  [
    "StatefulSet",
    "apps/v1",
    { spec: { replicas: 1, serviceName: "sample", selector: { matchLabels: labels }, template } },
    undefined,
  ],
  ["DaemonSet", "apps/v1", { spec: { selector: { matchLabels: labels }, template } }, undefined],
  [
    "Job",
    "batch/v1",
    { spec: { template: jobTemplate } },
    {
      startTime: time,
      failed: 1,
      conditions: ["FailureTarget", "Failed"].map((type) => ({
        type,
        status: "True",
        reason: "Test",
        message: "test",
        lastTransitionTime: time,
      })),
    },
  ],
  [
    "CronJob",
    "batch/v1",
    { spec: { schedule: "0 * * * *", jobTemplate: { spec: { template: jobTemplate } } } },
    { lastSuccessfulTime: time },
  ],
  [
    "PersistentVolumeClaim",
    "v1",
    { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } },
    undefined,
  ],
];

export function createSamples(kubectl: Kubectl): void {
  for (const [kind, apiVersion, object, status] of samples) {
    const { ok, output } = kubectl.create({
      apiVersion,
      kind,
      metadata: { name: "sample", ...(kind === "Node" ? {} : { namespace }), labels },
      ...object,
    });
    if (!ok) throw new Error(output);
    if (status)
      kubectl.run([
        "patch",
        kind,
        "sample",
        "-n",
        namespace,
        "--subresource=status",
        "--type=merge",
        "-p",
        JSON.stringify({ status }),
      ]);
  }
}
