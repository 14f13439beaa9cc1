import { startedImages, starters } from "../../../scripts/images/startedImages";
import { bootstrapRelease } from "../../../src/platform/bootstrapReleases";
import { fluxVersion } from "../../../src/platform/flux";
import { configWith } from "../../platform/config";

const controllerOf = (name: string) => starters.find(({ controller }) => controller.endsWith(name))!;

describe("images that controllers start", () => {
  it("come with the controller, at the version that they were read for", () => {
    expect(startedImages(["docker.io/envoyproxy/gateway:v1.9.1"], [])).toEqual(
      controllerOf("envoyproxy/gateway").images,
    );
    expect(startedImages(["quay.io/calico/node:v3.32.1"], [])).toEqual([]);
  });

  it("are an error for another version, so that no list is quietly too short", () => {
    expect(() => startedImages(["quay.io/tigera/operator:v1.43.0"], [])).toThrow(
      "quay.io/tigera/operator:v1.43.0 starts images that are known here for v1.42.3 only. Read those of its version, and change scripts/images/startedImages.ts.",
    );
  });

  it("come out of other Git repositories by their tag", () => {
    const source = (tag: string) => ({
      kind: "GitRepository",
      metadata: { name: "external-snapshotter" },
      spec: { ref: { tag } },
    });
    expect(startedImages([], [source("v8.6.0")])).toEqual(["registry.k8s.io/sig-storage/snapshot-controller:v8.5.0"]);
    expect(() => startedImages([], [source("v8.7.0")])).toThrow("external-snapshotter at v8.7.0 starts images");
  });

  it("of GitLab's runner are a helper of its own version", () => {
    expect(startedImages(["registry.gitlab.com/gitlab-org/gitlab-runner:alpine-v19.0.1"], [])).toEqual([
      "registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:x86_64-v19.0.1",
    ]);
  });

  it("are those of the Calico and the Flux that the program installs", () => {
    const calico = bootstrapRelease("calico").version(configWith());
    expect(new Set(controllerOf("tigera/operator").images.map((image) => image.split(":")[1]))).toEqual(
      new Set([calico]),
    );
    const operator = controllerOf("flux-operator");
    expect(operator.version).toBe(`v${bootstrapRelease("flux-operator").version(configWith())}`);
    expect(operator.source).toContain(`/v${fluxVersion}/`);
  });
});
