import { renderInitConfiguration } from "../../src/bootstrap/initConfiguration";
import {
  caCertificateHash,
  renderControlPlaneJoinConfiguration,
  renderWorkerJoinConfiguration,
} from "../../src/bootstrap/joinConfiguration";
import { bootstrapToken, caCertificate, caCertificateSha256, rhel9, sampleConfig, virtualIp } from "./samples";

const credentials = { endpointHost: "10.10.0.5", bootstrapToken, caCertHash: caCertificateSha256 };
const discovery = (apiServerEndpoint: string) => ({
  bootstrapToken: { apiServerEndpoint, token: bootstrapToken, caCertHashes: [caCertificateSha256] },
});
const configDir = { name: "config-dir", value: "/etc/openstack-kubernetes/kubelet" };
const nodeIp = { name: "node-ip", value: "@NODE_IP@" };
const criSocket = "unix:///var/run/containerd/containerd.sock";

describe("caCertificateHash", () => {
  it("is what openssl computes from the public key", () => {
    expect(caCertificateHash(caCertificate)).toBe(caCertificateSha256);
  });
});

describe("JoinConfiguration of a worker", () => {
  it("holds join credentials, taints and the labels that a kubelet may set itself", () => {
    const config = sampleConfig({
      nodePools: [
        {
          name: "gpu",
          count: 1,
          flavor: "gpu",
          labels: {
            tier: "gpu",
            "example.org/team": "vision",
            "node.kubernetes.io/accelerator": "a100",
          },
          taints: [
            { key: "gpu", effect: "NoSchedule" },
            { key: "team", value: "vision", effect: "NoExecute" },
          ],
        },
      ],
    });
    expect(renderWorkerJoinConfiguration(config, config.nodePools[0]!, credentials)).toEqual({
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "JoinConfiguration",
      discovery: discovery("10.10.0.5:6443"),
      nodeRegistration: {
        criSocket,
        kubeletExtraArgs: [
          configDir,
          nodeIp,
          { name: "node-labels", value: "example.org/team=vision,node.kubernetes.io/accelerator=a100,tier=gpu" },
        ],
        taints: [
          { key: "gpu", effect: "NoSchedule" },
          { key: "team", value: "vision", effect: "NoExecute" },
        ],
      },
    });
  });

  it("has kubeadm accept control groups v1 where the image boots with them", () => {
    const config = sampleConfig({ os: { family: "rhel", version: "8" } });
    expect(renderWorkerJoinConfiguration(config, config.nodePools[0]!, credentials)).toEqual({
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "JoinConfiguration",
      discovery: discovery("10.10.0.5:6443"),
      nodeRegistration: {
        criSocket,
        kubeletExtraArgs: [configDir, nodeIp],
        ignorePreflightErrors: ["SystemVerification"],
        taints: [],
      },
    });
  });
});

describe("JoinConfiguration of the control plane", () => {
  it("listens where a virtual IP leads, and needs no certificate key", () => {
    const config = sampleConfig({ apiEndpoint: { kind: "virtualIp", port: 8443 } });
    expect(renderControlPlaneJoinConfiguration(config, credentials)).toEqual({
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "JoinConfiguration",
      controlPlane: { localAPIEndpoint: { advertiseAddress: "@NODE_IP@", bindPort: 8443 } },
      discovery: discovery("10.10.0.5:8443"),
      nodeRegistration: { criSocket, kubeletExtraArgs: [configDir, nodeIp] },
      timeouts: { controlPlaneComponentHealthCheck: "8m0s", kubernetesAPICall: "5m0s" },
    });
  });
});

describe("InitConfiguration", () => {
  it("makes the first bootstrap token and listens on 6443 behind a load balancer of another port", () => {
    expect(
      renderInitConfiguration(sampleConfig({ apiEndpoint: { kind: "loadBalancer", port: 443 } }), bootstrapToken),
    ).toEqual({
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "InitConfiguration",
      bootstrapTokens: [{ token: bootstrapToken, description: "first join credentials of the cluster", ttl: "2h0m0s" }],
      localAPIEndpoint: { advertiseAddress: "@NODE_IP@", bindPort: 6443 },
      nodeRegistration: { criSocket, kubeletExtraArgs: [configDir, nodeIp] },
      timeouts: { controlPlaneComponentHealthCheck: "8m0s", kubernetesAPICall: "5m0s" },
    });
  });

  it("registers without a taint when the control plane is schedulable, and patches static pods where SELinux enforces", () => {
    const config = sampleConfig({ ...rhel9, ...virtualIp, controlPlane: { flavor: "medium", schedulable: true } });
    expect(renderInitConfiguration(config, bootstrapToken)).toMatchObject({
      nodeRegistration: { taints: [] },
      patches: { directory: "/etc/openstack-kubernetes/patches" },
    });
  });
});
