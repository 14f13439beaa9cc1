/** The sweep in words. */
import type { SweepPlan } from "./sweepPlan";

/** What would be deleted, with its consequences, and what stays. Ends without a line break. */
export function renderSweep(clusterName: string, { steps, left }: SweepPlan): string {
  const lines = [
    steps.length === 0
      ? `Nothing to sweep: Kubernetes left nothing of cluster ${clusterName} that can be deleted.`
      : `To be deleted, none of it known to the stack of cluster ${clusterName}:`,
    ...steps.map(({ title, consequence }) => `  ${title}: ${consequence}`),
    ...(left.length === 0 ? [] : ["Left alone:", ...left.map((sentence) => `  ${sentence}`)]),
  ];
  return lines.join("\n");
}
