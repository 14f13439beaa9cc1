/** What is printed of an error that `up` waits for, by the SDK's own code. */
import * as pulumi from "@pulumi/pulumi";
import { withPlainError } from "../../src/engine/plainError";

const failing = (error: Error) => withPlainError(Promise.reject(error));
/** What becomes of an error that an input of a resource brings. */
const asInput = (work: Promise<unknown>) => pulumi.runtime.serializeProperties("dev-general-0", { userData: work });

describe("An error that a gate of up throws", () => {
  it("is shown without a stack trace, and without the name of the input that waited for it", async () => {
    const sentence = "dev-general-0 is not touched: the others are not whole";
    const shown = await asInput(failing(new Error(sentence))).catch((error: unknown) => error);
    expect([pulumi.RunError.isInstance(shown), (shown as Error).message]).toEqual([true, sentence]);
  });

  it("keeps its stack trace when it is a fault of the program", async () => {
    const fault = new TypeError("undefined is not a function");
    await expect(failing(fault)).rejects.toBe(fault);
  });
});
