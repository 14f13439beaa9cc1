/** Calls that outlive API servers which end and start one after the other, as when Kubernetes is upgraded. */
import { type Clock, realClock } from "../engine/waiting";
import type { KubernetesRequest } from "./client";

/** Milliseconds between two attempts, and how many there are: half a minute together. */
const every = 2_000;
const attempts = 15;

/**
 * The same calls, tried again for half a minute where the endpoint led to an API server that
 *
 * - has just started, knows nobody's roles yet, and so forbids what it will allow. A policy's refusal reads otherwise
 *   and is final.
 * - has just ended, so that no answer came: what is read, or replaced at a known version, is safe to ask for again.
 */
export function patientRequest(request: KubernetesRequest, clock: Pick<Clock, "sleep"> = realClock): KubernetesRequest {
  return async (method, path, body) => {
    for (let attempt = 1; ; attempt++) {
      const last = attempt === attempts;
      try {
        const answer = await request(method, path, body);
        if (last || answer.status !== 403 || !/ cannot \w+ /.test(answer.body)) return answer;
      } catch (error) {
        if (last || !["GET", "PUT"].includes(method)) throw error;
      }
      await clock.sleep(every);
    }
  };
}
