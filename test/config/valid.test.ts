/** What the fixtures in test/fixtures/config/valid come to; each is asserted by what it is there for. */
import { defaultKubernetesVersion } from "../../src/config/kubernetesMinors";
import { readStackFile } from "../../src/config/stackFile";
import { fixtureNames, fixturePath, validConfig } from "./fixtures";

const snapshots = { snapshotIntervalHours: 6, snapshotsKept: 28, snapshotsMaxGb: 10 };

describe("a stack file", () => {
  it.each(fixtureNames("valid"))("is accepted: %s", (name) => {
    expect(validConfig(name).stack).toBe("dev");
  });

  it("needs to say five things only; the rest has defaults", () => {
    expect(validConfig("minimal")).toEqual({
      stack: "dev",
      clusterName: "dev",
      allowPlainHttp: [],
      os: { family: "rocky", version: "9", cgroup: "v2" },
      image: "rocky-9",
      network: { cidr: "10.10.0.0/22", dnsServers: [], mtu: 1442 },
      apiEndpoint: {
        kind: "loadBalancer",
        port: 6443,
        allowedCidrs: [],
        floatingIp: false,
        provider: "amphora",
        idleTimeoutMinutes: 60,
      },
      controlPlane: {
        replicas: 3,
        flavor: "m1.large",
        availabilityZones: [],
        serverGroupPolicy: "soft-anti-affinity",
        schedulable: false,
      },
      nodePools: [
        {
          name: "general",
          count: 3,
          flavor: "m1.large",
          availabilityZones: [],
          labels: {},
          taints: [],
          volumes: [],
          networks: [],
          serverGroupPolicy: "none",
        },
      ],
      ssh: { authorizedKeys: [], allowedCidrs: [] },
      kubernetes: {
        version: defaultKubernetesVersion,
        podCidr: "192.168.0.0/16",
        serviceCidr: "10.96.0.0/12",
        dnsDomain: "cluster.local",
        maxPodsPerNode: 110,
        certSans: [],
        kubeletServingCertificate: "selfSigned",
        encryptionAtRest: "secretbox",
        podSecurity: {
          enforce: "baseline",
          warn: "restricted",
          exemptNamespaces: ["kube-system", "tigera-operator", "calico-system", "calico-apiserver"],
        },
        audit: { enabled: true, maxAgeDays: 30, maxBackups: 10, maxSizeMb: 100 },
        etcd: { heartbeatIntervalMs: 200, electionTimeoutMs: 2000, quotaGb: 2, ...snapshots },
      },
      cni: { kind: "calico", encapsulation: "vxlan" },
      registryMirrors: [],
      packageSource: "upstream",
      extraCas: [],
      ntpServers: [],
      tags: {},
      update: { maxUnavailable: "10%", nodeTimeoutMinutes: 10, drain: "minor", allowUnlistedComponents: false },
      repair: { afterMinutes: 15, maxUnhealthy: "40%" },
      configDrive: true,
      protect: true,
      roll: [],
      allowDestruction: [],
      platform: { timeoutMinutes: 15 },
      readiness: { apiTimeoutMinutes: 20, clusterTimeoutMinutes: 30, drainTimeoutMinutes: 15, machinesBoot: true },
      podMtu: 1392,
      clusterDnsIp: "10.96.0.10",
    });
  });
});

describe("each kind of API endpoint", () => {
  it("is a load balancer with Octavia's settings and a floating IP", () => {
    expect(validConfig("endpoint-load-balancer").apiEndpoint).toEqual({
      kind: "loadBalancer",
      port: 6443,
      allowedCidrs: ["203.0.113.0/24"],
      floatingIp: true,
      provider: "ovn",
      idleTimeoutMinutes: 120,
    });
  });

  it("is a virtual IP with an address of the node CIDR", () => {
    expect(validConfig("endpoint-virtual-ip").apiEndpoint).toEqual({
      kind: "virtualIp",
      port: 443,
      allowedCidrs: ["10.0.0.0/8"],
      floatingIp: false,
      address: "10.10.0.5",
      virtualRouterId: 77,
    });
  });

  it("is a host that somebody else runs", () => {
    expect(validConfig("endpoint-external").apiEndpoint).toEqual({
      kind: "external",
      port: 6443,
      allowedCidrs: ["10.0.0.0/8"],
      host: "api.dev.example.org",
    });
  });
});

