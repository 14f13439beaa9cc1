/** Whether the clock of this computer is right, as far as OpenStack's tells. */
import { counted } from "../config/counted";

/**
 * The beginning of a sentence where the two clocks differ by more than `limit`; undefined where they do not.
 *
 * @param ahead Milliseconds by which this computer's is ahead.
 * @param limit Milliseconds.
 */
export function clockDifference(ahead: number, limit: number): string | undefined {
  if (Math.abs(ahead) <= limit) return undefined;
  const minutes = Math.round(Math.abs(ahead) / 60_000);
  return `The clock of this computer is ${counted(minutes, "minute")} ${ahead > 0 ? "ahead of" : "behind"} OpenStack's`;
}
