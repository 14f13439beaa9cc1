import type { MachineSpec } from "../../src/machines/planMachines";
import { roles, type MachineRole } from "../../src/machines/roles";
import { fixedInputs, ignoredChanges } from "../../src/machines/server";
import { creationDigest, templateDigest, templateExceptions } from "../../src/machines/templateDigest";
import { sampleMachine } from "./samples";

const document = { write_files: [{ path: "/etc/file", content: "text" }] };

/** Another value for every property of a machine: a property that is new does not compile until it has one here. */
const otherwise: { readonly [P in keyof Required<MachineSpec>]: MachineSpec[P] } = {
  name: "test-default-1",
  role: "control-plane",
  pool: "gpu",
  index: 1,
  configKeys: { section: "nodePools[1]", count: "nodePools[1].count", image: "image", volumes: [] },
  flavor: "huge",
  image: "debian-13",
  availabilityZones: ["a"],
  serverGroup: "test-default",
  serverGroupPolicy: "anti-affinity",
  bootVolume: { sizeGb: 50 },
  volumes: [{ name: "data", sizeGb: 10 }],
  mainNetwork: { networkId: "11111111-0000-4000-8000-000000000000" },
  networks: ["22222222-0000-4000-8000-000000000000"],
  configDrive: false,
  labels: { tier: "x" },
  taints: [{ key: "k", value: "", effect: "NoSchedule" }],
  rolled: true,
};

describe("template digest", () => {
  const common = ["name", "index", "rolled", "configKeys", "serverGroupPolicy", "labels", "taints"];

  it.each<[MachineRole, string[]]>([
    ["control-plane", [...common, "flavor"]],
    ["worker", common],
    ["bastion", common],
  ])("holds every property of a machine but the named exceptions: %s", (role, exceptions) => {
    const before = sampleMachine({ role });
    const unchanged = Object.entries(otherwise)
      .filter(([property]) => property !== "role")
      .filter(
        ([property, value]) =>
          templateDigest({ ...before, [property]: value }, document) === templateDigest(before, document),
      );
    expect(unchanged.map(([property]) => property).sort()).toEqual([...exceptions].sort());
    expect(Object.keys(templateExceptions(role)).sort()).toEqual([...exceptions].sort());
  });

  it("differs between roles", () => {
    const digests = Object.keys(roles).map((role) =>
      templateDigest(sampleMachine({ role: role as MachineRole }), document),
    );
    expect(new Set(digests).size).toBe(3);
  });

  it("gives a reason for each exception", () => {
    for (const role of Object.keys(roles) as MachineRole[])
      for (const reason of Object.values(templateExceptions(role))) expect(reason.length).toBeGreaterThan(20);
  });

  it("is twelve hexadecimal digits that change with the document, and not with the order of keys", () => {
    const machine = sampleMachine();
    const reordered = Object.fromEntries(Object.entries(machine).reverse()) as unknown as MachineSpec;
    expect(templateDigest(machine, document)).toMatch(/^[0-9a-f]{12}$/);
    expect(templateDigest(reordered, document)).toBe(templateDigest(machine, document));
    expect(templateDigest(machine, { write_files: [] })).not.toBe(templateDigest(machine, document));
  });
});

describe("creation digest", () => {
  const inputs = {
    name: "a",
    flavorName: "a",
    imageId: "a",
    imageName: "a",
    blockDevices: "a",
    availabilityZone: "a",
    schedulerHints: "a",
    networks: "a",
    securityGroups: "a",
    configDrive: "a",
    userData: "a",
    metadata: "a",
  };

  it.each(Object.keys(roles) as MachineRole[])("changes with exactly the inputs that are ignored: %s", (role) => {
    const before = creationDigest(role, inputs);
    const changing = Object.keys(inputs).filter(
      (input) => creationDigest(role, { ...inputs, [input]: "b" }) !== before,
    );
    expect(changing.sort()).toEqual([...fixedInputs(role)].sort());
    expect(ignoredChanges({ role, rolled: false })).toEqual(expect.arrayContaining(changing));
  });

  it("takes an input that is absent for one that is undefined", () => {
    const { name, userData } = inputs;
    expect(creationDigest("worker", { name, userData })).toBe(
      creationDigest("worker", { name, userData, blockDevices: undefined }),
    );
  });
});
