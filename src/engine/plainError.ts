import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "./messageOf";

/** What JavaScript itself throws: a fault of the program, of which the stack trace tells more than the message. */
const faults = [TypeError, ReferenceError, RangeError, SyntaxError];

/**
 * A RunError that stays as it is. The SDK writes `error serializing property "userData":` before the message of an
 * error that an input brings, which names nothing that an operator knows or can change.
 */
function keptError(message: string): pulumi.RunError {
  return Object.defineProperty(new pulumi.RunError(message), "message", { get: () => message, set: () => undefined });
}

/**
 * `work`, whose failure Pulumi shows as its message alone: any other error than a RunError is announced as an
 * "unhandled exception" and printed with its stack trace. Faults of the program keep theirs. Hooks need no such thing,
 * since Pulumi shows of their errors the message only.
 */
export async function withPlainError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (pulumi.RunError.isInstance(error) || faults.some((fault) => error instanceof fault)) throw error;
    throw keptError(messageOf(error));
  }
}
