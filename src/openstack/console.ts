import { messageOf } from "../engine/messageOf";
import { logInToOpenstack, type LoginSettings } from "./login";

/** Lines of each console that an error message shows: enough for the bootstrap's verdict and the step before it. */
const consoleLines = 30;

/**
 * Tail of the console of each machine, by name; a console that cannot be read says why instead. Throws when nobody can
 * log in to OpenStack.
 */
export async function consoleTails(
  serverIds: readonly (readonly [name: string, id: string])[],
  settings: LoginSettings,
): Promise<ReadonlyMap<string, string>> {
  const api = await logInToOpenstack(settings);
  const tails = serverIds.map(async ([name, id]) => {
    const tail = await api
      .consoleOutput(id, consoleLines)
      .catch((error: unknown) => `(not readable: ${messageOf(error)})`);
    return [name, tail] as const;
  });
  return new Map(await Promise.all(tails));
}
