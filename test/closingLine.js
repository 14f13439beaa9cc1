/**
 * Jest reporter: the last line of a run reads `N passed, N failed, N skipped`; a suite that could not even start counts
 * as failed.
 */
class ClosingLine {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    // After jest's own summary, which is written in the same turn.
    process.on("exit", () =>
      process.stdout.write(`${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`),
    );
  }
}

module.exports = ClosingLine;
