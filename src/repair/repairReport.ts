/** The plan of a repair, for people. */
import { counted } from "../config/counted";
import type { RepairPlan, RepairStep } from "./repairPlan";

/** What a step does to people, and what is lost by it. */
function stepInWords({ kind, machine }: RepairStep, afterMinutes: number): string {
  switch (kind) {
    case "reboot":
      return "It is rebooted (hard): whatever runs on it starts again, and its disks stay as they are.";
    case "wait":
      return `It was rebooted, and has ${counted(afterMinutes, "minute")} to come back by itself (repair.afterMinutes).`;
    case "replace": {
      const lost =
        machine.role === "control-plane"
          ? "Snapshots of etcd on it are lost, and etcd has one member less until the new machine has joined."
          : "What pods kept on the node itself (emptyDir, hostPath) is lost; the pods start elsewhere, and their volumes follow.";
      return `Its server is deleted with its disks, and created again by \`pulumi up\`, which does whatever else the stack file asks for. ${lost}`;
    }
  }
}

export function renderPlan({ refusals, left, next, later }: RepairPlan, afterMinutes: number): string {
  const shown = (step: RepairStep) =>
    `${step.machine.name} ${step.fault.reason}.\n  ${stepInWords(step, afterMinutes)}`;
  const steps = next === undefined ? [] : [shown(next), ...later.map((step) => `Then: ${shown(step)}`)];
  const nothing = refusals.length + left.length + steps.length === 0 ? ["No machine needs a repair."] : [];
  return [...refusals.map((sentence) => `Nothing is repaired. ${sentence}`), ...left, ...steps, ...nothing].join("\n");
}
