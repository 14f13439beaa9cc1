/**
 * Every value of every enumerated key, as a cluster was created with it. A file of its own beside everyKey.test.ts, so
 * that both run at the same time: they are the longest of the tests.
 */
import { baseRun, run } from "./baseRun";
import { everyChoice } from "./everyChoice";
import { full } from "./everyKey";

describe("a cluster that was created with another choice", () => {
  it.each(everyChoice().map(({ title, values }) => [title, values] as const))(
    "goes back from %s, in a preview without an error",
    async (_, values) => {
      const { previous } = await baseRun(values);
      const now = await run(full, previous);
      expect(now.outputs.clusterName).toBe("test");
    },
  );
});
