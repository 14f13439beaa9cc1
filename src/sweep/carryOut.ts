/** Carries a sweep out, one deletion after the other. */
import { setTimeout as sleep } from "node:timers/promises";
import { OpenstackError, type OpenstackApi, type OpenstackService } from "../openstack/client";
import type { Step } from "./sweepPlan";

/** Where each kind is deleted; the slow ones are done only when they are not shown any more. */
const places: Readonly<
  Record<Step["kind"], { service: OpenstackService; collection: string; query?: string; slow?: true }>
> = {
  floatingIp: { service: "network", collection: "floatingips" },
  loadBalancer: { service: "load-balancer", collection: "lbaas/loadbalancers", query: "?cascade=true", slow: true },
  securityGroup: { service: "network", collection: "security-groups" },
  port: { service: "network", collection: "ports" },
  snapshot: { service: "block-storage", collection: "snapshots", slow: true },
  volume: { service: "block-storage", collection: "volumes", slow: true },
};

export interface Pace {
  /** Milliseconds between two looks at something that takes time. @default 2 seconds */
  readonly interval: number;
  /** Milliseconds after which it is given up. @default 5 minutes; an amphora takes one */
  readonly limit: number;
}

const usualPace: Pace = { interval: 2_000, limit: 300_000 };

/**
 * Deletes what the steps name and returns what went wrong, a sentence each: one that fails does not keep the others
 * from being tried. `say` is told each step before it is taken.
 */
export async function carryOut(
  api: OpenstackApi,
  steps: readonly Step[],
  say: (line: string) => void,
  pace = usualPace,
): Promise<string[]> {
  const failures: string[] = [];
  for (const step of steps) {
    say(`deleting ${step.title}`);
    try {
      await deleted(api, step, pace);
    } catch (error) {
      if (!(error instanceof OpenstackError)) throw error;
      failures.push(`${step.title}: ${error.message}.`);
    }
  }
  return failures;
}

async function deleted(api: OpenstackApi, { kind, id, takenOff = [] }: Step, pace: Pace): Promise<void> {
  const { service, collection, query = "", slow } = places[kind];
  for (const { portId, keeps } of takenOff)
    await api.put("network", `/ports/${portId}`, { port: { security_groups: keeps } });
  const path = `/${collection}/${id}`;
  if (slow === undefined) return api.delete(service, path);
  const end = Date.now() + pace.limit;
  let refused: OpenstackError | undefined;
  let asked = false;
  while (await isThere(api, service, path)) {
    if (Date.now() > end) throw refused ?? new OpenstackError(`it is still there after ${pace.limit / 1000} s`);
    // Octavia refuses (409) while it is busy with a load balancer, which passes.
    if (!asked)
      asked = await api.delete(service, `${path}${query}`).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof OpenstackError) || error.status !== 409) throw error;
          refused = error;
          return false;
        },
      );
    await sleep(pace.interval);
  }
}

/** A deleted load balancer is shown for a while with that status. */
async function isThere(api: OpenstackApi, service: OpenstackService, path: string): Promise<boolean> {
  try {
    const found = await api.get<Record<string, { provisioning_status?: string; status?: string }>>(service, path);
    const [{ provisioning_status: state, status } = {}] = Object.values(found);
    if (status === "error_deleting")
      throw new OpenstackError("Cinder could not delete it (status error_deleting); the cloud's operator can tell why");
    return state !== "DELETED";
  } catch (error) {
    if (error instanceof OpenstackError && error.status === 404) return false;
    throw error;
  }
}
