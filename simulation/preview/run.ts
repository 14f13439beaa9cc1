/** From a stack's file to a simulated run of the real program. */
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { parseClusterConfig } from "../../src/config/parse";
import { configWarnings } from "../../src/config/warnings";
import { projectName, readStackFile } from "../../src/config/stackFile";
import type * as simulation from "../index";
import type { PreviousRun } from "../previousRun";
import type { Simulated } from "../simulated";

export interface StackInput {
  readonly stack: string;
  readonly config: ClusterConfig;
  readonly values: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

/** Throws ConfigError. Done before Pulumi is loaded, so that a mistake is told at once. */
export function readStack(stack: string, file: string): StackInput {
  const { values, notes, problems } = readStackFile(file);
  const config = parseClusterConfig(values, stack, { source: file, problems });
  return { stack, values, config, notes: [...notes, ...configWarnings(config, new Date())] };
}

/** Throws SimulationError. */
export function runStack(
  { stack, config, values }: StackInput,
  previous: PreviousRun | undefined,
  onProgress: (resources: number) => void,
): Promise<Simulated> {
  // Loaded here and not above: these load Pulumi and its SDKs, for which a mistake in the configuration need not wait.
  /* eslint-disable @typescript-eslint/no-require-imports */
  const { simulate, existingThings } = require("../index") as typeof simulation;
  const program = require("../../src/index") as () => unknown;
  /* eslint-enable @typescript-eslint/no-require-imports */
  // Pulumi hands structured values to a program as JSON and text as it is.
  const text = Object.entries(values).map(([key, value]) => [
    `${projectName}:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const options = {
    project: projectName,
    stack,
    config: Object.fromEntries(text) as Record<string, string>,
    previous,
    existing: existingThings(config),
    onProgress,
  };
  return simulate(program, options);
}
