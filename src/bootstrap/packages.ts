/** Which packages a node needs and where they come from. */
import type { ClusterConfig } from "../config/clusterConfig";
import { minorOf } from "../config/kubernetesMinors";
import { operatingSystem, releaseOf } from "../config/operatingSystems";
import type { NodeRole } from "../machines/roles";
import type { MachineFile } from "./inputs";
import { scriptFile, textFile, binDirectory } from "./machineFile";

const installScript = `${binDirectory}/install-packages.sh`;

/** Packages of Kubernetes, which are pinned; kubectl is for the control plane's own scripts and its operators. */
export function kubernetesPackages(role: NodeRole): string[] {
  return role === "control-plane" ? ["kubeadm", "kubectl", "kubelet"] : ["kubeadm", "kubelet"];
}

/** What the package manager is asked to install, versions included. */
export function packageList(config: ClusterConfig, role: NodeRole): string[] {
  const { packageManager, selinux } = operatingSystem(config);
  const apt = packageManager === "apt";
  const version = config.kubernetes.version;
  const containerd =
    config.packageSource === "mirror" && config.packageMirror !== undefined
      ? config.packageMirror.containerdPackage
      : "containerd.io";
  return [
    ...kubernetesPackages(role).map((name) => (apt ? `${name}=${version}-*` : `${name}-${version}`)),
    containerd,
    "ca-certificates",
    // By its path on the RHEL family, where curl-minimal may be what provides it.
    apt ? "curl" : "/usr/bin/curl",
    "nftables",
    ...(config.ntpServers.length === 0 ? [] : ["chrony"]),
    ...(role === "control-plane" && config.apiEndpoint.kind === "virtualIp" ? ["keepalived"] : []),
    ...(role === "control-plane" ? ["openssl"] : []),
    ...(selinux ? ["container-selinux", "policycoreutils"] : []),
  ];
}

/** Programs that an image with preinstalled packages must hold. */
export function requiredCommands(config: ClusterConfig, role: NodeRole): string[] {
  return [
    "containerd",
    "runc",
    "crictl",
    "curl",
    ...kubernetesPackages(role),
    ...(config.ntpServers.length === 0 ? [] : ["chronyd"]),
    ...(role === "control-plane" && config.apiEndpoint.kind === "virtualIp" ? ["keepalived"] : []),
    ...(role === "control-plane" ? ["openssl"] : []),
  ];
}

/** Repositories, their keys, and the script that installs from them (or checks, when all is preinstalled). */
export function packageFiles(config: ClusterConfig): MachineFile[] {
  if (config.packageSource === "preinstalled") return [scriptFile("check-packages.sh", installScript)];
  return operatingSystem(config).packageManager === "apt"
    ? [scriptFile("install-packages-apt.sh", installScript), ...aptFiles(config)]
    : [scriptFile("install-packages-dnf.sh", installScript), ...dnfFiles(config)];
}

interface Repository {
  readonly name: string;
  readonly url: string;
  /** Distribution and component of a deb repository; absent: a flat one. */
  readonly suite?: { readonly name: string; readonly component: string };
  /** Where the key is fetched from, or the key itself; absent: unsigned. */
  readonly key?: { readonly url: string } | { readonly armoured: string };
  /** Packages that ordinary updates must leave alone. */
  readonly excluded?: string;
}

const kubernetesExcludes = "kubelet kubeadm kubectl cri-tools kubernetes-cni";

function repositories(config: ClusterConfig): Repository[] {
  const { packageMirror } = config;
  if (config.packageSource === "mirror" && packageMirror !== undefined) {
    const key = packageMirror.signingKey === undefined ? undefined : { armoured: packageMirror.signingKey.trim() };
    const { kubernetesUrl, containerdUrl } = packageMirror;
    return [
      { name: "kubernetes", url: kubernetesUrl, key, excluded: kubernetesExcludes },
      ...(containerdUrl === undefined || containerdUrl === kubernetesUrl
        ? []
        : [{ name: "containerd", url: containerdUrl, key }]),
    ];
  }
  const upstream = `https://pkgs.k8s.io/core:/stable:/v${minorOf(config.kubernetes.version)}`;
  const { packageManager, dockerFolder } = operatingSystem(config);
  const docker = `https://download.docker.com/linux/${dockerFolder}`;
  if (packageManager === "apt") {
    return [
      { name: "kubernetes", url: `${upstream}/deb/`, key: { url: `${upstream}/deb/Release.key` } },
      {
        name: "containerd",
        url: docker,
        suite: { name: releaseOf(config.os)?.suite ?? config.os.version, component: "stable" },
        key: { url: `${docker}/gpg` },
      },
    ];
  }
  return [
    {
      name: "kubernetes",
      url: `${upstream}/rpm/`,
      key: { url: `${upstream}/rpm/repodata/repomd.xml.key` },
      excluded: kubernetesExcludes,
    },
    { name: "containerd", url: `${docker}/${config.os.version}/$basearch/stable`, key: { url: `${docker}/gpg` } },
  ];
}

const aptKeyPath = ({ name }: Repository) => `/etc/apt/keyrings/openstack-kubernetes-${name}.asc`;
const dnfKeyPath = ({ name }: Repository) => `/etc/pki/rpm-gpg/RPM-GPG-KEY-openstack-kubernetes-${name}`;

function aptFiles(config: ClusterConfig): MachineFile[] {
  const all = repositories(config);
  const fetched = all.flatMap((repository) =>
    repository.key !== undefined && "url" in repository.key ? [`${repository.key.url} ${aptKeyPath(repository)}`] : [],
  );
  return [
    ...all.map((repository) => {
      const { name, url, suite, key } = repository;
      const lines = [
        "Types: deb",
        `URIs: ${url}`,
        `Suites: ${suite?.name ?? "/"}`,
        ...(suite === undefined ? [] : [`Components: ${suite.component}`]),
        key === undefined ? "Trusted: yes" : `Signed-By: ${aptKeyPath(repository)}`,
      ];
      return textFile(`/etc/apt/sources.list.d/openstack-kubernetes-${name}.sources`, lines.join("\n"));
    }),
    ...keyFiles(all, aptKeyPath),
    textFile("/etc/openstack-kubernetes/repository-keys", fetched.join("\n")),
  ];
}

function dnfFiles(config: ClusterConfig): MachineFile[] {
  const all = repositories(config);
  return [
    ...all.map((repository) => {
      const { name, url, key, excluded } = repository;
      const lines = [
        `[openstack-kubernetes-${name}]`,
        `name=${name}`,
        `baseurl=${url}`,
        "enabled=1",
        ...(key === undefined
          ? ["gpgcheck=0"]
          : ["gpgcheck=1", `gpgkey=${"url" in key ? key.url : `file://${dnfKeyPath(repository)}`}`]),
        ...(excluded === undefined ? [] : [`exclude=${excluded}`]),
      ];
      return textFile(`/etc/yum.repos.d/openstack-kubernetes-${name}.repo`, lines.join("\n"));
    }),
    ...keyFiles(all, dnfKeyPath),
  ];
}

function keyFiles(all: readonly Repository[], path: (repository: Repository) => string): MachineFile[] {
  return all.flatMap((repository) =>
    repository.key !== undefined && "armoured" in repository.key
      ? [textFile(path(repository), repository.key.armoured)]
      : [],
  );
}
