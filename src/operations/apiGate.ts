/** The gate between machines and cluster: `up` goes on when the Kubernetes API answers. */
import { consoleSections } from "./consoleSections";
import type { KubernetesRequest } from "./kubernetesApi";
import { messageOf } from "./messageOf";

export interface ApiGateInput {
  /** For messages: https://host:port. */
  readonly url: string;
  readonly request: KubernetesRequest;
  readonly timeoutMinutes: number;
  /** Tail of the console of each control-plane machine, by name; asked only when the gate fails. */
  readonly consoles: () => Promise<ReadonlyMap<string, string>>;
  readonly progress: (message: string) => void;
  readonly clock?: Clock;
}

export interface Clock {
  /** Milliseconds. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

export const realClock: Clock = { now: () => Date.now(), sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)) };

const pollEvery = 5_000;
const tellEvery = 30_000;

/** Thrown when the API did not become ready; the message holds the last answer and the machines' console tails. */
export class ApiNotReadyError extends Error {}

/** Waits until GET /readyz is 200. Throws ApiNotReadyError at the time limit. */
export async function waitForApi(input: ApiGateInput): Promise<void> {
  const clock = input.clock ?? realClock;
  const start = clock.now();
  const limit = input.timeoutMinutes * 60_000;
  let lastTold = start;
  for (;;) {
    const answer = await readiness(input.request);
    if (answer === "ready") return;
    const waited = clock.now() - start;
    if (waited >= limit) throw new ApiNotReadyError(await failureMessage(input, answer));
    if (clock.now() - lastTold >= tellEvery) {
      lastTold = clock.now();
      input.progress(`waiting for the Kubernetes API at ${input.url}: ${answer} (${Math.round(waited / 1000)} s of ${input.timeoutMinutes * 60} s)`);
    }
    await clock.sleep(pollEvery);
  }
}

async function readiness(request: KubernetesRequest): Promise<string> {
  try {
    const { status } = await request("GET", "/readyz");
    return status === 200 ? "ready" : `/readyz answers ${status}`;
  } catch (error) {
    return messageOf(error);
  }
}

async function failureMessage(input: ApiGateInput, lastAnswer: string): Promise<string> {
  return [
    `The Kubernetes API at ${input.url} was not ready after ${input.timeoutMinutes} minutes (readiness.apiTimeoutMinutes); last answer: ${lastAnswer}.`,
    "The machines exist; mend the cause and run `pulumi up` again.",
    ...(await consoleSections(input.consoles)),
  ].join("\n");
}
