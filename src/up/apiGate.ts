/** The gate between machines and cluster: `up` goes on when the Kubernetes API answers. */
import { counted } from "../config/counted";
import { consoleSections } from "./consoleSections";
import type { KubernetesRequest } from "../kubernetes/client";
import { messageOf } from "../engine/messageOf";
import { type Clock, waitUntil } from "../engine/waiting";

interface ApiGateInput {
  /** For messages: https://host:port. */
  readonly url: string;
  readonly request: KubernetesRequest;
  readonly timeoutMinutes: number;
  /** Tail of the console of each control-plane machine, by name; asked only when the gate fails. */
  readonly consoles: () => Promise<ReadonlyMap<string, string>>;
  readonly progress: (message: string) => void;
  readonly clock?: Clock;
}

const pollEvery = 5_000;

/** Thrown when the API did not become ready; the message holds the last answer and the machines' console tails. */
export class ApiNotReadyError extends Error {}

/** Waits until GET /readyz is 200. Throws ApiNotReadyError at the time limit. */
export async function waitForApi(input: ApiGateInput): Promise<void> {
  await waitUntil({
    ...input,
    pollEvery,
    look: () => unreadiness(input.request),
    message: (answer) => `waiting for the Kubernetes API at ${input.url}: ${answer}`,
    failure: async (answer) => new ApiNotReadyError(await failureMessage(input, answer)),
  });
}

/** Why the API is not ready; undefined when it is. */
async function unreadiness(request: KubernetesRequest): Promise<string | undefined> {
  try {
    const { status } = await request("GET", "/readyz");
    return status === 200 ? undefined : `/readyz answers ${status}`;
  } catch (error) {
    return messageOf(error);
  }
}

async function failureMessage(input: ApiGateInput, lastAnswer: string): Promise<string> {
  return [
    `The Kubernetes API at ${input.url} was not ready after ${counted(input.timeoutMinutes, "minute")} (readiness.apiTimeoutMinutes); last answer: ${lastAnswer}.`,
    "The machines exist; mend the cause and run `pulumi up` again.",
    ...(await consoleSections(input.consoles)),
  ].join("\n");
}
