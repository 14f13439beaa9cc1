/**
 * Images that controllers start and no manifest names, because the controller has them built in. Each row was read from
 * the source of one version of its controller; another version is an error, so that no list is quietly too short.
 * test/scripts/images/startedImages.gitops.test.ts compares the rows with those sources.
 */
import type { KubernetesObject } from "./imagesInObjects";

interface Starter {
  /** Image of the controller without its version. */
  readonly controller: string;
  /** Tag of the controller that `images` was read for. */
  readonly version: string;
  /** Where the images stand in its source. */
  readonly source: string;
  readonly images: readonly string[];
}

const calico = (names: readonly string[]) => names.map((name) => `quay.io/calico/${name}:v3.32.1`);
const sidecars = (names: readonly string[]) => names.map((name) => `registry.k8s.io/sig-storage/${name}`);

export const starters: readonly Starter[] = [
  {
    controller: "quay.io/tigera/operator",
    version: "v1.42.3",
    // What it starts for Linux nodes, API server included, without Goldmane and Whisker.
    source: "https://github.com/tigera/operator/blob/v1.42.3/pkg/components/calico.go",
    images: calico([
      ...["apiserver", "cni", "csi", "kube-controllers", "node", "node-driver-registrar", "pod2daemon-flexvol"],
      "typha",
    ]),
  },
  {
    controller: "ghcr.io/controlplaneio-fluxcd/flux-operator",
    version: "v0.59.0",
    source:
      "https://github.com/controlplaneio-fluxcd/flux-operator/blob/v0.59.0/config/data/flux-images/v2.9.5/upstream-alpine.yaml",
    images: [
      "ghcr.io/fluxcd/helm-controller:v1.6.4@sha256:8ff15409e46d354338045f483d58ca9cb35dffa2f87e4addd1f5eba1e6a9175f",
      "ghcr.io/fluxcd/kustomize-controller:v1.9.5@sha256:a3a955eb2bc432c2eaa94d2d3714e3beae7fdf17586fd23aadf71ab597ac3339",
      "ghcr.io/fluxcd/notification-controller:v1.9.4@sha256:840f318265ee26f0d2c48a158bf7896b22aa4e998e320a18646309f0e40b15da",
      "ghcr.io/fluxcd/source-controller:v1.9.5@sha256:6f20d232d596a758c923d2861f23511718fc303b8a2e36a1434a7c736b9f4268",
    ],
  },
  {
    controller: "docker.io/envoyproxy/gateway",
    version: "v1.9.1",
    source: "https://github.com/envoyproxy/gateway/blob/v1.9.1/api/v1alpha1/shared_types.go",
    images: [
      "docker.io/envoyproxy/envoy:distroless-v1.39.1@sha256:eb2c01c13125d1629637cb4e4cce7207009fb7cc2c8027f9742758549d15b6f4",
    ],
  },
  {
    controller: "docker.io/netapp/trident-operator",
    version: "26.06.0",
    source: "https://github.com/NetApp/trident/blob/v26.06.0/config/config.go",
    images: sidecars([
      "csi-attacher:v4.11.0",
      "csi-node-driver-registrar:v2.17.0",
      "csi-provisioner:v6.3.0",
      "csi-resizer:v2.1.0",
      "csi-snapshotter:v8.6.0",
      "livenessprobe:v2.19.0",
    ]),
  },
];

/** What Flux applies out of Git repositories other than this one, by the name and tag of their source. */
export const otherRepositories: readonly {
  readonly name: string;
  readonly tag: string;
  readonly images: readonly string[];
}[] = [
  {
    // deploy/kubernetes/snapshot-controller of https://github.com/kubernetes-csi/external-snapshotter
    name: "external-snapshotter",
    tag: "v8.6.0",
    images: ["registry.k8s.io/sig-storage/snapshot-controller:v8.5.0"],
  },
];

/** Where GitLab's runner is, it starts a helper of its own version beside each job. */
const runner = /^(.*\/gitlab-org)\/gitlab-runner:(?:[a-z0-9.]+-)?(v\d[\w.]*)$/;

/**
 * The images that are started by the controllers among `images`, and by what comes out of other repositories. Errors:
 * a controller of another version than was read.
 */
export function startedImages(images: readonly string[], objects: readonly KubernetesObject[]): string[] {
  const started = starters.flatMap((starter) => {
    const version = images
      .find((image) => image.startsWith(`${starter.controller}:`))
      ?.slice(starter.controller.length + 1);
    if (version === undefined) return [];
    assertKnown(`${starter.controller}:${version}`, version, starter.version);
    return starter.images;
  });
  const fromGit = otherRepositories.flatMap(({ name, tag, images: brought }) => {
    const source = objects.find(({ kind, metadata }) => kind === "GitRepository" && metadata?.name === name);
    if (source === undefined) return [];
    const { ref } = source["spec"] as { readonly ref?: { readonly tag?: string } };
    assertKnown(`The Git repository ${name} at ${ref?.tag ?? "no tag"}`, ref?.tag, tag);
    return brought;
  });
  const helpers = images.flatMap((image) => {
    const [, group, version] = runner.exec(image) ?? [];
    return group === undefined ? [] : [`${group}/gitlab-runner/gitlab-runner-helper:x86_64-${String(version)}`];
  });
  return [...new Set([...started, ...fromGit, ...helpers])].sort();
}

function assertKnown(what: string, version: string | undefined, known: string): void {
  // A digest behind the tag changes nothing about the version.
  if (version?.split("@")[0] === known) return;
  throw new Error(
    `${what} starts images that are known here for ${known} only. Read those of its version, and change scripts/images/startedImages.ts.`,
  );
}
