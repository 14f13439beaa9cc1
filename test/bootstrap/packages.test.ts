import {
  heldPackages,
  kubernetesPackageList,
  packageFiles,
  packageList,
  requiredCommands,
} from "../../src/bootstrap/packages";
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
exclude=containerd.io
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
    const signingKey = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmAEE\n-----END PGP PUBLIC KEY BLOCK-----";
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
exclude=containerd.io
`);
    expect(contentOf(files, "/etc/pki/rpm-gpg/RPM-GPG-KEY-openstack-kubernetes-containerd")).toBe(`${signingKey}\n`);
  });

  it("may be signed by several keys, with comments around and within their blocks", () => {
    const block = (body: string, header = "") =>
      `-----BEGIN PGP PUBLIC KEY BLOCK-----\n${header}\n${body}\n-----END PGP PUBLIC KEY BLOCK-----`;
    const signingKey = `the old one:\r\n${block("mAEE\n=0TYy", "Comment: made-by hand\n")}\n\nthe new one\n${block("mAEF")}\n`;
    const packageMirror = { kubernetesUrl: "https://mirror/kubernetes", signingKey };
    const rpm = packageFiles(sampleConfig({ ...rhel9, packageSource: "mirror", packageMirror }));
    const paths = ["", "-1"].map((number) => `/etc/pki/rpm-gpg/RPM-GPG-KEY-openstack-kubernetes-kubernetes${number}`);
    expect(contentOf(rpm, "/etc/yum.repos.d/openstack-kubernetes-kubernetes.repo")).toContain(
      `gpgkey=${paths.map((path) => `file://${path}`).join(" ")}\n`,
    );
    expect(paths.map((path) => contentOf(rpm, path))).toEqual([`${block("mAEE\n=0TYy")}\n`, `${block("mAEF")}\n`]);
    const deb = packageFiles(sampleConfig({ packageSource: "mirror", packageMirror }));
    const keyrings = ["", "-1"].map((number) => `/etc/apt/keyrings/openstack-kubernetes-kubernetes${number}.asc`);
    expect(contentOf(deb, "/etc/apt/sources.list.d/openstack-kubernetes-kubernetes.sources")).toContain(
      `Signed-By: ${keyrings.join(" ")}\n`,
    );
    expect(keyrings.map((path) => contentOf(deb, path))).toEqual(paths.map((path) => contentOf(rpm, path)));
  });

  it("may want a log-in, which stands in files that root alone reads and in no address", () => {
    const packageMirror = { kubernetesUrl: "https://robot:p%40ss@mirror.example:8443/k8s" };
    const all = { packageSource: "mirror", packageMirror };
    const deb = packageFiles(sampleConfig(all));
    expect(deb.filter(({ content }) => content.includes("p@ss") || content.includes("p%40ss"))).toEqual([
      {
        path: "/etc/apt/auth.conf.d/openstack-kubernetes.conf",
        permissions: "0600",
        content: "machine https://mirror.example:8443/k8s login robot password p@ss\n",
        change: "nothing",
      },
    ]);
    expect(contentOf(deb, "/etc/apt/sources.list.d/openstack-kubernetes-kubernetes.sources")).toContain(
      "URIs: https://mirror.example:8443/k8s\n",
    );
    const rpm = packageFiles(sampleConfig({ ...rhel9, ...all }));
    expect(rpm.filter(({ content }) => content.includes("ss\n") && content.includes("password"))).toEqual([
      expect.objectContaining({
        permissions: "0600",
        content: expect.stringContaining("baseurl=https://mirror.example:8443/k8s\n") as string,
      }),
    ]);
    expect(contentOf(rpm, "/etc/yum.repos.d/openstack-kubernetes-kubernetes.repo")).toContain(
      "username=robot\npassword=p@ss\n",
    );
  });

  it("are reached without the proxy where that is so for their address", () => {
    const packageMirror = { kubernetesUrl: "http://10.10.0.9/rpm" };
    const proxy = { httpProxy: "http://proxy.example:3128" };
    const files = packageFiles(sampleConfig({ ...rhel9, proxy, packageSource: "mirror", packageMirror }));
    expect(contentOf(files, "/etc/yum.repos.d/openstack-kubernetes-kubernetes.repo")).toContain("proxy=_none_\n");
  });

  it("may have another name for containerd, which upgrades leave alone by that name", () => {
    const packageMirror = { kubernetesUrl: "http://10.0.0.9/rpm", containerdPackage: "containerd" };
    const config = sampleConfig({ ...rhel9, packageSource: "mirror", packageMirror });
    expect(heldPackages(config, "worker")).toEqual(["kubeadm", "kubelet", "containerd"]);
    expect(contentOf(packageFiles(config), "/etc/yum.repos.d/openstack-kubernetes-kubernetes.repo")).toContain(
      "exclude=kubelet kubeadm kubectl cri-tools kubernetes-cni containerd\n",
    );
  });

  it("may have another name for containerd", () => {
    const packageMirror = { kubernetesUrl: "http://10.0.0.9/deb", containerdPackage: "containerd" };
    expect(packageList(sampleConfig({ packageSource: "mirror", packageMirror }), "worker")).toContain("containerd=2.*");
  });
});

describe("the list of packages", () => {
  it("pins Kubernetes for apt and holds nothing that the role does not need", () => {
    const config = sampleConfig(virtualIp);
    expect(kubernetesPackageList(config, "worker")).toEqual(["kubeadm=1.36.3-*", "kubelet=1.36.3-*"]);
    expect(packageList(config, "worker")).toEqual(["containerd.io=2.*", "ca-certificates", "curl", "nftables"]);
  });

  it("adds to a control plane on the RHEL family what its settings ask for", () => {
    const config = sampleConfig({ ...rhel9, ...virtualIp, ntpServers: ["10.0.0.1"] });
    expect(kubernetesPackageList(config, "control-plane")).toEqual([
      "kubeadm-1.36.3",
      "kubectl-1.36.3",
      "kubelet-1.36.3",
    ]);
    expect(packageList(config, "control-plane")).toEqual([
      "containerd.io-2.*",
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
