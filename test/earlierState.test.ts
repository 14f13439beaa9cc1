/**
 * Stacks that an earlier program made: today's program must go on with them. The state is that of the simulation; that
 * the real engine plans the same is not shown here.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { existingThings, simulate, type PreviousRun } from "../simulation";
import { parseClusterConfig } from "../src/config/parse";
import { readStackFile } from "../src/config/stackFile";
import program from "../src/index";

const folder = join(__dirname, "fixtures/earlierState");

describe("a stack that an earlier program made", () => {
  it.each<[string, readonly string[]]>([
    // Since docs/decisions/0051.
    ["wide", ["create wide-cinder-csi-node"]],
    ["virtualIp", []],
  ])("keeps all its resources, and gets what later programs added: %s", async (name, added) => {
    const { values } = readStackFile(join(folder, `${name}.yaml`));
    const previous = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as PreviousRun;
    const config = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        `openstack-kubernetes:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    );
    const existing = existingThings(parseClusterConfig(values, "dev"));
    const run = await simulate(program, { stack: "dev", config, previous, existing });
    const changed = run.resources
      .filter(({ change }) => change?.operation !== "same" && change?.operation !== "update")
      .map(({ change, name: resource }) => `${change?.operation ?? "create"} ${resource}`);
    const urns = new Set(run.resources.map(({ urn }) => urn));
    expect(changed).toEqual(added);
    expect(Object.keys(previous.resources).filter((urn) => !urns.has(urn))).toEqual([]);
  });
});
