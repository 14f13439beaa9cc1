/**
 * What is said of a change of each key of the schema, against what the program then does on the simulation. It does not
 * show what a real OpenStack or a real cluster makes of it.
 */
import { recordedConfigurations } from "../../simulation/preview/plannedChanges";
import type { PreviousRun, Simulated } from "../../simulation";
import { changedKeys } from "../../src/config/changedKeys";
import type { Moment } from "../../src/config/effects";
import { type Base, baseRun, run } from "./baseRun";
import { everyKeyChange } from "./everyKey";

/**
 * Where the change shows: in OpenStack, in Kubernetes, in what machines that run are to have, or in what a machine is
 * created with.
 */
function reached({ previous, outputs }: Base, after: Simulated): Moment[] {
  const now = new Set(after.resources.map(({ urn }) => urn));
  const types = [
    ...after.resources.filter(({ custom, change }) => custom && change?.operation !== "same").map(({ type }) => type),
    ...Object.entries(previous.resources).flatMap(([urn, { type }]) => (now.has(urn) ? [] : [type])),
  ];
  const has = (prefix: string) => types.some((type) => type.startsWith(prefix));
  const found: Moment[] = [
    ...((after.outputs.staleMachines as string[]).length > 0 ? (["machine"] as const) : []),
    ...(sameFiles(outputs.fileDigests, after.outputs.fileDigests) ? [] : (["running"] as const)),
    ...(has("openstack:") ? (["openstack"] as const) : []),
    ...(has("kubernetes:") || has("pulumi:providers:kubernetes") ? (["kubernetes"] as const) : []),
  ];
  return found;
}

/** Whether pools that there were before have the same files for machines that run. */
function sameFiles(before: unknown, after: unknown): boolean {
  const [older, newer] = [before, after] as Record<string, string>[];
  return Object.entries(newer!).every(([pool, digest]) => (older![pool] ?? digest) === digest);
}

/** Keys of which less is reached than declared here, with the reason. */
const unseen: Readonly<Record<string, string>> = {
  "nodePools[].labels": "`up` sets them on the nodes, which the simulation has none of",
  "nodePools[].taints": "`up` sets them on the nodes, which the simulation has none of",
  roll: "nothing is stale, so nothing is replaced",
  "controlPlane.serverGroupPolicy": "only from and to `none` is the server group itself created or deleted",
};

/** Keys of which more is seen than reached, with the reason. */
const seenOnly: Readonly<Record<string, Moment>> = {
  // The files are for the other operating system, which no machine that runs has: none is ordered to lay them.
  "os.family": "running",
};

/** Keys whose change is a change of the whole item: the name is what tells items apart. */
const named: Readonly<Record<string, string>> = {
  nodePools: "nodePools[]",
  "nodePools[].name": "nodePools[]",
  "nodePools[].volumes": "nodePools[].volumes[]",
  "nodePools[].volumes[].name": "nodePools[].volumes[]",
  "apiEndpoint.kind": "apiEndpoint",
};

/** Secrets are nowhere in the state in a form that could be compared; the resources that hold them tell. */
const secret = /^credentials\.(openstack\.secret|etcdBackup\.secretAccessKey|git\.(password|privateKey)|sopsAgeKey)$/;

describe("a changed key of the configuration", () => {
  it.each(everyKeyChange().map((change) => [change.pattern, change] as const))(
    "%s reaches what the schema declares, and nothing else",
    async (pattern, { before, after }) => {
      const base = await baseRun(before);
      const { previous } = base;
      const now = await run(after, previous);
      const changed = changedKeys(...configurationsOf(now, previous));
      if (secret.test(pattern)) {
        expect(changed).toEqual([]);
        expect(reached(base, now)).toEqual(["kubernetes"]);
        return;
      }
      expect(changed.map((change) => change.pattern)).toContain(named[pattern] ?? pattern);
      const declared = new Set<Moment>(
        changed.flatMap(({ effect }) => effect.moments).filter((moment) => moment !== "cluster" && moment !== "run"),
      );
      const found = new Set(reached(base, now));
      expect([...found].filter((moment) => !declared.has(moment) && seenOnly[pattern] !== moment)).toEqual([]);
      if (!(pattern in unseen)) expect([...declared].filter((moment) => !found.has(moment))).toEqual([]);
    },
  );
});

function configurationsOf(now: Simulated, previous: PreviousRun): [unknown, unknown] {
  const { before, after } = recordedConfigurations(now, previous);
  return [before, after];
}
