import * as pulumi from "@pulumi/pulumi";

/** Whether this run changes a real cloud: false in a preview, and in the simulation, which has no engine. Operations do nothing unless it is true. */
export function isLive(): boolean {
  return !pulumi.runtime.isDryRun() && pulumi.runtime.hasEngine();
}
