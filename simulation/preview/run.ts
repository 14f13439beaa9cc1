/** From a stack's file to a simulated run of the real program. */
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { parseClusterConfig } from "../../src/config/parse";
import { projectName, readStackFile } from "../../src/config/stackFile";
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
  const { values, notes } = readStackFile(file);
  return { stack, values, notes, config: parseClusterConfig(values, stack, { source: file }) };
}

/** Throws SimulationError. */
export async function runStack(
  { stack, config, values }: StackInput,
  previous: PreviousRun | undefined,
  onProgress: (resources: number) => void,
): Promise<Simulated> {
  const { simulate, existingThings } = await import("../index");
  const program = await import("../../src/index");
  // Pulumi hands structured values to a program as JSON and text as it is.
  const text = Object.entries(values).map(([key, value]) => [`${projectName}:${key}`, typeof value === "string" ? value : JSON.stringify(value)]);
  return simulate(program.default, {
    project: projectName,
    stack,
    config: Object.fromEntries(text) as Record<string, string>,
    previous,
    existing: existingThings(config),
    onProgress,
  });
}
