/**
 * Names in `roll` of which a plan touches no machine. That `up` warns of them is for watchedSettings.engine.test.ts.
 */
import { plannedChanges } from "../../simulation/preview/plannedChanges";
import { reportOf } from "../../src/consequences/consequenceReport";
import { minimalStack } from "../fixtures/minimalStack";
import { runProgram } from "../runProgram";

const roll = ["default", "control-plane"];

/** The report on a change of the stack that rolls its pool and its control plane. */
async function reportOn(change: Readonly<Record<string, unknown>>) {
  const previous = (await runProgram(minimalStack)).toPrevious();
  const run = await runProgram({ ...minimalStack, roll, ...change }, { previous });
  return reportOf(
    { stack: "test", changes: plannedChanges(run, previous), unchanged: 0, recorded: { before: {} }, warnings: [] },
    { clusterName: "test", roll, allowDestruction: [], drains: true },
  );
}

describe("a name in roll", () => {
  it("is idle where nothing is stale", async () => {
    expect((await reportOn({})).idleRoll).toEqual(roll);
  });

  it("is not where its machines are replaced", async () => {
    expect((await reportOn({ image: "ubuntu-24.04.1" })).idleRoll).toEqual([]);
  });

  it("is not where workers are resized, which only roll brings; a control plane is resized without", async () => {
    const nodePools = [{ ...minimalStack.nodePools[0], flavor: "m1.2xlarge" }];
    const { findings, idleRoll } = await reportOn({ nodePools, controlPlane: { flavor: "m1.2xlarge" } });
    expect(findings.flatMap(({ names }) => names)).toEqual(
      expect.arrayContaining(["test-default-0", "test-control-plane-0"]),
    );
    expect(idleRoll).toEqual(["control-plane"]);
  });
});
