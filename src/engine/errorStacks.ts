/**
 * The SDK's source maps lead to files that are not there: node_modules/@pulumi/resource.ts for
 * node_modules/@pulumi/pulumi/resource.ts. A path that ends right after a scope sends Node's coloured print of an error
 * into a loop that only the longest possible string ends (20.20.2: 15 s of processor time and 3.4 GB for every error of
 * a program, a missing quota included). The engine prints every error that way, even when it shows the message only.
 */

type Prepare = ((error: Error, frames: NodeJS.CallSite[]) => unknown) & { repaired?: true };

/** Where V8 looks for what makes text of a stack; source maps are applied there. */
const errors = Error as { prepareStackTrace?: Prepare };

/** The stack with the package's name put back into the SDK's paths. */
export function repairedStack(stack: string): string {
  return stack.replace(/(node_modules([\\/])@pulumi[\\/])(?=[^\\/\s:]+\.ts:\d)/g, "$1pulumi$2");
}

/**
 * Repairs the stacks of all errors from now on. Does nothing where no source maps are applied, or when called again.
 */
export function repairErrorStacks(): void {
  const prepare = errors.prepareStackTrace;
  if (prepare === undefined || prepare.repaired === true) return;
  const repairing: Prepare = (error, frames) => {
    const stack = prepare(error, frames);
    return typeof stack === "string" ? repairedStack(stack) : stack;
  };
  errors.prepareStackTrace = Object.assign(repairing, { repaired: true as const });
}
