import { parseClusterConfig } from "../../src/config/parse";
import { recordedConfiguration } from "../../src/config/recordedConfiguration";
import { idleRoll, refusedChange } from "../../src/up/changedSettings";
import { minimal } from "../config/fixtures";

const recorded = (changes: Record<string, unknown> = {}) =>
  recordedConfiguration(parseClusterConfig({ ...minimal, ...changes }, "dev"), new Set());

describe("an up whose settings changed", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["the pods' network", { kubernetes: { podCidr: "10.244.0.0/16" } }, "kubernetes.podCidr"],
    [
      "two control-plane machines fewer",
      { controlPlane: { flavor: "m1.large", replicas: 1 } },
      "controlPlane.replicas",
    ],
    ["another port of the API", { apiEndpoint: { kind: "loadBalancer", port: 443 } }, "apiEndpoint.port"],
    ["another kind of endpoint", { apiEndpoint: { kind: "virtualIp" } }, "apiEndpoint"],
    ["another node CIDR", { network: { cidr: "10.30.0.0/22" } }, "network.cidr"],
    ["no pod network", { cni: { kind: "none" } }, "cni.kind"],
  ])("is refused before anything is touched: %s", (_, changes, key) => {
    const [before, after] = [recorded(), recorded(changes)];
    const lines = refusedChange(before, after, [], [])?.split("\n") ?? [];
    expect(lines[0]).toBe("Nothing was changed, as these settings would end or cut off the cluster:");
    expect(lines[1]).toMatch(new RegExp(`^- ${key.replaceAll(".", "\\.")}: .* -> .*\\.$`));
    expect(lines.at(-1)).toBe(`Undo the change. If you intend it, add to allowDestruction: ${key}.`);
    expect(refusedChange(before, after, [key], [])).toBeUndefined();
  });

  it.each<[string, Record<string, unknown>]>([
    ["a larger pool", { nodePools: [{ name: "general", count: 4, flavor: "m1.large" }] }],
    ["a pool that is gone", { nodePools: [], controlPlane: { flavor: "m1.large", schedulable: true } }],
    ["another flavor of the control plane", { controlPlane: { flavor: "m1.xlarge" } }],
    ["tags", { tags: { owner: "platform" } }],
    ["the next minor of Kubernetes", { kubernetes: { version: "1.36.3" } }],
    // The cluster is asked which version it has: the last `up` may have failed to bring the one that the state records.
    ["an older patch of Kubernetes", { kubernetes: { version: "1.35.1" } }],
    ["a skipped minor of Kubernetes", { kubernetes: { version: "1.37.2" } }],
    ["the same again", {}],
  ])("is carried out: %s", (_, changes) => {
    expect(refusedChange(recorded(), recorded(changes), [], [])).toBeUndefined();
  });

  it("is carried out where an older program recorded no configuration", () => {
    expect(refusedChange(undefined, recorded({ kubernetes: { podCidr: "10.244.0.0/16" } }), [], [])).toBeUndefined();
  });
});

describe("another version of Kubernetes in the image's packages", () => {
  it("is refused, as machines that run keep theirs", () => {
    const [before, after] = ["1.35.2", "1.35.3"].map((version) =>
      recorded({ packageSource: "preinstalled", kubernetes: { version } }),
    );
    expect(refusedChange(before, after, [], [])?.split("\n")[1]).toMatch(
      /^- kubernetes\.version: .*Packages come with/,
    );
  });
});

describe("an upgrade", () => {
  const upgraded = recorded({ kubernetes: { version: "1.36.3" } });

  it("is refused together with a roll", () => {
    expect(refusedChange(recorded(), upgraded, [], ["general"])).toBe(
      "Nothing was changed: kubernetes.version changes, and roll names general. Empty `roll`, upgrade, and roll afterwards.",
    );
    expect(refusedChange(upgraded, upgraded, [], ["general"])).toBeUndefined();
  });
});

describe("names in roll", () => {
  const machines = [
    { name: "dev-control-plane-0", pool: "control-plane" },
    { name: "dev-general-0", pool: "general" },
    { name: "dev-general-1", pool: "general" },
  ];

  it("are idle when none of their machines was created", () => {
    expect(idleRoll(["control-plane", "general", "dev-general-0"], machines, new Set(["dev-general-1"]))).toEqual([
      "control-plane",
      "dev-general-0",
    ]);
  });
});
