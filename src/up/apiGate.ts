/** The gate between machines and cluster: `up` goes on when the Kubernetes API answers. */
import { counted } from "../config/counted";
import { consoleSections } from "./consoleSections";
import type { KubernetesRequest } from "../kubernetes/client";
import { messageOf } from "../engine/messageOf";
import { type Clock, realClock, waitUntil } from "../engine/waiting";

interface ApiGateInput {
  /** For messages: https://host:port. */
  readonly url: string;
  readonly request: KubernetesRequest;
  readonly timeoutMinutes: number;
  /** Tail of the console of each control-plane machine, by name; asked only when the gate fails. */
  readonly consoles: () => Promise<ReadonlyMap<string, string>>;
  /**
   * Control-plane machines that OpenStack does not run, a phrase each. Asked once per `machinesEvery` while the API
   * does not answer; where OpenStack does not answer either, nothing is said of them.
   */
  readonly notRunning: () => Promise<readonly string[]>;
  readonly progress: (message: string) => void;
  readonly clock?: Clock;
}

interface Missing {
  /** The API's last answer. */
  readonly answer: string;
  readonly notRunning: readonly string[];
}

const pollEvery = 5_000;
/** Milliseconds. */
const machinesEvery = 30_000;

/** Thrown when the API did not become ready; the message holds the last answer and the machines' console tails. */
export class ApiNotReadyError extends Error {}

/** Waits until GET /readyz is 200. Throws ApiNotReadyError at the time limit. */
export async function waitForApi(input: ApiGateInput): Promise<void> {
  const { clock = realClock } = input;
  let notRunning: readonly string[] = [];
  let nextQuestion = clock.now();
  await waitUntil<Missing>({
    ...input,
    pollEvery,
    look: async () => {
      const answer = await unreadiness(input.request);
      if (answer === undefined) return undefined;
      if (clock.now() >= nextQuestion) {
        notRunning = await input.notRunning().catch(() => []);
        nextQuestion = clock.now() + machinesEvery;
      }
      return { answer, notRunning };
    },
    message: (missing) => `waiting for the Kubernetes API at ${input.url}: ${missing.answer}${machinesPhrase(missing)}`,
    failure: async (missing) => new ApiNotReadyError(await failureMessage(input, missing)),
  });
}

const machinesPhrase = ({ notRunning }: Missing): string =>
  notRunning.length === 0 ? "" : `; not running in OpenStack: ${notRunning.join(", ")}`;

/** Why the API is not ready; undefined when it is. */
async function unreadiness(request: KubernetesRequest): Promise<string | undefined> {
  try {
    const { status } = await request("GET", "/readyz");
    return status === 200 ? undefined : `/readyz answers ${status}`;
  } catch (error) {
    return messageOf(error);
  }
}

async function failureMessage(input: ApiGateInput, missing: Missing): Promise<string> {
  return [
    `The Kubernetes API at ${input.url} was not ready after ${counted(input.timeoutMinutes, "minute")} (readiness.apiTimeoutMinutes); last answer: ${missing.answer}${machinesPhrase(missing)}.`,
    missing.notRunning.length === 0
      ? "The machines exist; mend the cause (docs/runbooks/endpoint-down.md) and run `pulumi up` again."
      : "Start those that are off, replace those that are gone (docs/runbooks/replace-machine.md), and run `pulumi up` again.",
    ...(await consoleSections(input.consoles)),
  ].join("\n");
}
