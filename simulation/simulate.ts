/** Runs a Pulumi program against a simulated OpenStack, within this process and without a network. */
import { randomBytes } from "node:crypto";
import { messageOf } from "../src/engine/messageOf";
import { Cloud, type ExistingThings } from "./openstack/cloud";
import type { PreviousRun } from "./previousRun";
import * as runtime from "./pulumiRuntime";
import { Simulated } from "./simulated";
import { SimulatedMonitor, type Failure } from "./simulatedMonitor";
import { standsStill } from "./standstill";

export interface SimulateOptions {
  /** @default "openstack-kubernetes" */
  readonly project?: string;
  /** @default "test" */
  readonly stack?: string;
  /**
   * True: as `pulumi preview` sees it, with unknown values for what does not exist yet. @default false, as `pulumi up`
   */
  readonly preview?: boolean;
  /** The stack's configuration, "project:key" to text (objects as JSON). @default {} */
  readonly config?: Readonly<Record<string, string>>;
  /** An earlier run: its resources exist already, keep their addresses, keys and certificates. */
  readonly previous?: PreviousRun;
  /** What the project holds before the program runs. @default nothing */
  readonly existing?: ExistingThings;
  readonly onProgress?: (resources: number) => void;
}

const hanging = "the program waits for something that never comes; two resources may depend on each other";

/** What the SDK puts before the message of an error on its way through the inputs of a resource. */
const inputsOnTheWay = /^(error serializing property "[^"]*": )+/;

/** All that went wrong in a run, in the order in which it did: the first is the cause, others may follow from it. */
export class SimulationError extends Error {
  constructor(public readonly failures: readonly Failure[]) {
    super(failures.map(({ where, message }) => `${where}: ${message}`).join("\n"));
    this.name = "SimulationError";
    // The first error of the program itself knows where it was thrown.
    const cause = failures.find((failure) => failure.error instanceof Error)?.error as Error | undefined;
    if (cause?.stack !== undefined) this.stack = cause.stack;
  }
}

/**
 * Runs `program` to its end: every registration that it or its `apply`s start is waited for. What it returns are the
 * stack's outputs. Throws SimulationError when the program throws or a resource or lookup is refused. One run at a
 * time: Pulumi's runtime is global. A run that stands still is over: what failed before is the cause, or else that it
 * hangs is the failure.
 */
export async function simulate(program: () => unknown, options: SimulateOptions = {}): Promise<Simulated> {
  const { project = "openstack-kubernetes", stack = "test", preview = false, config = {}, previous } = options;
  const seed = previous?.seed ?? randomBytes(32).toString("hex");
  const before = previous?.resources ?? {};
  const cloud = new Cloud(
    options.existing ?? {},
    Object.entries(before).map(([urn, resource]) => [urn, resource.computed] as const),
  );
  const failures: Failure[] = [];
  const thrown = new Set<unknown>();
  const monitor = new SimulatedMonitor({
    project,
    stack,
    preview,
    seed,
    cloud,
    previous: before,
    onFailure: (failure) => failures.push(failure),
    onProgress: options.onProgress,
  });
  /** One error rejects the promise of each that waits for it. */
  const fail = (error: unknown) => {
    const message = messageOf(error).replace(inputsOnTheWay, "");
    if (!thrown.has(error)) failures.push({ where: "program", message, error });
    thrown.add(error);
  };

  runtime.connect(monitor, monitor, { project, stack, preview, organization: "organization", config });
  process.on("unhandledRejection", fail);
  try {
    const run = runtime.runInStack(async () => {
      try {
        return await program();
      } catch (error) {
        fail(error);
        return {};
      }
    });
    const end = run.catch(fail).then(() => runtime.settle());
    const hasFailed = () => failures.length > 0;
    const hangs = await standsStill({ end, progress: () => monitor.progress(), hasFailed });
    if (hangs && !hasFailed()) failures.push({ where: "program", message: hanging });
  } finally {
    process.removeListener("unhandledRejection", fail);
    runtime.disconnect();
  }
  if (failures.length > 0) throw new SimulationError(failures);
  const root = [...monitor.resources.values()].find((resource) => resource.type === "pulumi:pulumi:Stack");
  const subnets = [...cloud.subnets.values()].map(({ addresses: { cidr, used, capacity } }) => ({
    cidr,
    used,
    capacity,
  }));
  return new Simulated(
    [...monitor.resources.values()],
    root?.outputs ?? {},
    root?.secretOutputs ?? [],
    monitor.invokes,
    monitor.hooks,
    seed,
    subnets,
  );
}
