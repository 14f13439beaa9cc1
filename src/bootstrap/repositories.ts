/** Repositories that a machine installs from: their addresses, their keys, and who logs in. */
import type { ClusterConfig } from "../config/clusterConfig";
import { minorOf } from "../config/kubernetesMinors";
import { operatingSystem, releaseOf } from "../config/operatingSystems";
import { pgpPublicKeys } from "../config/pgpKeys";
import type { MachineFile } from "./inputs";
import { etcDirectory, inPlace, textFile } from "./machineFile";
import { directMirrors } from "./proxyEnvironment";
import { splitCredentials, type Credentials } from "./urlCredentials";

interface Repository {
  readonly name: "kubernetes" | "containerd";
  /** Without user name and password. */
  readonly url: string;
  readonly credentials?: Credentials;
  /** Distribution and component of a deb repository; absent: a flat one. */
  readonly suite?: { readonly name: string; readonly component: string };
  /** Where the key is fetched from, or the keys themselves, any of which may have signed; absent: unsigned. */
  readonly key?: { readonly url: string } | { readonly armoured: readonly string[] };
  /** Packages that ordinary updates must leave alone. */
  readonly excluded: readonly string[];
}

const kubernetesExcludes = ["kubelet", "kubeadm", "kubectl", "cri-tools", "kubernetes-cni"];

/** Name of the package that containerd comes in. */
export function containerdPackage({ packageSource, packageMirror }: ClusterConfig): string {
  return packageSource === "mirror" && packageMirror !== undefined ? packageMirror.containerdPackage : "containerd.io";
}

function repositories(config: ClusterConfig): Repository[] {
  const { packageMirror } = config;
  const containerd = containerdPackage(config);
  if (config.packageSource === "mirror" && packageMirror !== undefined) {
    const { kubernetesUrl, containerdUrl, signingKey } = packageMirror;
    const armoured = signingKey === undefined ? undefined : pgpPublicKeys(signingKey);
    const key = armoured && { armoured };
    const one = containerdUrl === undefined || containerdUrl === kubernetesUrl;
    return [
      {
        name: "kubernetes",
        ...splitCredentials(kubernetesUrl),
        key,
        excluded: [...kubernetesExcludes, ...(one ? [containerd] : [])],
      },
      ...(one
        ? []
        : [{ name: "containerd" as const, ...splitCredentials(containerdUrl), key, excluded: [containerd] }]),
    ];
  }
  const upstream = `https://pkgs.k8s.io/core:/stable:/v${minorOf(config.kubernetes.version)}`;
  const { packageManager, dockerFolder } = operatingSystem(config);
  const docker = `https://download.docker.com/linux/${dockerFolder}`;
  const apt = packageManager === "apt";
  return [
    {
      name: "kubernetes",
      url: `${upstream}/${apt ? "deb" : "rpm"}/`,
      key: { url: apt ? `${upstream}/deb/Release.key` : `${upstream}/rpm/repodata/repomd.xml.key` },
      excluded: kubernetesExcludes,
    },
    {
      name: "containerd",
      url: apt ? docker : `${docker}/${config.os.version}/$basearch/stable`,
      ...(apt && { suite: { name: releaseOf(config.os)?.suite ?? config.os.version, component: "stable" } }),
      key: { url: `${docker}/gpg` },
      excluded: [containerd],
    },
  ];
}

/**
 * The files of apt or dnf that name the repositories. Those of Kubernetes reach machines that run, for an upgrade;
 * those of containerd are of the machine's operating system, which it keeps.
 */
export function repositoryFiles(config: ClusterConfig): MachineFile[] {
  return operatingSystem(config).packageManager === "apt" ? aptFiles(config) : dnfFiles(config);
}

const numbered = (index: number) => (index === 0 ? "" : `-${index}`);
const aptKeyPath = ({ name }: Repository, index = 0) =>
  `/etc/apt/keyrings/openstack-kubernetes-${name}${numbered(index)}.asc`;
const dnfKeyPath = ({ name }: Repository, index = 0) =>
  `/etc/pki/rpm-gpg/RPM-GPG-KEY-openstack-kubernetes-${name}${numbered(index)}`;

function aptFiles(config: ClusterConfig): MachineFile[] {
  const all = repositories(config);
  const fetched = all.flatMap((repository) =>
    repository.key !== undefined && "url" in repository.key ? [`${repository.key.url} ${aptKeyPath(repository)}`] : [],
  );
  // apt takes no user name and password from a file that everybody may read, and prints the address when it fails.
  const logIns = all.flatMap(({ url, credentials }) =>
    credentials === undefined ? [] : [`machine ${url} login ${credentials.user} password ${credentials.password}`],
  );
  return [
    ...all.map((repository) => {
      const { name, url, suite, key } = repository;
      const paths = key !== undefined && "armoured" in key ? key.armoured : [""];
      const lines = [
        "Types: deb",
        `URIs: ${url}`,
        `Suites: ${suite?.name ?? "/"}`,
        ...(suite === undefined ? [] : [`Components: ${suite.component}`]),
        key === undefined
          ? "Trusted: yes"
          : `Signed-By: ${paths.map((_, index) => aptKeyPath(repository, index)).join(" ")}`,
      ];
      return ofRepository(
        name,
        textFile(`/etc/apt/sources.list.d/openstack-kubernetes-${name}.sources`, lines.join("\n")),
      );
    }),
    ...(logIns.length === 0
      ? []
      : [inPlace("nothing", textFile("/etc/apt/auth.conf.d/openstack-kubernetes.conf", logIns.join("\n"), "0600"))]),
    ...keyFiles(all, aptKeyPath),
    inPlace("nothing", textFile(`${etcDirectory}/repository-keys`, fetched.join("\n"))),
  ];
}

function dnfFiles(config: ClusterConfig): MachineFile[] {
  const all = repositories(config);
  const direct = new Set(directMirrors(config).map(({ host }) => host));
  return [
    ...all.map((repository) => {
      const { name, url, credentials, key, excluded } = repository;
      const keys =
        key === undefined || "url" in key
          ? [key?.url]
          : key.armoured.map((_, index) => `file://${dnfKeyPath(repository, index)}`);
      const lines = [
        `[openstack-kubernetes-${name}]`,
        `name=${name}`,
        `baseurl=${url}`,
        "enabled=1",
        ...(key === undefined ? ["gpgcheck=0"] : ["gpgcheck=1", `gpgkey=${keys.join(" ")}`]),
        ...(credentials === undefined ? [] : [`username=${credentials.user}`, `password=${credentials.password}`]),
        // dnf's own exceptions from its proxy are by repository.
        ...(direct.has(new URL(url).host) ? ["proxy=_none_"] : []),
        `exclude=${excluded.join(" ")}`,
      ];
      const permissions = credentials === undefined ? "0644" : "0600";
      return ofRepository(
        name,
        textFile(`/etc/yum.repos.d/openstack-kubernetes-${name}.repo`, lines.join("\n"), permissions),
      );
    }),
    ...keyFiles(all, dnfKeyPath),
  ];
}

function keyFiles(all: readonly Repository[], path: (repository: Repository, index: number) => string): MachineFile[] {
  return all.flatMap((repository) =>
    repository.key !== undefined && "armoured" in repository.key
      ? repository.key.armoured.map((key, index) =>
          ofRepository(repository.name, textFile(path(repository, index), key)),
        )
      : [],
  );
}

function ofRepository(name: Repository["name"], file: MachineFile): MachineFile {
  return name === "kubernetes" ? inPlace("nothing", file) : file;
}
