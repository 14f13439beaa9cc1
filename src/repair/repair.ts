/** Repairs machines one after the other; looks anew at all of them before each step. */
import type { Clock } from "../engine/waiting";
import type { MachineState } from "./machineState";
import { planRepair, type RepairInput, type RepairPlan, type RepairStep } from "./repairPlan";
import { renderPlan } from "./repairReport";

interface RepairRun {
  readonly settings: Pick<RepairInput, "repair" | "roll" | "clockAhead">;
  readonly gather: () => Promise<MachineState[]>;
  /** Whether Nova took the reboot. */
  readonly reboot: (machine: MachineState, others: readonly string[]) => Promise<boolean>;
  readonly replace: (machine: MachineState, others: readonly string[]) => Promise<void>;
  /** Asked once, before the first step. */
  readonly confirmed: () => Promise<boolean>;
  readonly show: (plan: string) => void;
  readonly clock: Clock;
}

/** `left`: something is broken that may not be repaired. `declined`: nobody said yes. */
type RepairOutcome = "whole" | "left" | "declined";

/** Milliseconds between two looks at a machine that was rebooted. */
const pollEvery = 10_000;

/** Rejects with a sentence when a step fails: no other machine is touched then. */
export async function repairMachines(run: RepairRun): Promise<RepairOutcome> {
  const { settings, clock } = run;
  let shown: string | undefined;
  let isConfirmed = false;
  for (;;) {
    const machines = await run.gather();
    const plan = planRepair({ ...settings, machines, now: clock.now() });
    const text = renderPlan(plan, settings.repair.afterMinutes);
    if (text !== shown) run.show(text);
    shown = text;
    const { next } = plan;
    if (next === undefined) return outcomeOf(plan);
    isConfirmed ||= await run.confirmed();
    if (!isConfirmed) return "declined";
    await take(next, machines, run);
    if (next.kind !== "replace") await clock.sleep(pollEvery);
  }
}

function outcomeOf({ refusals, left }: RepairPlan): RepairOutcome {
  return refusals.length + left.length === 0 ? "whole" : "left";
}

async function take({ kind, machine }: RepairStep, machines: readonly MachineState[], run: RepairRun): Promise<void> {
  const others = machines.filter(({ role, name }) => role === machine.role && name !== machine.name);
  const names = others.map(({ name }) => name);
  // What Nova refuses to start is replaced: another look would find it as it was.
  if (kind === "replace" || (kind === "reboot" && !(await run.reboot(machine, names))))
    await run.replace(machine, names);
}
