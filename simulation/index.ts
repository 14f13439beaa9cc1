/** The simulation's door: `simulate` and what it yields. */
export { simulate, SimulationError, type SimulateOptions } from "./simulate";
export type { HookBinding, Simulated, SimulatedInvoke, SimulatedResource } from "./simulated";
export type { PreviousRun } from "./previousRun";
export { unknown } from "./values";
export { existingThings } from "./existing";
