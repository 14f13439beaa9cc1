import { renderClusterConfiguration } from "../../src/bootstrap/clusterConfiguration";
import { sampleConfig, sampleFacts } from "./samples";

interface Document {
  controlPlaneEndpoint: string;
  networking: object;
  apiServer: {
    certSANs: string[];
    extraArgs: { name: string; value: string }[];
    extraVolumes: { name: string; mountPath: string; readOnly?: boolean }[];
  };
  controllerManager: object;
  scheduler: object;
  etcd: object;
}

const render = (changes: Record<string, unknown> = {}, certSans: string[] = []) => {
  const config = sampleConfig(changes);
  return renderClusterConfiguration(config, { ...sampleFacts(config), certSans }) as Document;
};
const flag = (document: Document, name: string) =>
  document.apiServer.extraArgs.find((argument) => argument.name === name)?.value;

describe("ClusterConfiguration", () => {
  it("carries names, versions and networks of the configuration", () => {
    const document = render({
      kubernetes: { dnsDomain: "corp.local", podCidr: "172.16.0.0/16", serviceCidr: "10.200.0.0/16" },
    });
    expect({ ...document, apiServer: undefined }).toEqual({
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "ClusterConfiguration",
      clusterName: "test",
      kubernetesVersion: "v1.36.3",
      controlPlaneEndpoint: "10.10.0.5:6443",
      encryptionAlgorithm: "ECDSA-P256",
      networking: { dnsDomain: "corp.local", podSubnet: "172.16.0.0/16", serviceSubnet: "10.200.0.0/16" },
      controllerManager: {
        extraArgs: [
          { name: "allocate-node-cidrs", value: "false" },
          { name: "bind-address", value: "0.0.0.0" },
          { name: "profiling", value: "false" },
          { name: "terminated-pod-gc-threshold", value: "1000" },
        ],
      },
      scheduler: {
        extraArgs: [
          { name: "bind-address", value: "0.0.0.0" },
          { name: "profiling", value: "false" },
        ],
      },
      etcd: {
        local: {
          dataDir: "/var/lib/etcd",
          extraArgs: [
            { name: "election-timeout", value: "2000" },
            { name: "heartbeat-interval", value: "200" },
            { name: "listen-metrics-urls", value: "http://0.0.0.0:2381" },
            { name: "quota-backend-bytes", value: "2147483648" },
          ],
        },
      },
    });
  });

  it("hardens the API server", () => {
    expect(render().apiServer.extraArgs).toEqual([
      { name: "admission-control-config-file", value: "/etc/openstack-kubernetes/api-server/admission.yaml" },
      { name: "audit-log-maxage", value: "30" },
      { name: "audit-log-maxbackup", value: "10" },
      { name: "audit-log-maxsize", value: "100" },
      { name: "audit-log-path", value: "/var/log/kubernetes/audit/audit.log" },
      { name: "audit-policy-file", value: "/etc/openstack-kubernetes/api-server/audit-policy.yaml" },
      { name: "authentication-config", value: "/etc/openstack-kubernetes/api-server/authentication.yaml" },
      { name: "enable-admission-plugins", value: "DenyServiceExternalIPs,EventRateLimit,NodeRestriction" },
      { name: "encryption-provider-config", value: "/etc/openstack-kubernetes/api-server/encryption.yaml" },
      { name: "profiling", value: "false" },
      { name: "service-account-extend-token-expiration", value: "false" },
      {
        name: "tls-cipher-suites",
        value:
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256," +
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
      },
      { name: "tls-min-version", value: "VersionTLS12" },
    ]);
  });

  it("verifies kubelets where the cluster issues their certificates", () => {
    const authority = (changes: Record<string, unknown>) => flag(render(changes), "kubelet-certificate-authority");
    const flux = { flux: { url: "https://git.example.org/platform/cluster.git" } };
    expect([
      authority(flux),
      authority({ ...flux, kubernetes: { kubeletServingCertificate: "selfSigned" } }),
      authority({}),
    ]).toEqual(["/etc/kubernetes/pki/ca.crt", undefined, undefined]);
  });

  it("names no audit log where it is switched off", () => {
    const document = render({ kubernetes: { encryptionAtRest: "none", audit: { enabled: false } } });
    expect(document.apiServer.extraArgs.map(({ name }) => name)).toEqual([
      "admission-control-config-file",
      "authentication-config",
      "enable-admission-plugins",
      "encryption-provider-config",
      "profiling",
      "service-account-extend-token-expiration",
      "tls-cipher-suites",
      "tls-min-version",
    ]);
  });

  it("mounts every file that a flag of the API server names", () => {
    const { apiServer } = render();
    const files = apiServer.extraArgs.map(({ value }) => value).filter((value) => value.startsWith("/"));
    expect(files.length).toBeGreaterThan(0);
    expect(
      files.filter((file) => !apiServer.extraVolumes.some(({ mountPath }) => file.startsWith(`${mountPath}/`))),
    ).toEqual([]);
    expect(apiServer.extraVolumes.map(({ name, readOnly }) => [name, readOnly])).toEqual([
      ["audit-log", undefined],
      ["openstack-kubernetes", true],
    ]);
  });

  it("lists each name of the API server's certificate once", () => {
    const document = render({ kubernetes: { certSans: ["api.example.org", "203.0.113.9"] } }, ["203.0.113.9"]);
    expect(document.apiServer.certSANs).toEqual([
      "10.10.0.5",
      "api.example.org",
      "203.0.113.9",
      "127.0.0.1",
      "localhost",
    ]);
  });

  it("gives nodes a CIDR of twice their pods when the CNI may need one", () => {
    const mask = (maxPodsPerNode: number, podCidr = "192.168.0.0/16") =>
      render({ cni: { kind: "none" }, kubernetes: { maxPodsPerNode, podCidr } }).controllerManager;
    const expected = (size: string) => ({
      extraArgs: [
        { name: "bind-address", value: "0.0.0.0" },
        { name: "node-cidr-mask-size", value: size },
        { name: "profiling", value: "false" },
        { name: "terminated-pod-gc-threshold", value: "1000" },
      ],
    });
    expect(mask(110)).toEqual(expected("24"));
    expect(mask(129)).toEqual(expected("23"));
    expect(mask(30)).toEqual(expected("26"));
  });

  it("keeps the endpoint's own port out of the flags", () => {
    const document = render({ apiEndpoint: { kind: "external", host: "api.example.org", port: 443 } });
    expect(document.controlPlaneEndpoint).toBe("api.example.org:443");
    expect(flag(document, "secure-port")).toBeUndefined();
  });
});
