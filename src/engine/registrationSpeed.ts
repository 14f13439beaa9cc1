/**
 * What the SDK does for each resource and nobody sees. It notes where every resource and every promise of it was made,
 * by formatting stack traces: for the state file, which shows them to nobody, and for a debugging aid that hardly
 * anybody turns on. With hundreds of machines that is three quarters of the program's time (docs/architecture.md has
 * the numbers), and 600 bytes of state per machine. And it sends the engine three messages about each resource, one
 * after the other, which are shown with `--debug` only: of a preview of 3 + 500 machines that is a seventh of the time.
 */
import * as pulumi from "@pulumi/pulumi";
import * as log from "@pulumi/pulumi/log";
import * as debuggable from "@pulumi/pulumi/runtime/debuggable";

type Note = <T>(promise: Promise<T>, context: string) => Promise<T>;

/** What the SDK's declarations leave out. */
const runtime = debuggable as unknown as { debuggablePromise: Note & { spared?: true }; debugPromiseLeaks: boolean };
const messages = log as { debug: typeof log.debug };
const resources = pulumi.Resource as unknown as { stackTrace: (skip: number) => object[] };

/**
 * Spares those stack traces and messages from now on. Errors keep theirs: the limit is lowered only while the SDK files
 * its own note, in which no code of ours runs. Does nothing when PULUMI_DEBUG_PROMISE_LEAKS asks for the notes (it
 * brings back the messages as well), or when called again.
 */
export function spareNotes(): void {
  const note = runtime.debuggablePromise;
  if (note.spared === true || runtime.debugPromiseLeaks) return;
  const spared: Note = (promise, context) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return note(promise, context);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
  runtime.debuggablePromise = Object.assign(spared, { spared: true as const });
  resources.stackTrace = () => [];
  messages.debug = () => Promise.resolve();
}
