import { withoutSecrets } from "../bundle/withoutSecrets";
import { messageOf } from "../engine/messageOf";

/**
 * Consoles as they stand at the end of a message: a head line for each machine. They go into logs of pipelines, so what
 * looks like a secret is taken out. A message is never lost because a console could not be had.
 */
export async function consoleSections(read: () => Promise<ReadonlyMap<string, string>>): Promise<string[]> {
  try {
    return [...(await read())].map(
      ([name, tail]) =>
        `--- console of ${name} ---\n${tail.trim() === "" ? "(empty)" : withoutSecrets(tail.trimEnd())}`,
    );
  } catch (error) {
    return [`The machines' consoles could not be read: ${messageOf(error)}`];
  }
}
