import { templateDigestOf } from "../../src/bootstrap/template";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import {
  bastionGroup,
  controlPlaneGroup,
  machineGroups,
  planMachines,
  type MachineSpec,
} from "../../src/machines/planMachines";
import { caCertificate, fixtures, poolTemplates, sampleConfig } from "./samples";

type Changes = Record<string, unknown>;
const pools = (...changes: Changes[]) => ({
  nodePools: changes.map((change) => ({ name: "default", count: 2, flavor: "large", ...change })),
});
const ofPool = (changes: Changes = {}) => {
  const config = sampleConfig(changes);
  return templateDigestOf(
    config,
    poolTemplates(config).find(({ pool }) => pool === "default")!,
  );
};
const ofControlPlane = (changes: Changes = {}) => {
  const config = sampleConfig(changes);
  return templateDigestOf(config, controlPlaneGroup(config).template);
};
const controlPlane = (changes: Changes) => ({ controlPlane: { flavor: "medium", ...changes } });
const existing = { networkId: "11111111-0000-4000-8000-000000000000" };
const authorizedKeys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4p1nVx2C8bY0n5oYpZ8mJrUe7u0uG3f4y5Vw6xZ7aB ops"];

describe("the digest of a template", () => {
  it("is twelve hexadecimal digits for every group of machines of every valid configuration", () => {
    for (const [, config] of fixtures()) {
      const digests = machineGroups(config).map(({ template }) => templateDigestOf(config, template));
      expect(digests).toEqual(digests.map(() => expect.stringMatching(/^[0-9a-f]{12}$/) as string));
    }
  });

  it("is the same for each machine of a group", () => {
    for (const [, config] of fixtures()) {
      for (const { template, machines } of machineGroups(config)) {
        const some = [...machines.slice(0, 2), ...machines.slice(-1)];
        for (const machine of some) expect(templateDigestOf(config, machine)).toBe(templateDigestOf(config, template));
      }
    }
  });

  it("does not change with the order of keys", () => {
    const proxy = { httpProxy: "http://p:1", httpsProxy: "http://p:2" };
    const reordered = { httpsProxy: "http://p:2", httpProxy: "http://p:1" };
    expect(ofPool({ proxy })).toBe(ofPool({ proxy: reordered }));
    expect(ofControlPlane({ proxy })).toBe(ofControlPlane({ proxy: reordered }));
  });
});

describe("the digest of a pool", () => {
  /** For each property of the plan, configurations that change it. */
  const changed = {
    flavor: [pools({ flavor: "huge" })],
    image: [pools({ image: "gpu" }), { image: "debian-12.8" }],
    availabilityZones: [pools({ availabilityZones: ["a"] })],
    serverGroup: [pools({ serverGroupPolicy: "anti-affinity" })],
    bootVolume: [pools({ bootVolume: { sizeGb: 50 } })],
    volumes: [pools({ volumes: [{ name: "data", sizeGb: 10, mountPath: "/data" }] })],
    mainNetwork: [
      { network: existing },
      { network: { ...existing, subnetId: "22222222-0000-4000-8000-000000000000" } },
    ],
    networks: [pools({ networks: ["33333333-0000-4000-8000-000000000000"] })],
    configDrive: [{ configDrive: false }],
  } satisfies { readonly [P in keyof MachineSpec]?: Changes[] };
  /** The same, for properties that are exceptions. */
  const excepted = {
    configKeys: [pools({ name: "gpu" }, {})],
    labels: [pools({ labels: { tier: "x" } })],
    taints: [pools({ taints: [{ key: "k", effect: "NoSchedule" }] })],
    rolled: [{ roll: ["default"] }],
  } satisfies { readonly [P in keyof MachineSpec]?: Changes[] };
  /** Name and index differ between the machines of a group (above); pool and role belong to the machine's name; the
   * policy of a server group comes with the group. */
  type Elsewhere = "name" | "index" | "pool" | "role" | "serverGroupPolicy";
  const complete: Exclude<keyof MachineSpec, Elsewhere | keyof typeof changed | keyof typeof excepted>[] = [];
  const rows = (table: Record<string, Changes[]>) =>
    Object.entries(table).flatMap(([property, configurations]) =>
      configurations.map((changes) => [property, changes] as const),
    );
  const ofPlan = (config: ClusterConfig, property: string) =>
    planMachines(config).find(({ pool }) => pool === "default")?.[property as keyof MachineSpec];

  it("is known for every property of a machine", () => expect(complete).toEqual([]));

  it.each(rows(changed))("changes with %s, from %j", (property, changes) => {
    expect(ofPlan(sampleConfig(changes), property)).not.toEqual(ofPlan(sampleConfig(), property));
    expect(ofPool(changes)).not.toBe(ofPool());
  });

  it.each(rows(excepted))("does not change with %s, from %j", (property, changes) => {
    expect(ofPlan(sampleConfig(changes), property)).not.toEqual(ofPlan(sampleConfig(), property));
    expect(ofPool(changes)).toBe(ofPool());
  });

  it.each([
    ["its count", pools({ count: 50 })],
    ["another pool", pools({}, { name: "gpu" })],
    ["the control plane", controlPlane({ replicas: 5, flavor: "huge", etcdVolume: { sizeGb: 20 } })],
    ["the version of Kubernetes, which machines take while they run", { kubernetes: { version: "1.36.2" } }],
    ["tags, which change in place", { tags: { owner: "me" } }],
    ["an extra CA, which workers take while they run", { extraCas: [caCertificate] }],
    [
      "a registry mirror, which machines take while they run",
      { registryMirrors: [{ registry: "quay.io", endpoints: ["https://mirror.example.org"] }] },
    ],
  ])("does not change with %s", (_what, changes) => {
    expect(ofPool(changes)).toBe(ofPool());
  });

  it.each([
    ["packages that come with the image", { packageSource: "preinstalled" }],
    ["the proxy", { proxy: { httpProxy: "http://p:1" } }],
    ["who may log in", { ssh: { authorizedKeys, allowedCidrs: ["10.0.0.0/8"] } }],
  ])("changes with %s", (_what, changes) => {
    expect(ofPool(changes)).not.toBe(ofPool());
  });

  it("is that of the image that its machines have, wherever it is named", () => {
    expect(ofPool(pools({ image: "debian-12" }))).toBe(ofPool());
  });
});

