import { parseClusterConfig } from "../../src/config/parse";
import {
  availabilityZoneOf,
  bastionGroup,
  controlPlaneGroup,
  machineGroups,
  planMachines,
  poolGroups,
} from "../../src/machines/planMachines";
import { validConfig } from "../config/fixtures";
import { minimalStack } from "../fixtures/minimalStack";

const config = (changes: Record<string, unknown> = {}) => parseClusterConfig({ ...minimalStack, ...changes }, "test");
const bastion = {
  network: { externalNetwork: "public" },
  ssh: {
    authorizedKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEga2V5IGZvciB0aGUgdGVzdHMgb2YgZXZlcnkga2V5 me"],
    bastion: { flavor: "tiny", allowedCidrs: ["10.0.0.0/8"] },
  },
};

describe("the plan of machines", () => {
  it("knows every machine: control plane, pools in their order, bastion", () => {
    expect(planMachines(config(bastion)).map(({ name, role, pool, index }) => [name, role, pool, index])).toEqual([
      ["test-control-plane-0", "control-plane", "control-plane", 0],
      ["test-control-plane-1", "control-plane", "control-plane", 1],
      ["test-control-plane-2", "control-plane", "control-plane", 2],
      ["test-default-0", "worker", "default", 0],
      ["test-default-1", "worker", "default", 1],
      ["test-bastion", "bastion", "bastion", 0],
    ]);
    expect(bastionGroup(config())).toBeUndefined();
  });

  it("knows a pool without machines by its template", () => {
    const [, , spare] = poolGroups(validConfig("many-pools-many-zones"));
    expect([spare?.template.pool, spare?.template.flavor, spare?.machines]).toEqual(["spare", "m1.large", []]);
  });

  it("says all about a worker, with the keys that say it", () => {
    const [, , , worker] = planMachines(
      config({
        network: { networkId: "11111111-0000-4000-8000-000000000000" },
        nodePools: [
          {
            name: "gpu",
            count: 1,
            flavor: "g1",
            image: "cuda",
            availabilityZones: ["a", "b"],
            bootVolume: { sizeGb: 50, type: "ssd" },
            volumes: [{ name: "data", sizeGb: 10, mountPath: "/data" }],
            networks: ["22222222-0000-4000-8000-000000000000"],
            serverGroupPolicy: "soft-anti-affinity",
            labels: { tier: "gpu" },
            taints: [{ key: "gpu", effect: "NoSchedule" }],
          },
        ],
        configDrive: false,
        roll: ["gpu"],
      }),
    );
    expect(worker).toEqual({
      name: "test-gpu-0",
      role: "worker",
      pool: "gpu",
      index: 0,
      configKeys: {
        section: "nodePools[0]",
        count: "nodePools[0].count",
        image: "nodePools[0].image",
        volumes: ["nodePools[0].volumes[0]"],
      },
      flavor: "g1",
      image: "cuda",
      availabilityZones: ["a", "b"],
      serverGroup: "test-gpu",
      serverGroupPolicy: "soft-anti-affinity",
      bootVolume: { sizeGb: 50, type: "ssd" },
      volumes: [{ name: "data", sizeGb: 10, mountPath: "/data" }],
      mainNetwork: { networkId: "11111111-0000-4000-8000-000000000000" },
      networks: ["22222222-0000-4000-8000-000000000000"],
      configDrive: false,
      labels: { tier: "gpu" },
      taints: [{ key: "gpu", value: "", effect: "NoSchedule" }],
      rolled: true,
    });
  });

  it("mounts the control plane's etcd volume as a volume of the machine", () => {
    const { template } = controlPlaneGroup(
      config({ controlPlane: { flavor: "medium", etcdVolume: { sizeGb: 20, type: "nvme" } } }),
    );
    expect([template.volumes, template.configKeys.volumes]).toEqual([
      [{ name: "etcd", sizeGb: 20, type: "nvme", mountPath: "/var/lib/etcd" }],
      ["controlPlane.etcdVolume"],
    ]);
  });

  it("takes the image of all machines where a section has none of its own, and knows which key said so", () => {
    const images = machineGroups(config({ ...bastion, controlPlane: { flavor: "medium", image: "hardened" } })).map(
      ({ template }) => [template.image, template.configKeys.image],
    );
    expect(images).toEqual([
      ["hardened", "controlPlane.image"],
      ["ubuntu-24.04", "image"],
      ["ubuntu-24.04", "image"],
    ]);
  });

  it("has no server group for the policy none", () => {
    expect(machineGroups(config(bastion)).map(({ template }) => template.serverGroup)).toEqual([
      "test-control-plane",
      undefined,
      undefined,
    ]);
  });

  it("takes zones in turn by index", () => {
    const [control, general] = machineGroups(validConfig("many-pools-many-zones"));
    expect(control?.machines.map(availabilityZoneOf)).toEqual(["az1", "az2", "az3", "az1", "az2"]);
    expect(general?.machines.map(availabilityZoneOf)).toEqual(["az1", "az2", "az3", "az1", "az2", "az3"]);
    expect(planMachines(config()).map(availabilityZoneOf)).toEqual(Array(5).fill(undefined));
  });

  it("rolls a machine by its own name or its pool's", () => {
    const rolled = (roll: string[]) =>
      planMachines(config({ ...bastion, roll }))
        .filter((machine) => machine.rolled)
        .map(({ name }) => name);
    expect(rolled([])).toEqual([]);
    expect(rolled(["test-default-1", "bastion"])).toEqual(["test-default-1", "test-bastion"]);
    expect(rolled(["control-plane"])).toEqual([0, 1, 2].map((index) => `test-control-plane-${index}`));
  });

  it("shares what a pool's machines have in common, so that a thousand cost no more than their names", () => {
    const [first, ...others] = poolGroups(validConfig("five-hundred-workers"))[0]!.machines;
    expect(others.length).toBe(399);
    for (const other of others) expect(other.labels).toBe(first!.labels);
  });
});
