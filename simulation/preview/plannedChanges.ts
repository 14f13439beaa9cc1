/** The difference between two simulated runs as the engine would plan it, so that its consequences can be told without a cloud. */
import type { Operation, PlannedChange } from "../../src/operations/consequences/plannedChange";
import type { KeptInputs, PreviousRun } from "../previousRun";
import type { Simulated } from "../simulated";
import type { Properties } from "../values";
import { markOf, type Mark } from "./difference";

const operations: Readonly<Partial<Record<Mark, Operation>>> = { add: "create", change: "update", replace: "replace" };

/** What the next `up` would do after `previous`; nothing where there is nothing to compare with. */
export function plannedChanges(run: Simulated, previous: PreviousRun | undefined): PlannedChange[] {
  if (previous === undefined) return [];
  const real = run.resources.filter(({ custom }) => custom);
  const now = new Set(run.resources.map(({ urn }) => urn));
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
  const going = Object.entries(previous.resources)
    .filter(([urn, { inputs, computed }]) => !now.has(urn) && (computed.id !== undefined || Object.keys(inputs).length > 0))
    .map(([, { type, name, inputs }]): PlannedChange => ({ operation: "delete", type, name, changed: [], before: plain(inputs), after: {} }));
  return [...coming, ...going];
}

function plain(inputs: KeptInputs = {}): Properties {
  return Object.fromEntries(Object.entries(inputs).flatMap(([key, kept]) => ("value" in kept ? [[key, kept.value]] : [])));
}

function withoutSecrets(inputs: Properties, secrets: readonly string[]): Properties {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !secrets.includes(key)));
}