describe("the digest of the control plane", () => {
  it.each([
    ["replicas", controlPlane({ replicas: 5 })],
    ["its flavor, which is resized in place", controlPlane({ flavor: "huge" })],
    ["the policy of its server group, which keeps it", controlPlane({ serverGroupPolicy: "anti-affinity" })],
    ["pools", pools({ count: 50 }, { name: "gpu", flavor: "gpu" })],
    [
      "the levels of Pod Security, which machines that run take",
      { kubernetes: { podSecurity: { enforce: "restricted" } } },
    ],
    ["a flag of the API server, which they take", { kubernetes: { audit: { maxAgeDays: 90 } } }],
    ["a switched-off audit log, which they take", { kubernetes: { audit: { enabled: false } } }],
    // A machine that joins takes these from the cluster, so a roll would change nothing of them.
    ["a name in the API server's certificate", { kubernetes: { certSans: ["api.example.org"] } }],
    ["a setting of all kubelets", { kubernetes: { maxPodsPerNode: 200 } }],
    ["etcd's timings", { kubernetes: { etcd: { electionTimeoutMs: 3000 } } }],
    ["the pod CIDR", { kubernetes: { podCidr: "10.244.0.0/16" } }],
  ])("does not change with %s", (_what, changes) => {
    expect(ofControlPlane(changes)).toBe(ofControlPlane());
  });

  it.each([
    ["the end of its server group", controlPlane({ serverGroupPolicy: "none" })],
    ["its etcd volume", controlPlane({ etcdVolume: { sizeGb: 20 } })],
    ["the encryption of Secrets", { kubernetes: { encryptionAtRest: "aescbc" } }],
    ["the config drive", { configDrive: false }],
  ])("changes with %s", (_what, changes) => {
    expect(ofControlPlane(changes)).not.toBe(ofControlPlane());
  });

  it("does not change with a floating IP, which only a new cluster's API servers are given a certificate for", () => {
    const behind = (floatingIp: boolean) => ({
      network: { externalNetwork: "public" },
      apiEndpoint: { kind: "loadBalancer", floatingIp },
    });
    expect(ofControlPlane(behind(true))).toBe(ofControlPlane(behind(false)));
    expect(ofPool(behind(true))).toBe(ofPool(behind(false)));
  });
});

describe("the digest of every node", () => {
  it.each([
    ["virtual IP", { kind: "virtualIp", address: "10.10.0.5" }, { kind: "virtualIp", address: "10.10.0.6" }],
    ["external host", { kind: "external", host: "a.example.org" }, { kind: "external", host: "b.example.org" }],
  ])("changes with the endpoint's address where the configuration says it: %s", (_kind, before, after) => {
    for (const digestOf of [ofPool, ofControlPlane])
      expect(digestOf({ apiEndpoint: before })).not.toBe(digestOf({ apiEndpoint: after }));
  });
});

describe("the digest of the bastion", () => {
  const ofBastion = (bastion: Changes = {}, changes: Changes = {}) => {
    const config = sampleConfig({
      network: { externalNetwork: "public" },
      ssh: { authorizedKeys, bastion: { flavor: "tiny", allowedCidrs: ["10.0.0.0/8"], ...bastion } },
      ...changes,
    });
    return templateDigestOf(config, bastionGroup(config)!.template);
  };

  it("changes with what its machine is created from, and with nothing of the cluster", () => {
    expect(ofBastion({ flavor: "small" })).not.toBe(ofBastion());
    expect(ofBastion({ image: "debian-13" })).not.toBe(ofBastion());
    expect(ofBastion({}, { extraCas: [caCertificate] })).not.toBe(ofBastion());
    expect(ofBastion({ allowedCidrs: ["192.168.0.0/16"] }, { kubernetes: { version: "1.36.2" } })).toBe(ofBastion());
  });
});
