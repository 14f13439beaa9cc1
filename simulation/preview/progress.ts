/** Tells that something is going on once it takes longer than two seconds. */
import { counted } from "../../src/config/counted";

const patienceMs = 2_000;
const intervalMs = 1_000;

/**
 * Shows the number of resources so far on stderr: one line that is overwritten on a terminal, one line each time
 * elsewhere.
 */
export function progressLine(): { update: (resources: number) => void; end: () => void } {
  // From the start of the process: loading the SDKs is a good part of the wait.
  let next = patienceMs;
  let shown = false;
  return {
    update: (resources) => {
      if (performance.now() < next) return;
      next = performance.now() + intervalMs;
      shown = true;
      const text = `Simulating: ${counted(resources, "resource")} so far`;
      process.stderr.write(process.stderr.isTTY ? `\r${text} ` : `${text}\n`);
    },
    end: () => {
      if (shown && process.stderr.isTTY) process.stderr.write("\r\u001b[K");
    },
  };
}
