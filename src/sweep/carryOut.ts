/** Carries a sweep out, one deletion after the other. */
import { OpenstackError, type OpenstackApi } from "../openstack/client";
import { removeResource, type RemovalPace } from "../openstack/resources";
import type { SweepStep } from "./sweepPlan";

/**
 * Deletes what the steps name and returns what went wrong, a sentence each: one that fails does not keep the others
 * from being tried. `say` is told each step before it is taken.
 */
export async function carryOut(
  api: OpenstackApi,
  steps: readonly SweepStep[],
  say: (line: string) => void,
  pace?: RemovalPace,
): Promise<string[]> {
  const failures: string[] = [];
  for (const { type, id, title, takenOff = [] } of steps) {
    say(`deleting ${title}`);
    try {
      for (const { portId, keeps } of takenOff)
        await api.put("network", `/ports/${portId}`, { port: { security_groups: keeps } });
      await removeResource(api, type, id, { pace });
    } catch (error) {
      if (!(error instanceof OpenstackError)) throw error;
      failures.push(`${title}: ${error.message}.`);
    }
  }
  return failures;
}
