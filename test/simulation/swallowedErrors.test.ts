/**
 * A run in which the cause of a failure leaves others waiting: the cause is what is shown, first, and the run ends. The
 * SDK never resolves a resource that it could not register, so that whatever depends on it waits for ever.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "../..");

function failuresByThrower(): Record<string, string[]> {
  const { stdout, stderr } = spawnSync("node", ["-r", "./scripts/typescript.js", "test/fixtures/swallowedErrors.ts"], {
    cwd: root,
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, string[]>;
}

describe("a failing run in which others wait for what failed", () => {
  it("shows the first failure first, and ends", () => {
    const unknownLookup = "the simulation does not know the lookup openstack:identity/getProject:getProject";
    expect(failuresByThrower()).toEqual({
      "an apply, for the input of a resource": ["the cause"],
      "an apply, for the input of a resource that two others depend on": ["the cause"],
      "an apply upon a lookup, for a component's resources": ["the cause"],
      "an apply that several outputs meet in": ["the cause"],
      "an apply whose promise rejects": ["the cause"],
      "an apply for an output of the stack": ["the cause"],
      "an apply for what a resource depends on": ["the cause"],
      "the constructor of a component, after it made a resource that others use": ["the cause"],
      "the program, asynchronously": ["the cause"],
      "a refused resource, and later the program": [
        'there is no network "there-is-none": it neither exists before the program runs nor has been created by it yet',
        "the cause",
      ],
      "a second resource of one URN, on which another depends": [
        "two resources have this URN: give one of them another name or parent",
      ],
      "a lookup that is refused": [expect.stringContaining(unknownLookup), expect.stringContaining(unknownLookup)],
      "nothing, but a promise never resolves": [
        "the program waits for something that never comes; two resources may depend on each other",
      ],
      "nothing at all": [],
      "an apply upon a lookup, in a preview": ["the cause"],
    });
  });
});
