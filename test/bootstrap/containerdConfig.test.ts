import { containerdFiles, renderContainerdConfig, renderHostsToml } from "../../src/bootstrap/containerdConfig";
import { rhel9, sampleConfig } from "./samples";

describe("containerd's configuration", () => {
  it("hands control groups to systemd, reads mirrors from certs.d and pins the sandbox image", () => {
    expect(renderContainerdConfig(sampleConfig())).toBe(`version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "registry.k8s.io/pause:3.10.2"
[plugins.'io.containerd.cri.v1.images'.registry]
config_path = "/etc/containerd/certs.d"
[plugins.'io.containerd.cri.v1.runtime']
enable_selinux = false
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
SystemdCgroup = true
`);
  });

  it("confines containers where SELinux enforces", () => {
    expect(renderContainerdConfig(sampleConfig(rhel9))).toContain("enable_selinux = true\n");
  });

  it.each([
    ["1.35.2", "3.10.1"],
    ["1.36.3", "3.10.2"],
    ["1.37.2", "3.10.2"],
  ])("takes the sandbox image of Kubernetes %s", (version, pause) => {
    expect(renderContainerdConfig(sampleConfig({ kubernetes: { version } }))).toContain(
      `sandbox = "registry.k8s.io/pause:${pause}"\n`,
    );
  });
});

describe("a registry mirror", () => {
  it("is asked before the registry, in the given order", () => {
    expect(
      renderHostsToml({
        registry: "registry.k8s.io",
        endpoints: ["https://a.example", "http://10.0.0.9:5000"],
        overridePath: false,
      }),
    ).toBe(`server = "https://registry.k8s.io"
[host."https://a.example"]
capabilities = ["pull", "resolve"]
[host."http://10.0.0.9:5000"]
capabilities = ["pull", "resolve"]
`);
  });

  it("that wants a log-in gets it in a header, in a file that root alone reads", () => {
    const registryMirrors = [{ registry: "quay.io", endpoints: ["https://robot%24ci:p%40ss@a.example/v2/quay"] }];
    const files = containerdFiles(sampleConfig({ registryMirrors }));
    const file = files.find(({ path }) => path === "/etc/containerd/certs.d/quay.io/hosts.toml");
    expect(file).toEqual({
      path: "/etc/containerd/certs.d/quay.io/hosts.toml",
      permissions: "0600",
      change: "nothing",
      content: `server = "https://quay.io"
[host."https://a.example/v2/quay"]
capabilities = ["pull", "resolve"]
[host."https://a.example/v2/quay".header]
authorization = "Basic ${Buffer.from("robot$ci:p@ss").toString("base64")}"
`,
    });
  });

  it("of Docker Hub falls back to the host that serves it, and may be a path of a proxy cache", () => {
    expect(renderHostsToml({ registry: "docker.io", endpoints: ["https://harbor.example/v2/hub"], overridePath: true }))
      .toBe(`server = "https://registry-1.docker.io"
[host."https://harbor.example/v2/hub"]
capabilities = ["pull", "resolve"]
override_path = true
`);
  });
});
