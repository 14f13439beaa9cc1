/** Where packages come from. */
import { takesEffect } from "../effects";
import { pgpKeys } from "../pgpKeys";
import { choice, matching, publicKey, section, url } from "./primitives";

export const mirrorUrl = url(["https", "http"], { credentials: true });

export const packageSourceSchema = choice("upstream", "mirror", "preinstalled")
  .default("upstream")
  .describe(
    "Where kubelet, kubeadm, kubectl and containerd come from: pkgs.k8s.io and download.docker.com, your own mirror (`packageMirror`), or already in the image.",
  )
  .meta(
    takesEffect(
      ["running", "machine"],
      "Machines that run ask the new source for Kubernetes at their next upgrade; the rest waits for `roll`.",
    ),
  );

export const packageMirrorSchema = section({
  kubernetesUrl: mirrorUrl
    .describe(
      "Repository with kubelet, kubeadm, kubectl, cri-tools and kubernetes-cni (a flat deb repository, or an rpm repository).",
    )
    .meta(takesEffect("running", "Machines that run ask it at their next upgrade.")),
  containerdUrl: mirrorUrl
    .optional()
    .describe("Repository with containerd.io. Absent: `kubernetesUrl` holds it too.")
    .meta(takesEffect("machine", "Machines that exist keep theirs until `roll` replaces them.")),
  containerdPackage: matching(
    "package name",
    "must be the name of a package, for instance containerd.io",
    /^[a-z0-9][-a-z0-9.+_]*$/,
  )
    .default("containerd.io")
    .describe("Name of the containerd package.")
    .meta(takesEffect("machine", "Machines that exist keep theirs until `roll` replaces them.")),
  signingKey: publicKey("PGP public keys", pgpKeys)
    .optional()
    .describe(
      "Keys that sign the repositories, one block after the other: any of them may have signed, so that a new key can be announced before it is used. Absent: they are trusted unsigned, so keep them on a network you trust.",
    ),
})
  .optional()
  .describe("Private package mirror, for `packageSource: mirror`.")
  .meta(
    takesEffect(
      ["running", "machine"],
      "Machines that run ask it for Kubernetes at their next upgrade; the rest waits for `roll`.",
    ),
  );
