/** What runs pods: DeploymentConfigs with triggers and hooks, old versions, users, images, volumes. */
import { decision } from "./corpus";

const digest = "sha256:4b4ac2e0f3c1d5b8a7968574635241302f1e0d9c8b7a69584736251403f2e1d0";

describe("a DeploymentConfig", () => {
  it("becomes a Deployment that runs as the project's user, with the image of its stream", () => {
    const { objects, notes, tasks } = decision("shop.yaml", "DeploymentConfig web");
    expect(objects).toEqual([
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web", namespace: "museum-shop", labels: { app: "web" } },
        spec: {
          replicas: 2,
          revisionHistoryLimit: 10,
          selector: { matchLabels: { app: "web", deploymentconfig: "web" } },
          strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
          template: expect.objectContaining({
            metadata: { labels: { app: "web", deploymentconfig: "web" } },
          }) as object,
        },
      },
    ]);
    expect((objects[0]?.spec as { template: { spec: object } }).template.spec).toMatchObject({
      securityContext: { runAsUser: 1000620000, runAsGroup: 0, fsGroup: 1000620000 },
      containers: [{ name: "web", image: `registry.example.org/museum/museum-shop/web@${digest}` }],
    });
    expect(notes).toContain(
      "The node selector node-role.kubernetes.io/compute=true names nodes of OpenShift; it is taken out.",
    );
    expect(tasks).toEqual([
      "Container web followed the ImageStreamTag web:latest; let the pipeline commit each new image.",
      "Deployment web names web-shop.apps.openshift.example.org, which is museum-shop.apps.example.org in the new cluster.",
      "Deployment web names Services of shop.svc; the namespace is museum-shop now.",
    ]);
  });

  it("has its hooks named with command, container and what a failure meant", () => {
    const { tasks, objects } = decision("dc-hooks.yaml", "DeploymentConfig ledger");
    expect(tasks).toEqual(
      expect.arrayContaining([
        'The pre hook ran "/bin/sh -c bundle exec rake db:migrate" in a pod of container ledger (on failure: Abort; variable RAILS_ENV=production, volume uploads); make it a Job or a hook of the chart.',
        'The mid hook ran "/opt/backup" in a pod of container ledger (on failure: Retry); make it a Job or a hook of the chart.',
        "The post hook tagged the image of ledger as ledger:live (on failure: Ignore); let the pipeline do it.",
      ]),
    );
    expect(objects[0]?.spec).toMatchObject({ strategy: { type: "Recreate" }, progressDeadlineSeconds: 1200 });
  });

  it("with a strategy of its own rolls by itself, and stays paused", () => {
    const { tasks, objects, refusals } = decision("dc-custom-strategy.yaml", "DeploymentConfig canaried");
    expect(tasks).toContain(
      "The Custom strategy ran registry.example.org/tools/deployer:3 (PERCENT=10 /deploy.sh --canary); a Deployment rolls by itself.",
    );
    expect(objects[0]?.spec).toMatchObject({ paused: true, minReadySeconds: 15, replicas: 4 });
    expect(refusals).toEqual([
      "Deployment canaried: spec.template.spec.terminationGracePeriodSeconds is 3600, longer than a drain waits; set at most 600.",
    ]);
  });

  it("that only tested runs nothing, and an image that nobody knows is refused", () => {
    const { objects, tasks, refusals } = decision("dc-custom-strategy.yaml", "DeploymentConfig smoke");
    expect(objects[0]?.spec).toMatchObject({ replicas: 0 });
    expect(tasks).toContain("The ImageStream of smoke:stable is not in the export; look at the images.");
    expect(refusals).toEqual([expect.stringContaining('containers[0].image is "", which names no version')]);
  });

  it("of one pod with a volume for one node is recreated, so that no second pod waits for it", () => {
    const { notes, objects, refusals } = decision("volumes.yaml", "DeploymentConfig archive");
    expect(objects[0]?.spec).toMatchObject({ strategy: { type: "Recreate" } });
    expect(notes).toContain(
      "strategy is Recreate: volume index is on one node at a time, so a second pod would wait for it.",
    );
    expect(refusals).toEqual([
      expect.stringContaining("volumes[2] is of the kind nfs"),
      expect.stringContaining("volumes[3] is of the kind glusterfs"),
    ]);
  });
});

describe("a workload of an old version", () => {
  it("gets the version of today, and the selector that it requires", () => {
    expect(decision("old-versions.yaml", "Deployment gateway").objects).toEqual([
      expect.objectContaining({
        apiVersion: "apps/v1",
        spec: expect.objectContaining({ selector: { matchLabels: { app: "gateway" } } }) as object,
      }),
    ]);
    expect(decision("old-versions.yaml", "CronJob nightly").objects[0]?.apiVersion).toBe("batch/v1");
    expect(decision("old-versions.yaml", "HorizontalPodAutoscaler web").objects[0]).toMatchObject({
      apiVersion: "autoscaling/v2",
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
        metrics: [
          { type: "Resource", resource: { name: "memory", target: { type: "AverageValue", averageValue: "400Mi" } } },
        ],
      },
    });
    expect(decision("old-versions.yaml", "Ingress gateway").objects[0]?.spec).toEqual({
      ingressClassName: "nginx",
      tls: [{ hosts: ["legacy.apps.example.org"] }],
      rules: [
        {
          host: "legacy.apps.example.org",
          http: {
            paths: [
              { path: "/v1", pathType: "Prefix", backend: { service: { name: "gateway", port: { name: "http" } } } },
            ],
          },
        },
      ],
    });
  });
});

describe("pods", () => {
  it("that another object runs, that have ended or that build are left out", () => {
    for (const object of ["Job import-done", "Pod web-17-build", "Pod ended", "ReplicationController web-17"])
      expect(decision("pods.yaml", object).outcome).toBe("left out");
    expect(decision("pods.yaml", "Job import-waits").objects[0]?.spec).toMatchObject({
      suspend: true,
      template: { metadata: { labels: { app: "import" } } },
    });
  });

  it("with an SCC say of each line what Pod Security refuses", () => {
    const { refusals, tasks } = decision("scc.json", "DaemonSet host");
    expect(
      refusals.map(
        (sentence) =>
          sentence.replace(/^DaemonSet host: spec\.template\.spec\./, "").split(/ (?:is|has|adds|names) /)[0],
      ),
    ).toEqual([
      "hostNetwork",
      "hostPID",
      "securityContext.seLinuxOptions.type",
      "securityContext.sysctls",
      "containers[0].securityContext.privileged",
      "containers[0].securityContext.capabilities",
      "containers[0].readinessProbe.httpGet.host",
      "containers[0].ports",
      "containers[0].image",
      "volumes[0]",
    ]);
    expect(tasks.filter((task) => task.startsWith("Account host has the SCC"))).toHaveLength(2);
    expect(decision("scc.json", "Deployment root").objects[0]?.spec).not.toHaveProperty([
      "template",
      "spec",
      "securityContext",
      "runAsUser",
    ]);
  });
});
