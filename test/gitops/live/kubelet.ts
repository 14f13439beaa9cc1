/**
 * In place of nodes: says of every pod of a namespace that it runs and is ready, as a kubelet would, so that what waits
 * for pods goes on.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "./kubectl";

const status = JSON.stringify({
  status: {
    phase: "Running",
    conditions: ["Initialized", "ContainersReady", "PodScheduled", "Ready"].map((type) => ({
      type,
      status: "True",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    })),
  },
});

export class StandInKubelet {
  private stopped = false;
  private readonly running: Promise<void>;

  constructor(kubectl: Kubectl, namespaces: readonly string[]) {
    this.running = this.run(kubectl, namespaces);
  }

  /** Ends it; pods keep what was said of them. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(kubectl: Kubectl, namespaces: readonly string[]): Promise<void> {
    while (!this.stopped) {
      for (const namespace of namespaces) {
        const waiting = kubectl.attempt([
          "get",
          "pods",
          "-n",
          namespace,
          "--field-selector=status.phase=Pending",
          "-o",
          "name",
        ]);
        // A pod that went meanwhile is none to speak of.
        for (const pod of waiting.ok ? waiting.output.split("\n").filter((line) => line.startsWith("pod/")) : [])
          kubectl.attempt(["patch", pod, "-n", namespace, "--subresource=status", "--type=merge", "-p", status]);
      }
      await sleep(1000);
    }
  }
}
