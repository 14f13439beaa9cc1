import { answerAnnotation, orderAnnotation } from "../../src/kubernetes/filesGuard";
import { withLeavingMark, withUpdatingMark } from "../../src/kubernetes/leavingMark";
import type { MachineState } from "../../src/repair/machineState";
import { planRepair, type RepairPlan } from "../../src/repair/repairPlan";
import { cluster, inStatus, machine, minutesAgo, nodeOf, notReady, now, withMachines } from "./machines";

const plan = (
  machines: readonly MachineState[],
  more: { roll?: string[]; maxUnhealthy?: string; clockAhead?: number } = {},
): RepairPlan =>
  planRepair({
    machines,
    repair: { afterMinutes: 15, maxUnhealthy: more.maxUnhealthy ?? "40%" },
    roll: more.roll ?? [],
    clockAhead: more.clockAhead ?? 0,
    now,
  });
const next = (machines: readonly MachineState[]) => {
  const step = plan(machines).next;
  return step === undefined ? "nothing" : `${step.kind} ${step.machine.name}: ${step.fault.reason}`;
};
const name = "dev-general-1";
const rebooted = (minutes: number) => ({ lastReboot: Date.parse(minutesAgo(minutes)) });

describe("The next step of a repair", () => {
  it.each<[string, MachineState, string]>([
    ["nothing for a machine that is whole", machine(name), "nothing"],
    ["a reboot of a machine in error", machine(name, inStatus("ERROR")), `reboot ${name}: is in error (Nova: ERROR)`],
    ["a reboot of a machine that is off", machine(name, inStatus("SHUTOFF")), `reboot ${name}: is off (Nova: SHUTOFF)`],
    ["nothing for one that is off for a moment", machine(name, inStatus("SHUTOFF", 14)), "nothing"],
    ["nothing for one that somebody shelved", machine(name, inStatus("SHELVED_OFFLOADED")), "nothing"],
    [
      "another machine for one whose server is deleted",
      machine(name, { server: undefined }),
      `replace ${name}: has no server any more: somebody deleted it in OpenStack`,
    ],
    ["a reboot of one that is not Ready", notReady(name), `reboot ${name}: is not Ready: it does not tell why`],
    ["nothing for one that is not Ready for a moment", notReady(name, 14), "nothing"],
    [
      "a reboot of one that never joined",
      machine(name, { node: undefined }),
      `reboot ${name}: runs, but is no Node of the cluster`,
    ],
    [
      "nothing for one that was created a moment ago",
      machine(name, { node: undefined, server: { ...machine(name).server!, created: minutesAgo(14) } }),
      "nothing",
    ],
    [
      "a reboot of one with a read-only disk",
      machine(name, { node: nodeOf(name, { ReadonlyFilesystem: "True" }) }),
      `reboot ${name}: has a read-only disk`,
    ],
  ])("is %s", (_, state, step) => {
    expect(next(withMachines(cluster(4), state))).toBe(step);
  });

  it.each<[string, MachineState, string]>([
    ["patience while it reboots", machine(name, { ...inStatus("HARD_REBOOT", 0), ...rebooted(0) }), "wait"],
    ["patience for as long as a fault may last", { ...notReady(name), ...rebooted(14) }, "wait"],
    ["patience too where Kubernetes has only just noticed", { ...notReady(name, 1), ...rebooted(2) }, "wait"],
    ["another machine when that did not help", { ...notReady(name), ...rebooted(16) }, "replace"],
    ["another machine when it broke again within a day", { ...notReady(name, 20), ...rebooted(600) }, "replace"],
    ["a reboot when it broke again later", { ...notReady(name, 20), ...rebooted(1500) }, "reboot"],
    ["nothing when it is whole", machine(name, rebooted(2)), "nothing"],
  ])("after a reboot is %s", (_, state, kind) => {
    expect(plan(withMachines(cluster(4), state)).next?.kind ?? "nothing").toBe(kind);
  });

  it("is about one machine: what was begun is ended first, then comes the control plane, then the oldest fault", () => {
    const order = (...broken: MachineState[]) => {
      const { next: first, later } = plan(withMachines(cluster(9), ...broken));
      return [first!, ...later].map((step) => `${step.kind} ${step.machine.name}`);
    };
    const young = notReady("dev-general-0", 30);
    const old = notReady("dev-general-1", 50);
    const controlPlane = notReady("dev-control-plane-2");
    expect(order(young, old, controlPlane)).toEqual([
      "reboot dev-control-plane-2",
      "reboot dev-general-1",
      "reboot dev-general-0",
    ]);
    expect(order({ ...young, ...rebooted(5) }, old)[0]).toBe("wait dev-general-0");
  });
});

