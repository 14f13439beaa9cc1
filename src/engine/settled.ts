import type * as pulumi from "@pulumi/pulumi";

/**
 * The value of an output while `up` runs; operations never ask in a preview, where it might stay unknown. The promise
 * carries none of its dependencies.
 */
export function settled<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply((value) => resolve(value));
  });
}
