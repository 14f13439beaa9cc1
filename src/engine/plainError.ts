import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "./messageOf";

/** What JavaScript itself throws: a fault of the program, of which the stack trace tells more than the message. */
const faults = [TypeError, ReferenceError, RangeError, SyntaxError];

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
    throw new pulumi.RunError(messageOf(error));
  }
}
