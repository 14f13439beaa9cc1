/**
 * The difference between two simulated runs as the engine would plan it, so that its consequences can be told without a
 * cloud.
 */
import { clusterType, type Operation, type Plan, type PlannedChange } from "../../src/consequences/plannedChange";
import type { KeptInputs, PreviousRun } from "../previousRun";
import type { Simulated } from "../simulated";
import type { Properties } from "../values";
import { goneSince, markOf, type Mark } from "./difference";

const operations: Readonly<Partial<Record<Mark, Operation>>> = { add: "create", change: "update", replace: "replace" };

/** What the next `up` would do after `previous`; nothing where there is nothing to compare with. */
export function plannedChanges(run: Simulated, previous: PreviousRun | undefined): PlannedChange[] {
  if (previous === undefined) return [];
  const real = run.resources.filter(({ custom }) => custom);
  const coming = real.flatMap((resource): PlannedChange[] => {
    const operation = operations[markOf(resource)];
    if (operation === undefined) return [];
    const { urn, type, name, inputs, change } = resource;
    return [
      {
        operation,
        type,
        name,
        changed: change?.changed ?? [],
        before: plain(previous.resources[urn]?.inputs),
        after: withoutSecrets(inputs, resource.secretInputs),
      },
    ];
  });
  const going = goneSince(run, previous).map(([, { type, name, inputs }]): PlannedChange => ({
    operation: "delete",
    type,
    name,
    changed: [],
    before: plain(inputs),
    after: {},
  }));
  return [...coming, ...going];
}

/** The configuration that the run before recorded, and this one's. */
export function recordedConfigurations(run: Simulated, previous: PreviousRun | undefined): Plan["recorded"] {
  const cluster = Object.values(previous?.resources ?? {}).find(({ type }) => type === clusterType);
  return {
    before: plain(cluster?.inputs).configuration,
    after: run.resources.find(({ type }) => type === clusterType)?.inputs.configuration,
  };
}

function plain(inputs: KeptInputs = {}): Properties {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([key, kept]) => ("value" in kept ? [[key, kept.value]] : [])),
  );
}

function withoutSecrets(inputs: Properties, secrets: readonly string[]): Properties {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !secrets.includes(key)));
}
