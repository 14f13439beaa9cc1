import * as pulumi from "@pulumi/pulumi";

/** Tells how a wait goes, in the engine's status line only: nothing of it is kept at the end of the run. */
export function progress(message: string): void {
  void pulumi.log.info(message, undefined, undefined, true);
}
