import { kernelFiles } from "../../src/bootstrap/kernelSettings";
import { renderKubeletConfiguration } from "../../src/bootstrap/kubeletConfiguration";
import { contentOf, sampleConfig } from "./samples";

describe("KubeletConfiguration", () => {
  it("is hardened", () => {
    expect(renderKubeletConfiguration(sampleConfig({ kubernetes: { maxPodsPerNode: 60 } }))).toEqual({
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      authentication: { anonymous: { enabled: false }, webhook: { enabled: true } },
      authorization: { mode: "Webhook" },
      cgroupDriver: "systemd",
      kubeReserved: { cpu: "100m", memory: "256Mi" },
      maxPods: 60,
      podPidsLimit: 4096,
      protectKernelDefaults: true,
      readOnlyPort: 0,
      rotateCertificates: true,
      seccompDefault: true,
      systemReserved: { cpu: "100m", memory: "256Mi" },
      tlsCipherSuites: [
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
      ],
      tlsMinVersion: "VersionTLS12",
    });
  });

  it("asks the cluster for its serving certificate where somebody approves", () => {
    const flux = { flux: { url: "https://git.example.org/platform/cluster.git" } };
    const asks = (changes: Record<string, unknown>) =>
      (renderKubeletConfiguration(sampleConfig(changes)) as { serverTLSBootstrap?: boolean }).serverTLSBootstrap;
    expect([asks(flux), asks({ ...flux, kubernetes: { kubeletServingCertificate: "selfSigned" } })]).toEqual([
      true,
      undefined,
    ]);
    expect([asks({}), asks({ kubernetes: { kubeletServingCertificate: "clusterCa" } })]).toEqual([undefined, true]);
  });

  it("accepts control groups v1 only where the image boots with them", () => {
    expect(renderKubeletConfiguration(sampleConfig({ os: { family: "rocky", version: "8" } }))).toMatchObject({
      failCgroupV1: false,
    });
    expect(renderKubeletConfiguration(sampleConfig())).not.toHaveProperty("failCgroupV1");
  });

  it("finds the kernel settings that protectKernelDefaults demands", () => {
    const sysctls = contentOf(kernelFiles(), "/etc/sysctl.d/zz-openstack-kubernetes.conf").trim().split("\n");
    // pkg/kubelet/cm setupKernelTunables in Kubernetes' source.
    const demanded = ["vm.overcommit_memory=1", "vm.panic_on_oom=0", "kernel.panic=10", "kernel.panic_on_oops=1"];
    const demandedKeys = ["kernel.keys.root_maxkeys=1000000", "kernel.keys.root_maxbytes=25000000"];
    expect(sysctls).toEqual(expect.arrayContaining([...demanded, ...demandedKeys]));
  });
});
