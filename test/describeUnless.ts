/** `describe`, or, where there is a reason against it, a skipped one that says so in a line nobody overlooks. */
export function describeUnless(reason: string | undefined, name: string, tests: () => void): void {
  if (reason === undefined) {
    describe(name, tests);
    return;
  }
  process.stderr.write(`\n*** SKIPPED: ${name}: ${reason}. Nothing of it is proven by this run. ***\n\n`);
  describe.skip(name, tests);
}
