/** What goes with a version of Kubernetes. */
import type { ClusterConfig } from "../config/clusterConfig";

/**
 * Sandbox image of each minor: PauseVersion in cmd/kubeadm/app/constants/constants.go of 1.34.3, 1.35.2, 1.36.3 and
 * 1.37.2.
 */
const pauseVersions: Readonly<Record<string, string>> = {
  "1.34": "3.10.1",
  "1.35": "3.10.1",
  "1.36": "3.10.2",
  "1.37": "3.10.2",
};

/** The minor, for instance "1.36" of "1.36.3". */
export function minorVersion(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** The image that holds a pod's namespaces open. Throws for a minor that the schema does not admit. */
export function sandboxImage(config: ClusterConfig): string {
  const pause = pauseVersions[minorVersion(config.kubernetes.version)];
  if (pause === undefined)
    throw new Error(
      `No sandbox image is known for Kubernetes ${config.kubernetes.version}; add its minor to src/bootstrap/versions.ts.`,
    );
  return `registry.k8s.io/pause:${pause}`;
}
