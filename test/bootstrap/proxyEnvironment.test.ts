import { bypassesProxy, noProxyEntries, proxyFiles } from "../../src/bootstrap/proxyEnvironment";
import { contentOf, rhel9, sampleConfig } from "./samples";

const proxy = { httpProxy: "http://proxy.example:3128", noProxy: [".corp.example", "10.0.0.0/8", "localhost"] };
const noProxy =
  "localhost,127.0.0.1,169.254.169.254,10.10.0.5,10.10.0.0/22,192.168.0.0/16,10.96.0.0/12,.svc,.cluster.local,.corp.example,10.0.0.0/8";

describe("proxy settings", () => {
  it("are no files at all without a proxy", () => {
    expect(proxyFiles(sampleConfig(), "10.10.0.5")).toEqual([]);
  });

  it("spare the cluster's own networks and what the configuration names, each once", () => {
    expect(noProxyEntries(sampleConfig({ proxy }), "10.10.0.5").join(",")).toBe(noProxy);
  });

  it("reach containerd, kubelet, log-in shells and apt", () => {
    const files = proxyFiles(
      sampleConfig({ proxy: { ...proxy, httpsProxy: "http://user:o$k@proxy.example:3129" } }),
      "10.10.0.5",
    );
    expect(files.map(({ path, permissions }) => [path, permissions])).toEqual([
      ["/etc/openstack-kubernetes/proxy.env", "0600"],
      ["/etc/profile.d/openstack-kubernetes-proxy.sh", "0644"],
      ["/etc/systemd/system/containerd.service.d/10-proxy.conf", "0644"],
      ["/etc/systemd/system/kubelet.service.d/05-proxy.conf", "0644"],
      ["/etc/apt/apt.conf.d/90-openstack-kubernetes-proxy", "0600"],
    ]);
    expect(contentOf(files, "/etc/openstack-kubernetes/proxy.env")).toBe(`http_proxy='http://proxy.example:3128'
HTTP_PROXY='http://proxy.example:3128'
https_proxy='http://user:o$k@proxy.example:3129'
HTTPS_PROXY='http://user:o$k@proxy.example:3129'
no_proxy='${noProxy}'
NO_PROXY='${noProxy}'
`);
    expect(contentOf(files, "/etc/systemd/system/containerd.service.d/10-proxy.conf")).toBe(
      "[Service]\nEnvironmentFile=/etc/openstack-kubernetes/proxy.env\n",
    );
  });

  it("leave the RHEL family's dnf to the install script", () => {
    const paths = proxyFiles(sampleConfig({ ...rhel9, proxy }), "10.10.0.5").map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith("/etc/apt"))).toEqual([]);
  });

  it("name a mirror within the spared networks by its address, for curl that knows no CIDRs", () => {
    const packageMirror = { kubernetesUrl: "http://10.1.2.3/kubernetes", containerdUrl: "http://10.1.2.3/docker" };
    const files = proxyFiles(sampleConfig({ ...rhel9, proxy, packageSource: "mirror", packageMirror }), "10.10.0.5");
    expect(contentOf(files, "/etc/openstack-kubernetes/proxy.env")).toContain(`no_proxy='${noProxy},10.1.2.3'\n`);
  });

  it("let apt reach a mirror within the spared networks directly", () => {
    const packageMirror = {
      kubernetesUrl: "http://10.1.2.3/kubernetes",
      containerdUrl: "https://packages.example/containerd",
    };
    const files = proxyFiles(sampleConfig({ proxy, packageSource: "mirror", packageMirror }), "10.10.0.5");
    expect(contentOf(files, "/etc/apt/apt.conf.d/90-openstack-kubernetes-proxy"))
      .toBe(`Acquire::http::Proxy "http://proxy.example:3128";
Acquire::https::Proxy "http://proxy.example:3128";
Acquire::http::Proxy::10.1.2.3 "DIRECT";
`);
  });
});

describe("a host that bypasses the proxy", () => {
  it.each([
    ["localhost", true],
    ["a.corp.example", true],
    ["corp.example", true],
    ["notcorp.example", false],
    ["10.200.0.1", true],
    ["11.0.0.1", false],
  ])("%s: %s", (host, expected) => {
    expect(bypassesProxy(host, proxy.noProxy)).toBe(expected);
  });
});