describe("each operating system", () => {
  it.each([
    ["os-rhel-8", { family: "rhel", version: "8", cgroup: "v1" }],
    ["os-rhel-9", { family: "rhel", version: "9", cgroup: "v2" }],
    ["os-almalinux", { family: "almalinux", version: "8", cgroup: "v2" }],
    ["os-ubuntu", { family: "ubuntu", version: "24.04", cgroup: "v2" }],
    ["os-debian-cgroup-v1", { family: "debian", version: "12", cgroup: "v1" }],
  ])("boots with the cgroup version that is its own or that is set: %s", (name, os) => {
    expect(validConfig(name).os).toEqual(os);
  });
});

describe("the site's network", () => {
  it("can be cut off, with mirrors for packages and images, a CA and a clock of its own", () => {
    const { packageSource, packageMirror, registryMirrors, extraCas, ntpServers } = validConfig("air-gapped");
    expect({ packageSource, packageMirror, registryMirrors, ntpServers }).toEqual({
      packageSource: "mirror",
      packageMirror: {
        kubernetesUrl: "https://packages.example.org/kubernetes/1.36/deb/",
        containerdUrl: "https://packages.example.org/containerd",
        containerdPackage: "containerd",
      },
      registryMirrors: [
        {
          registry: "registry.k8s.io",
          endpoints: ["https://registry.example.org/v2/registry.k8s.io"],
          overridePath: true,
        },
        {
          registry: "quay.io",
          endpoints: ["https://registry.example.org", "http://10.1.0.9:5000"],
          overridePath: false,
        },
      ],
      ntpServers: ["10.1.0.123", "ntp.example.org"],
    });
    expect(extraCas).toHaveLength(1);
  });

  it("can have a proxy", () => {
    expect(validConfig("proxy").proxy).toEqual({
      httpProxy: "http://proxy.example.org:3128",
      noProxy: [".example.org", "10.0.0.0/8", "registry.example.net:5000"],
    });
  });

  it("shows an encrypted value as a placeholder when read without Pulumi, and says so", () => {
    const { proxy, image } = validConfig("proxy-encrypted");
    expect({ proxy, image }).toEqual({
      proxy: { httpProxy: "http://encrypted.invalid", noProxy: [] },
      image: "encrypted",
    });
    expect(readStackFile(fixturePath("valid", "proxy-encrypted")).notes).toEqual([
      "image is encrypted, so this preview uses encrypted in its place and cannot tell whether it changed.",
      "proxy.httpProxy is encrypted, so this preview uses http://encrypted.invalid in its place and cannot tell whether it changed.",
    ]);
  });

  it("can exist already, with jumbo frames that pods get whole without encapsulation", () => {
    const { network, podMtu } = validConfig("existing-network");
    expect({ network, podMtu }).toEqual({
      network: {
        cidr: "10.30.0.0/20",
        networkId: "5c2f7c53-6a3b-4d0e-9b0a-2f1c6c1c9d3e",
        subnetId: "0f4b6d1e-8f0a-4a53-8c3c-6f3f5d1f7a10",
        dnsServers: [],
        mtu: 9000,
      },
      podMtu: 9000,
    });
  });

  it("can have a router already, and IP-in-IP that takes 20 bytes of the MTU", () => {
    const { network, podMtu } = validConfig("existing-router");
    expect([network.routerId, podMtu]).toEqual(["9d3a6f0c-2b1e-4f5a-8a7d-1c2b3a4d5e6f", 1480]);
  });

  it("can lie right beside the pod and service CIDRs", () => {
    const { network, kubernetes, clusterDnsIp } = validConfig("networks-that-nearly-collide");
    expect([network.cidr, kubernetes.podCidr, kubernetes.serviceCidr, clusterDnsIp]).toEqual([
      "192.167.252.0/22",
      "192.168.0.0/16",
      "192.169.0.0/16",
      "192.169.0.10",
    ]);
  });

  it("can have just the addresses that 16 machines need", () => {
    const { network, kubernetes, controlPlane, nodePools } = validConfig("networks-just-large-enough");
    expect([network.cidr, kubernetes.podCidr, controlPlane.replicas + (nodePools[0]?.count ?? 0)]).toEqual([
      "10.10.0.0/27",
      "192.168.0.0/21",
      16,
    ]);
  });
});

