/** Deletes what a verdict gives up. */
import { setTimeout as sleep } from "node:timers/promises";
import { OpenstackError, type OpenstackApi } from "../../openstack/client";
import type { Place, Removal } from "./orphanKinds";

/**
 * Milliseconds between two looks, and how long to be patient: an amphora takes more than a minute to come, and so long
 * Octavia refuses everything.
 */
export interface Pace {
  readonly interval: number;
  readonly limit: number;
}

const usualPace: Pace = { interval: 2_000, limit: 300_000 };

/**
 * Resolves to true when it is deleted, and to false when OpenStack says that it is in use. Errors: an OpenstackError of
 * any other refusal, or when it is still there after `pace.limit`.
 */
export async function remove(
  api: OpenstackApi,
  { service }: Place,
  removal: Removal,
  pace = usualPace,
): Promise<boolean> {
  const end = Date.now() + pace.limit;
  for (;;) {
    const refused = await attempt(api, service, removal);
    if (refused === undefined) break;
    // Octavia says 409 as long as it is busy with the load balancer, which passes; Neutron says it of what is in use,
    // which does not.
    if (service !== "load-balancer" || Date.now() > end) return false;
    await sleep(pace.interval);
  }
  if (removal.slow === true) await gone(api, service, removal.path, end, pace);
  return true;
}

async function attempt(
  api: OpenstackApi,
  service: Place["service"],
  { path, put }: Removal,
): Promise<OpenstackError | undefined> {
  try {
    await (put === undefined ? api.delete(service, path) : api.put(service, path, put));
    return undefined;
  } catch (error) {
    if (error instanceof OpenstackError && error.status === 409) return error;
    throw error;
  }
}

async function gone(
  api: OpenstackApi,
  service: Place["service"],
  path: string,
  end: number,
  pace: Pace,
): Promise<void> {
  for (;;) {
    const there = await api.get(service, path).then(
      () => true,
      (error: unknown) => {
        if (error instanceof OpenstackError && error.status === 404) return false;
        throw error;
      },
    );
    if (!there) return;
    if (Date.now() > end)
      throw new OpenstackError(`${path} is being deleted, but is still there after ${pace.limit / 1000} s`);
    await sleep(pace.interval);
  }
}
