import type { MachineSpec } from "../../src/machines/planMachines";

/** A worker of the plan, with `change`. */
export function sampleMachine(change: Partial<MachineSpec> = {}): MachineSpec {
  return {
    name: "test-default-0",
    role: "worker",
    pool: "default",
    index: 0,
    configKeys: { section: "nodePools[0]", count: "nodePools[0].count", image: "image", volumes: [] },
    flavor: "large",
    image: "debian-12",
    availabilityZones: [],
    volumes: [],
    mainNetwork: {},
    networks: [],
    configDrive: true,
    labels: {},
    taints: [],
    rolled: false,
    ...change,
  };
}
