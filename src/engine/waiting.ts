/** Waits of `up`: polls until nothing is missing, reports progress every 30 s, and fails at the time limit. */
export interface Clock {
  /** Milliseconds. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

interface Wait<T> {
  /** What is still missing; undefined ends the wait. */
  readonly look: () => Promise<T | undefined>;
  /** What is missing, for people; the time that has passed is added. */
  readonly message: (missing: T) => string;
  /** The error that ends the wait at its limit. */
  readonly failure: (missing: T) => Error | Promise<Error>;
  /** Whether it is time to give up; times in milliseconds. @default after `timeoutMinutes` */
  readonly isOver?: (missing: T, start: number, now: number) => boolean;
  readonly timeoutMinutes: number;
  /** Milliseconds between two looks. */
  readonly pollEvery: number;
  readonly progress: (message: string) => void;
  readonly clock?: Clock;
}

/** Milliseconds between two reports of progress. */
const tellEvery = 30_000;

/** Looks until nothing is missing. Throws what `failure` makes of what is missing when the wait is over. */
export async function waitUntil<T>(wait: Wait<T>): Promise<void> {
  const clock = wait.clock ?? realClock;
  const start = clock.now();
  const limit = wait.timeoutMinutes * 60_000;
  let lastTold = start;
  for (;;) {
    const missing = await wait.look();
    if (missing === undefined) return;
    const now = clock.now();
    if (wait.isOver?.(missing, start, now) ?? now - start >= limit) throw await wait.failure(missing);
    if (now - lastTold >= tellEvery) {
      lastTold = now;
      wait.progress(`${wait.message(missing)} (${Math.round((now - start) / 1000)} s of ${limit / 1000} s)`);
    }
    await clock.sleep(wait.pollEvery);
  }
}
