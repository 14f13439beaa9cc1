import { packageFiles, packageList, requiredCommands } from "../../src/bootstrap/packages";
import { contentOf, rhel9, sampleConfig, virtualIp } from "./samples";

const pathsOf = (changes: Record<string, unknown>) => packageFiles(sampleConfig(changes)).map(({ path }) => path);

describe("packages from upstream", () => {
  it("come from pkgs.k8s.io and Docker for Debian, with their keys fetched at boot", () => {
    const files = packageFiles(sampleConfig());
    expect(contentOf(files, "/etc/apt/sources.list.d/openstack-kubernetes-kubernetes.sources")).toBe(`Types: deb
URIs: https://pkgs.k8s.io/core:/stable:/v1.36/deb/
Suites: /
Signed-By: /etc/apt/keyrings/openstack-kubernetes-kubernetes.asc
`);
    expect(contentOf(files, "/etc/apt/sources.list.d/openstack-kubernetes-containerd.sources")).toBe(`Types: deb
URIs: https://download.docker.com/linux/debian
Suites: bookworm
Components: stable
Signed-By: /etc/apt/keyrings/openstack-kubernetes-containerd.asc
`);
    expect(contentOf(files, "/etc/openstack-kubernetes/repository-keys"))
      .toBe(`https://pkgs.k8s.io/core:/stable:/v1.36/deb/Release.key /etc/apt/keyrings/openstack-kubernetes-kubernetes.asc
https://download.docker.com/linux/debian/gpg /etc/apt/keyrings/openstack-kubernetes-containerd.asc
`);
  });

  it("come as signed rpm repositories for the RHEL family, Kubernetes kept out of ordinary updates", () => {
    const files = packageFiles(
      sampleConfig({ os: { family: "rocky", version: "9" }, kubernetes: { version: "1.35.2" } }),
    );
    expect(contentOf(files, "/etc/yum.repos.d/openstack-kubernetes-kubernetes.repo"))
      .toBe(`[openstack-kubernetes-kubernetes]
name=kubernetes
baseurl=https://pkgs.k8s.io/core:/stable:/v1.35/rpm/
enabled=1
gpgcheck=1
gpgkey=https://pkgs.k8s.io/core:/stable:/v1.35/rpm/repodata/repomd.xml.key
exclude=kubelet kubeadm kubectl cri-tools kubernetes-cni
`);
    expect(contentOf(files, "/etc/yum.repos.d/openstack-kubernetes-containerd.repo"))
      .toBe(`[openstack-kubernetes-containerd]
name=containerd
baseurl=https://download.docker.com/linux/rhel/9/$basearch/stable
enabled=1
gpgcheck=1
gpgkey=https://download.docker.com/linux/rhel/gpg
`);
  });

  it.each([
    ["ubuntu", "22.04", "jammy"],
    ["ubuntu", "24.04", "noble"],
    ["debian", "13", "trixie"],
  ])("know the code name of %s %s", (family, version, codename) => {
    const files = packageFiles(sampleConfig({ os: { family, version } }));
    expect(contentOf(files, "/etc/apt/sources.list.d/openstack-kubernetes-containerd.sources")).toContain(
      `Suites: ${codename}\n`,
    );
  });
});

describe("packages from a mirror", () => {
  it("are trusted unsigned only when no key is given", () => {
    const files = packageFiles(
      sampleConfig({ packageSource: "mirror", packageMirror: { kubernetesUrl: "http://10.0.0.9/deb" } }),
    );
    expect(contentOf(files, "/etc/apt/sources.list.d/openstack-kubernetes-kubernetes.sources")).toBe(
      "Types: deb\nURIs: http://10.0.0.9/deb\nSuites: /\nTrusted: yes\n",
    );
    expect(files.map(({ path }) => path)).not.toContain(
      "/etc/apt/sources.list.d/openstack-kubernetes-containerd.sources",
    );
    expect(contentOf(files, "/etc/openstack-kubernetes/repository-keys")).toBe("");
  });

  it("are checked against the key of the configuration, which is laid on the machine", () => {
    const signingKey = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----";
    const packageMirror = {
      kubernetesUrl: "https://mirror/kubernetes",
      containerdUrl: "https://mirror/docker",
      signingKey,
    };
    const files = packageFiles(sampleConfig({ ...rhel9, packageSource: "mirror", packageMirror }));
    expect(contentOf(files, "/etc/yum.repos.d/openstack-kubernetes-containerd.repo"))
      .toBe(`[openstack-kubernetes-containerd]
name=containerd
baseurl=https://mirror/docker
enabled=1
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-openstack-kubernetes-containerd
`);
    expect(contentOf(files, "/etc/pki/rpm-gpg/RPM-GPG-KEY-openstack-kubernetes-containerd")).toBe(`${signingKey}\n`);
  });

  it("may have another name for containerd", () => {
    const packageMirror = { kubernetesUrl: "http://10.0.0.9/deb", containerdPackage: "containerd" };
    expect(packageList(sampleConfig({ packageSource: "mirror", packageMirror }), "worker")).toContain("containerd");
  });
});

describe("the list of packages", () => {
  it("pins Kubernetes for apt and holds nothing that the role does not need", () => {
    expect(packageList(sampleConfig(virtualIp), "worker")).toEqual([
      "kubeadm=1.36.3-*",
      "kubelet=1.36.3-*",
      "containerd.io",
      "ca-certificates",
      "curl",
      "nftables",
    ]);
  });

  it("adds to a control plane on the RHEL family what its settings ask for", () => {
    expect(packageList(sampleConfig({ ...rhel9, ...virtualIp, ntpServers: ["10.0.0.1"] }), "control-plane")).toEqual([
      "kubeadm-1.36.3",
      "kubectl-1.36.3",
      "kubelet-1.36.3",
      "containerd.io",
      "ca-certificates",
      "/usr/bin/curl",
      "nftables",
      "chrony",
      "keepalived",
      "openssl",
      "container-selinux",
      "policycoreutils",
    ]);
  });
});

describe("preinstalled packages", () => {
  it("need no repository, only a look at what the image holds", () => {
    expect(pathsOf({ packageSource: "preinstalled" })).toEqual(["/opt/openstack-kubernetes/bin/install-packages.sh"]);
    expect(requiredCommands(sampleConfig(virtualIp), "control-plane")).toEqual([
      "containerd",
      "runc",
      "crictl",
      "curl",
      "kubeadm",
      "kubectl",
      "kubelet",
      "keepalived",
      "openssl",
    ]);
  });
});
