import {
  bastionTemplateDigest,
  controlPlaneTemplateDigest,
  poolTemplateDigest,
} from "../../src/bootstrap/templateDigest";
import { caCertificate, fixtures, sampleConfig } from "./samples";

const pools = (...changes: Record<string, unknown>[]) => ({
  nodePools: changes.map((change) => ({ name: "default", count: 2, flavor: "large", ...change })),
});
const ofPool = (changes: Record<string, unknown> = {}) => {
  const config = sampleConfig(changes);
  return poolTemplateDigest(config, config.nodePools[0]!);
};
const ofControlPlane = (changes: Record<string, unknown> = {}) => controlPlaneTemplateDigest(sampleConfig(changes));
const controlPlane = (changes: Record<string, unknown>) => ({ controlPlane: { flavor: "medium", ...changes } });

describe("the digest of a template", () => {
  it("is twelve hexadecimal digits for every valid configuration", () => {
    for (const [, config] of fixtures()) {
      expect([
        controlPlaneTemplateDigest(config),
        ...config.nodePools.map((pool) => poolTemplateDigest(config, pool)),
      ]).toEqual(
        Array.from({ length: config.nodePools.length + 1 }, () => expect.stringMatching(/^[0-9a-f]{12}$/) as string),
      );
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
  it.each([
    ["its count", pools({ count: 50 })],
    ["another pool", pools({}, { name: "gpu" })],
    ["the control plane", controlPlane({ replicas: 5, flavor: "huge", etcdVolume: { sizeGb: 20 } })],
    [
      "labels and taints, which are reconciled on the nodes",
      pools({ labels: { tier: "x" }, taints: [{ key: "k", effect: "NoSchedule" }] }),
    ],
    ["tags", { tags: { owner: "me" } }],
  ])("does not change with %s", (_what, changes) => {
    expect(ofPool(changes)).toBe(ofPool());
  });

  it.each([
    ["its flavor", pools({ flavor: "huge" })],
    ["the image of all machines", { image: "debian-12.8" }],
    ["its own image", pools({ image: "gpu" })],
    ["a volume", pools({ volumes: [{ name: "data", sizeGb: 10, mountPath: "/data" }] })],
    ["its zones", pools({ availabilityZones: ["a"] })],
    ["the version of Kubernetes", { kubernetes: { version: "1.36.2" } }],
    ["the proxy", { proxy: { httpProxy: "http://p:1" } }],
    ["an extra CA", { extraCas: [caCertificate] }],
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
    ["pools", pools({ count: 50 }, { name: "gpu", flavor: "gpu" })],
  ])("does not change with %s", (_what, changes) => {
    expect(ofControlPlane(changes)).toBe(ofControlPlane());
  });

  it.each([
    ["its etcd volume", controlPlane({ etcdVolume: { sizeGb: 20 } })],
    ["a flag of the API server", { kubernetes: { audit: { maxAgeDays: 90 } } }],
  ])("changes with %s", (_what, changes) => {
    expect(ofControlPlane(changes)).not.toBe(ofControlPlane());
  });
});

describe("the digest of the bastion", () => {
  it("has nothing to digest without a bastion", () => {
    expect(() => bastionTemplateDigest(sampleConfig())).toThrow(
      "ssh.bastion is not set: there is no template of a bastion.",
    );
  });
});
