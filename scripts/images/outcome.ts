/** What happened with each image and chart of a list. */
import { inParallel } from "../../src/engine/inParallel";
import { messageOf } from "../../src/engine/messageOf";

export interface ImageOutcome {
  readonly name: string;
  /** Undefined: as it should be. */
  readonly problem: string | undefined;
}

/** Does the work for each, all of them whatever fails. `work` returns what is wrong, or throws it. */
export async function outcomesOf<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  work: (item: T) => Promise<string | undefined>,
): Promise<ImageOutcome[]> {
  const problems = new Map<T, string>();
  await inParallel(items, async (item) => {
    const problem = await work(item).catch(messageOf);
    if (problem !== undefined) problems.set(item, problem);
  });
  return items.map((item) => ({ name: nameOf(item), problem: problems.get(item) }));
}

/** One line for each that is not as it should be, and a line with the count of all. */
export function renderOutcomes(done: string, outcomes: readonly ImageOutcome[]): string {
  const failed = outcomes.filter(({ problem }) => problem !== undefined);
  return [
    ...failed.map(({ name, problem }) => `${name}: ${String(problem)}`),
    `${outcomes.length - failed.length} of ${outcomes.length} ${done}.`,
  ].join("\n");
}