describe("A repair", () => {
  it("leaves a pool of which half is broken, and goes on elsewhere", () => {
    const other = notReady("dev-batch-0");
    const all = [...cluster(4), ...[1, 2, 3, 4, 5].map((index) => machine(`dev-batch-${index}`)), other];
    const { next: step, left } = plan(withMachines(all, notReady("dev-general-0"), notReady(name)));
    expect(step?.machine).toBe(other);
    expect(left).toEqual([
      "2 of 4 workers of pool general are not whole, which is more than repair.maxUnhealthy (40%) allows. They are left: find what they have in common first.",
    ]);
  });

  it("counts machines that are broken only since a moment", () => {
    const broken = [notReady("dev-general-0"), notReady(name, 1)];
    expect(plan(withMachines(cluster(4), ...broken)).next).toBeUndefined();
  });

  it("leaves the workers of many small pools that are broken together", () => {
    const all = [...cluster(0), ...["a", "b", "c", "d", "e"].map((pool) => machine(`dev-${pool}-0`))];
    const broken = ["a", "b", "c"].map((pool) => notReady(`dev-${pool}-0`));
    const { next: step, left } = plan(withMachines(all, ...broken));
    expect(step).toBeUndefined();
    expect(left).toEqual([expect.stringContaining("3 of 5 workers of all pools are not whole") as string]);
  });

  it("repairs the only worker of a pool", () => {
    expect(plan(withMachines(cluster(1), notReady("dev-general-0"))).next?.kind).toBe("reboot");
  });

  it("touches a control-plane machine only while all others of it are whole", () => {
    const broken = [notReady("dev-control-plane-0"), notReady("dev-control-plane-1", 1)];
    const { next: step, left } = plan(withMachines(cluster(1), ...broken));
    expect(step).toBeUndefined();
    expect(left).toEqual([
      "dev-control-plane-0 is not Ready: it does not tell why. It is left: etcd needs the others, and dev-control-plane-1 is not whole either.",
    ]);
  });

  it("never touches the only control-plane machine", () => {
    const { next: step, left } = plan([notReady("dev-control-plane-0")]);
    expect(step).toBeUndefined();
    expect(left[0]).toMatch(/it is the only control-plane machine \(docs\/runbooks\/restore-etcd\.md\)\.$/);
  });

  it("leaves a machine whose Node somebody cordoned, and not one that kured cordoned", () => {
    const cordoned = (annotations: Record<string, string>) => {
      const broken = notReady(name);
      const node = { ...broken.node!, metadata: { name, annotations }, spec: { unschedulable: true } };
      return plan(withMachines(cluster(4), { ...broken, node }));
    };
    expect(cordoned({}).next).toBeUndefined();
    expect(cordoned({}).left[0]).toContain("somebody has cordoned its Node");
    expect(cordoned({ "weave.works/kured-reboot-in-progress": minutesAgo(60) }).next?.kind).toBe("reboot");
  });
});

describe("A repair of a cluster that is being changed", () => {
  const whole = machine("dev-general-0");
  const ordered = (annotations: Record<string, string>): MachineState => ({
    ...whole,
    node: { ...whole.node!, metadata: { name: whole.name, annotations } },
  });
  const answered = (order: string, state: string) => ({
    [orderAnnotation]: "b",
    [answerAnnotation]: JSON.stringify({ order, state, message: "", packageManager: "apt" }),
  });

  it.each<[string, MachineState, string[], string]>([
    ["a node is to go", { ...whole, node: withLeavingMark(whole.node!) }, [], "Nodes that are to go: dev-general-0."],
    [
      "a node is upgraded",
      { ...whole, node: withUpdatingMark(whole.node!) },
      [],
      "Nodes that are upgraded: dev-general-0.",
    ],
    ["a machine takes settings", ordered(answered("b", "working")), [], "Machines that take changed settings: dev-"],
    ["a machine has yet to answer", ordered(answered("a", "reached")), [], "Machines that take changed settings: dev-"],
    ["a machine is made", machine(whole.name, inStatus("BUILD")), [], "OpenStack works on: dev-general-0 (BUILD)."],
    ["a roll is asked for", whole, ["general"], "The key roll names general, which the next `pulumi up` may replace"],
  ])("touches nothing while %s", (_, state, roll, sentence) => {
    const { refusals, next: step } = plan(withMachines(cluster(4), state, notReady(name)), { roll });
    expect(step).toBeUndefined();
    expect(refusals).toEqual([expect.stringContaining(sentence) as string]);
  });

  it("goes on where the settings were taken or refused, and where a broken machine has yet to take them", () => {
    const broken = {
      ...notReady(name),
      node: { ...notReady(name).node!, metadata: ordered(answered("a", "")).node!.metadata },
    };
    for (const state of ["reached", "failed"])
      expect(plan(withMachines(cluster(4), ordered(answered("b", state)), broken)).next?.kind).toBe("reboot");
  });
});

describe("the clock of whoever repairs", () => {
  const broken = withMachines(cluster(4), notReady(name));

  it.each([31 * 60_000, -31 * 60_000])("touches nothing where it is %i ms ahead", (clockAhead) => {
    const { refusals, next } = plan(broken, { clockAhead });
    expect(next).toBeUndefined();
    expect(refusals).toEqual([
      `The clock of this computer is 31 minutes ${clockAhead > 0 ? "ahead of" : "behind"} OpenStack's: set it first, since it says how long a machine has been broken.`,
    ]);
  });

  it("may be off by seconds", () => {
    expect(plan(broken, { clockAhead: 59_000 }).next).toBeDefined();
  });
});
