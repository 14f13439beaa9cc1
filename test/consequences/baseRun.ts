/** Runs of the whole program on the simulation, one after another one. */
import { existingThings, simulate, type PreviousRun, type Simulated } from "../../simulation";
import { parseClusterConfig } from "../../src/config/parse";
import program from "../../src/index";
import type { KeyChange } from "./everyKey";

type Values = KeyChange["before"];

/** The program on the simulation with a stack's values, after an earlier run where there was one. */
export function run(values: Values, previous?: PreviousRun): Promise<Simulated> {
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

export interface Base {
  readonly previous: PreviousRun;
  readonly outputs: Simulated["outputs"];
}

const bases = new Map<Values, Promise<Base>>();

/** The first run with these values, once for each of them. */
export function baseRun(values: Values): Promise<Base> {
  const known =
    bases.get(values) ??
    run(values).then((simulated) => ({ previous: simulated.toPrevious(), outputs: simulated.outputs }));
  bases.set(values, known);
  return known;
}
