/** Whether a run still gets anywhere. */
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds between two looks. */
const lookEvery = 20;
/** Looks without progress after which a run is given up: one in which something failed, and any other. */
const patience = { failed: 5, unfailed: 150 };

interface Run {
  /** Resolves when the run comes to its end by itself; never rejects. */
  readonly end: Promise<unknown>;
  /** Undefined, or another number than before, as long as the run gets on. */
  readonly progress: () => number | undefined;
  readonly hasFailed: () => boolean;
}

/**
 * Waits for the end of a run, or until it stands still; true when it does. The SDK never resolves what it cannot
 * register, because the `apply` of an input threw for instance, so that all that depends on it waits for ever.
 */
export async function standsStill({ end, progress, hasFailed }: Run): Promise<boolean> {
  let ended = false;
  const over = end.then(() => {
    ended = true;
  });
  let before = progress();
  let looks = 0;
  while (!ended && looks < (hasFailed() ? patience.failed : patience.unfailed)) {
    await Promise.race([over, sleep(lookEvery)]);
    const now = progress();
    looks = now !== undefined && now === before ? looks + 1 : 0;
    before = now;
  }
  return !ended;
}
