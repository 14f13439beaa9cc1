import { imagesInObjects } from "../../../scripts/images/imagesInObjects";

describe("the images of objects", () => {
  it("are those of containers of any kind, without repetition and by their whole name", () => {
    const spec = {
      initContainers: [{ name: "a", image: "busybox:1.37.0" }],
      containers: [
        { name: "b", image: "quay.io/calico/node:v3.32.1" },
        { name: "c", image: "docker.io/library/busybox:1.37.0" },
      ],
    };
    const cronJob = { kind: "CronJob", spec: { jobTemplate: { spec: { template: { spec } } } } };
    expect(imagesInObjects([cronJob, { kind: "Pod", spec }])).toEqual([
      "docker.io/library/busybox:1.37.0",
      "quay.io/calico/node:v3.32.1",
    ]);
  });

  it("are those of custom resources too, but not the words of a kind's schema", () => {
    const schema = {
      properties: { image: { type: "string", default: "example.org/not/this:1" } },
      image: "example.org/a:1",
    };
    expect(
      imagesInObjects([
        { kind: "Prometheus", spec: { image: "quay.io/prometheus/prometheus:v3" } },
        { kind: "TridentOrchestrator", spec: { tridentImage: "netapp/trident:26.06.0" } },
        { kind: "CustomResourceDefinition", spec: schema },
      ]),
    ).toEqual(["docker.io/netapp/trident:26.06.0", "quay.io/prometheus/prometheus:v3"]);
  });

  it("are those that a controller is told by argument, environment or configuration", () => {
    const container = {
      name: "operator",
      image: "quay.io/operator:v1",
      args: ["--config-reloader=quay.io/reloader:v2", "--listen=0.0.0.0:8080", "--url=http://a.b.svc:9090/path"],
      command: ["/operator", "--solver=registry.example.org:5000/solver:v3"],
      env: [
        { name: "HELPER", value: "ghcr.io/helper/image:v4" },
        { name: "ADDRESS", value: "notification-controller.flux-system.svc.cluster.local:80" },
      ],
    };
    const config = {
      "config.yaml": "provider:\n  shutdownManager:\n    image: docker.io/envoyproxy/gateway:v5\n",
      "config.toml": '[runners.kubernetes]\n  image = "docker.io/library/alpine:3.23"\n  helper = "x"\n',
    };
    const objects = [
      { kind: "Deployment", spec: { template: { spec: { containers: [container] } } } },
      { kind: "ConfigMap", data: config },
    ];
    expect(imagesInObjects(objects)).toEqual([
      "docker.io/envoyproxy/gateway:v5",
      "docker.io/library/alpine:3.23",
      "ghcr.io/helper/image:v4",
      "quay.io/operator:v1",
      "quay.io/reloader:v2",
      "registry.example.org:5000/solver:v3",
    ]);
  });

  it("are none of a policy's patterns", () => {
    const validate = { pattern: { spec: { containers: [{ image: "!*:latest" }] } } };
    expect(imagesInObjects([{ kind: "ClusterPolicy", spec: { rules: [{ validate }] } }])).toEqual([]);
  });
});
