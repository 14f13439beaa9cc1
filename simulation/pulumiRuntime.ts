/** The one place that reaches into @pulumi/pulumi's runtime; written for 3.248, checked by test/simulation. */
import type * as pulumi from "@pulumi/pulumi";
import * as config from "@pulumi/pulumi/runtime/config";
import * as settings from "@pulumi/pulumi/runtime/settings";
import * as stack from "@pulumi/pulumi/runtime/stack";

/**
 * What the runtime calls on the way to an engine's callback server. Ours stays within the process, so that a hook can
 * be run by a test.
 */
export interface Callbacks {
  registerResourceHook(hook: pulumi.ResourceHook): Promise<void>;
  registerErrorHook(hook: unknown): Promise<void>;
  awaitStackRegistrations(): Promise<void>;
  shutdown(): void;
}

interface RuntimeStore {
  callbacks: Callbacks | undefined;
  leakCandidates: Set<unknown>;
  settings: { rpcDone: Promise<unknown> };
}

// The runtime's declarations leave its store out.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const state = require("@pulumi/pulumi/runtime/state") as { getStore(): RuntimeStore };

export interface RunSettings {
  readonly project: string;
  readonly stack: string;
  readonly preview: boolean;
  readonly organization: string;
  readonly config: Readonly<Record<string, string>>;
}

/** Makes the runtime talk to `monitor` from now on, which it asks for its features. Forgets an earlier run. */
export function connect(monitor: object, callbacks: Callbacks, run: RunSettings): void {
  settings.setMockOptions(monitor, run.project, run.stack, run.preview, run.organization);
  const store = state.getStore();
  store.callbacks = callbacks;
  config.setAllConfig({ ...run.config });
}

/** Runs `program` inside a stack resource, as the language host does. */
export function runInStack(program: () => Promise<unknown>): Promise<unknown> {
  return stack.runInPulumiStack(program);
}

/** Resolves when no request is on its way any more, nor has been started by one that just ended. */
export async function settle(): Promise<void> {
  const store = state.getStore();
  for (;;) {
    const before = store.settings.rpcDone;
    await before;
    // Continuations of the last answer run before a turn of the event loop has passed.
    await new Promise((resolve) => setImmediate(resolve));
    if (store.settings.rpcDone === before) return;
  }
}

export function disconnect(): void {
  state.getStore().leakCandidates.clear();
  settings.disconnectSync();
}
