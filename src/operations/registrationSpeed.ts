/**
 * Pulumi's SDK notes where every promise of every resource was made, by formatting a stack trace, for a debugging aid that hardly anybody turns on.
 * With hundreds of machines that is three quarters of the program's time (docs/architecture.md has the numbers).
 */
import * as debuggable from "@pulumi/pulumi/runtime/debuggable";

type Note = <T>(promise: Promise<T>, context: string) => Promise<T>;

/** What the SDK's declarations leave out. */
const runtime = debuggable as unknown as { debuggablePromise: Note & { spared?: true }; debugPromiseLeaks: boolean };

/**
 * Spares those stack traces from now on. Errors keep theirs: the limit is lowered only while the SDK files its own note, in which no code of ours runs.
 * Does nothing when PULUMI_DEBUG_PROMISE_LEAKS asks for the notes, or when called again.
 */
export function spareStackTraces(): void {
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
}
