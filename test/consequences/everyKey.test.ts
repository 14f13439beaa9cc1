/**
 * What is said of a change of each key of the schema, against what the program then does on the simulation. It does not
 * show what a real OpenStack or a real cluster makes of it.
 */
import { recordedConfigurations } from "../../simulation/preview/plannedChanges";
import { existingThings, simulate, type PreviousRun, type Simulated } from "../../simulation";
import { changedKeys } from "../../src/config/changedKeys";
import type { Moment } from "../../src/config/effects";
import { parseClusterConfig } from "../../src/config/parse";
import program from "../../src/index";
import { everyKeyChange, type KeyChange } from "./everyKey";

type Values = KeyChange["before"];

function run(values: Values, previous?: PreviousRun): Promise<Simulated> {
  const defined = Object.entries(values).filter(([, value]) => value !== undefined);
  const config = Object.fromEntries(
    defined.map(([key, value]) => [
      `openstack-kubernetes:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  const existing = existingThings(parseClusterConfig(Object.fromEntries(defined), "test"));
  return simulate(program, { config, previous, existing });
}

const bases = new Map<Values, Promise<PreviousRun>>();

function baseRun(values: Values): Promise<PreviousRun> {
  const known = bases.get(values) ?? run(values).then((simulated) => simulated.toPrevious());
  bases.set(values, known);
  return known;
}

/** Where the change shows: in OpenStack, in Kubernetes, or in what a machine is created with. */
function reached(previous: PreviousRun, after: Simulated): Moment[] {
  const now = new Set(after.resources.map(({ urn }) => urn));
  const types = [
    ...after.resources.filter(({ custom, change }) => custom && change?.operation !== "same").map(({ type }) => type),
    ...Object.entries(previous.resources).flatMap(([urn, { type }]) => (now.has(urn) ? [] : [type])),
  ];
  const has = (prefix: string) => types.some((type) => type.startsWith(prefix));
  const found: Moment[] = [
    ...((after.outputs.staleMachines as string[]).length > 0 ? (["machine"] as const) : []),
    ...(has("openstack:") ? (["openstack"] as const) : []),
    ...(has("kubernetes:") || has("pulumi:providers:kubernetes") ? (["kubernetes"] as const) : []),
  ];
  return found;
}

/** Keys of which less is reached than declared here, with the reason. */
const unseen: Readonly<Record<string, string>> = {
  "nodePools[].labels": "`up` sets them on the nodes, which the simulation has none of",
  "nodePools[].taints": "`up` sets them on the nodes, which the simulation has none of",
  roll: "nothing is stale, so nothing is replaced",
  "controlPlane.serverGroupPolicy": "only from and to `none` is the server group itself created or deleted",
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
const secret = /^credentials\.(openstack\.secret|git\.(password|privateKey)|sopsAgeKey)$/;

describe("a changed key of the configuration", () => {
  it.each(everyKeyChange().map((change) => [change.pattern, change] as const))(
    "%s reaches what the schema declares, and nothing else",
    async (pattern, { before, after }) => {
      const previous = await baseRun(before);
      const now = await run(after, previous);
      const changed = changedKeys(...configurationsOf(now, previous));
      if (secret.test(pattern)) {
        expect(changed).toEqual([]);
        expect(reached(previous, now)).toEqual(["kubernetes"]);
        return;
      }
      expect(changed.map((change) => change.pattern)).toContain(named[pattern] ?? pattern);
      const declared = new Set<Moment>(
        changed.flatMap(({ effect }) => effect.moments).filter((moment) => moment !== "cluster" && moment !== "run"),
      );
      const found = new Set(reached(previous, now));
      expect([...found].filter((moment) => !declared.has(moment))).toEqual([]);
      if (!(pattern in unseen)) expect([...declared].filter((moment) => !found.has(moment))).toEqual([]);
    },
  );
});

function configurationsOf(now: Simulated, previous: PreviousRun): [unknown, unknown] {
  const { before, after } = recordedConfigurations(now, previous);
  return [before, after];
}
