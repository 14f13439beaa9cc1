import type { Clock } from "../../src/engine/waiting";

/** A clock that only moves when somebody sleeps. */
export function standingClock(start = 0): Clock & { readonly slept: number[] } {
  let time = start;
  const slept: number[] = [];
  return {
    slept,
    now: () => time,
    sleep: (milliseconds) => {
      time += milliseconds;
      slept.push(milliseconds);
      return Promise.resolve();
    },
  };
}
