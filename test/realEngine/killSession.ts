/** What a power cut does to a command: it and all that it started are gone at once. */
import { isLiving, processStats } from "../../lab/procStat";

/**
 * SIGKILL to every process of a session; resolves when none of them is left.
 *
 * @param session Id of its first process, which was started `detached`.
 */
export async function killSession(session: number | undefined): Promise<void> {
  const members = () => processStats().filter((found) => isLiving(found) && found.session === session);
  for (let left = members(); left.length > 0; left = members()) {
    for (const { pid } of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    }
    await new Promise((fulfil) => setTimeout(fulfil, 50));
  }
}
