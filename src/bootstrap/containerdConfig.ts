/** Configuration of containerd 2 (format version 3), its registry mirrors, and crictl's. */
import type { ClusterConfig } from "../config/clusterConfig";
import { kubernetesMinor } from "../config/kubernetesMinors";
import { operatingSystem } from "../config/operatingSystems";
import type { MachineFile } from "./inputs";
import { inPlace, textFile } from "./machineFile";
import { splitCredentials } from "./urlCredentials";

export function containerdFiles(config: ClusterConfig): MachineFile[] {
  return [
    inPlace("containerd", textFile("/etc/containerd/config.toml", renderContainerdConfig(config))),
    // containerd reads these at each pull.
    ...config.registryMirrors.map((mirror) =>
      inPlace(
        "nothing",
        textFile(
          `/etc/containerd/certs.d/${mirror.registry}/hosts.toml`,
          renderHostsToml(mirror),
          mirror.endpoints.some((endpoint) => splitCredentials(endpoint).credentials) ? "0600" : "0644",
        ),
      ),
    ),
  ];
}

export function crictlFile(): MachineFile {
  return textFile("/etc/crictl.yaml", "runtime-endpoint: unix:///run/containerd/containerd.sock\n");
}

export function renderContainerdConfig(config: ClusterConfig): string {
  // The image that holds a pod's namespaces open; kubeadm checks that its own is the one.
  const sandboxImage = `registry.k8s.io/pause:${kubernetesMinor(config.kubernetes.version).pause}`;
  return [
    "version = 3",
    "[plugins.'io.containerd.cri.v1.images'.pinned_images]",
    `sandbox = ${toml(sandboxImage)}`,
    "[plugins.'io.containerd.cri.v1.images'.registry]",
    `config_path = "/etc/containerd/certs.d"`,
    "[plugins.'io.containerd.cri.v1.runtime']",
    `enable_selinux = ${operatingSystem(config).selinux}`,
    "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]",
    `runtime_type = "io.containerd.runc.v2"`,
    "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]",
    // kubelet and containerd must agree on who manages control groups; systemd is the one that owns them.
    "SystemdCgroup = true",
    "",
  ].join("\n");
}

/** Mirrors are asked in their order; when none has the image, containerd falls back to the registry itself. */
export function renderHostsToml({
  registry,
  endpoints,
  overridePath,
}: ClusterConfig["registryMirrors"][number]): string {
  const upstream = registry === "docker.io" ? "registry-1.docker.io" : registry;
  return [
    `server = ${toml(`https://${upstream}`)}`,
    ...endpoints.flatMap((endpoint) => {
      const { url, credentials } = splitCredentials(endpoint);
      const basic =
        credentials && Buffer.from(`${credentials.user}:${credentials.password}`, "utf8").toString("base64");
      return [
        `[host.${toml(url)}]`,
        `capabilities = ["pull", "resolve"]`,
        ...(overridePath ? ["override_path = true"] : []),
        ...(basic === undefined ? [] : [`[host.${toml(url)}.header]`, `authorization = ${toml(`Basic ${basic}`)}`]),
      ];
    }),
    "",
  ].join("\n");
}

/** A TOML basic string; its escapes are JSON's. */
function toml(value: string): string {
  return JSON.stringify(value);
}