describe("machines", () => {
  it("come in pools, in zones, with labels and taints, and may be rolled by name", () => {
    const config = validConfig("many-pools-many-zones");
    expect([config.controlPlane.replicas, config.nodePools.map(({ name, count }) => [name, count])]).toEqual([
      5,
      [
        ["general", 6],
        ["gpu", 2],
        ["spare", 0],
      ],
    ]);
    expect(config.nodePools[1]).toMatchObject({
      image: "rocky-9-cuda",
      labels: { "example.org/gpu": "a100", "node-role.kubernetes.io/gpu": "" },
      taints: [
        { key: "example.org/gpu", value: "", effect: "NoSchedule" },
        { key: "example.org/gpu", value: "", effect: "NoExecute" },
      ],
    });
    expect(config.roll).toEqual(["gpu", "dev-control-plane-0", "general"]);
  });

  it("can be a single one that runs everything", () => {
    const config = validConfig("single-node");
    expect([config.controlPlane.replicas, config.controlPlane.schedulable, config.nodePools]).toEqual([1, true, []]);
  });

  it("can be 500 workers in the default pod CIDR", () => {
    const { nodePools, kubernetes } = validConfig("five-hundred-workers");
    expect([nodePools.map((pool) => pool.count), kubernetes.podCidr]).toEqual([[400, 100], "192.168.0.0/16"]);
  });

  it("can be reached through a bastion that config opens to the world", () => {
    expect(validConfig("bastion").ssh.bastion).toEqual({
      flavor: "m1.tiny",
      image: "debian-12",
      allowedCidrs: ["0.0.0.0/0"],
      floatingIp: true,
    });
  });

  it("can boot from volumes and carry more of them, and more networks", () => {
    const { controlPlane, nodePools } = validConfig("boot-and-extra-volumes");
    expect([controlPlane.bootVolume, controlPlane.etcdVolume]).toEqual([
      { sizeGb: 40, type: "ssd" },
      { sizeGb: 20, type: "nvme" },
    ]);
    expect(nodePools[0]).toMatchObject({
      bootVolume: { sizeGb: 40 },
      volumes: [
        { name: "containers", sizeGb: 100, mountPath: "/var/lib/containerd" },
        { name: "raw", sizeGb: 500, type: "hdd" },
      ],
      networks: ["0f4b6d1e-8f0a-4a53-8c3c-6f3f5d1f7a10"],
    });
  });
});

describe("Kubernetes", () => {
  it("keeps the defaults of a section beside the values that are set in it", () => {
    const { kubernetes, oidc } = validConfig("hardening-and-timings");
    expect(kubernetes).toMatchObject({
      version: "1.35.0",
      encryptionAtRest: "aescbc",
      podSecurity: { enforce: "restricted", warn: "restricted" },
      audit: { enabled: true, maxAgeDays: 90, maxBackups: 10, maxSizeMb: 100 },
      etcd: { heartbeatIntervalMs: 100, electionTimeoutMs: 1000, quotaGb: 2, ...snapshots },
      certSans: ["api.example.org", "203.0.113.10"],
    });
    expect(oidc).toMatchObject({
      usernameClaim: "sub",
      usernamePrefix: "oidc:",
      groupsClaim: "groups",
      groupsPrefix: "oidc:",
    });
  });

  it("can be left without a CNI", () => {
    const { cni, podMtu } = validConfig("without-cni");
    expect([cni, podMtu]).toEqual([{ kind: "none", encapsulation: "none" }, 1442]);
  });
});

describe("a value as `pulumi config set` writes it", () => {
  it("takes the form that the schema wants", () => {
    const { protect, configDrive, nodePools, kubernetes, tags } = validConfig("text-forms");
    expect({ protect, configDrive, pool: nodePools[0], maxPods: kubernetes.maxPodsPerNode, tags }).toMatchObject({
      protect: false,
      configDrive: true,
      pool: { count: 5, labels: { tier: "1", spot: "true" } },
      maxPods: 64,
      tags: { "cost-centre": "4711" },
    });
  });
});

describe("YAML", () => {
  it("may use anchors, merge keys, Pulumi's older spelling of keys, and the namespaces of others", () => {
    const { nodePools, protect } = validConfig("yaml-anchors");
    expect([nodePools.map(({ name, count, labels }) => ({ name, count, labels })), protect]).toEqual([
      [
        { name: "general", count: 3, labels: { tier: "gold" } },
        { name: "more", count: 1, labels: { tier: "gold" } },
      ],
      false,
    ]);
  });
});
