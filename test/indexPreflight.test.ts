/** When the program asks OpenStack, and when it registers resources. */
import { simulate } from "../simulation";
import { minimalStack } from "./fixtures/minimalStack";

const order: string[] = [];
let verdict: Promise<void>;

jest.mock("../src/preflight/preflight", () => ({
  assertPreflight: () => {
    order.push("asked");
    return verdict.finally(() => order.push("answered"));
  },
}));
jest.mock("../src/cluster", () => ({
  Cluster: class {
    readonly outputs = {};
    constructor() {
      order.push("registered");
    }
  },
}));

import program from "../src/index";

const answerAfter = (milliseconds: number, error?: Error) =>
  new Promise<void>((fulfil, reject) => setTimeout(() => (error ? reject(error) : fulfil()), milliseconds));

function run(preview: boolean): Promise<unknown> {
  order.length = 0;
  const config = Object.fromEntries(
    Object.entries(minimalStack).map(([key, value]) => [
      `openstack-kubernetes:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  return simulate(program, { project: "openstack-kubernetes", stack: "test", config, preview });
}

describe("pre-flight", () => {
  it("ends before an `up` registers anything", async () => {
    verdict = answerAfter(50);
    await run(false);
    expect(order).toEqual(["asked", "answered", "registered"]);
  });

  it("of an `up` that it refuses lets nothing be registered", async () => {
    verdict = answerAfter(50, new Error("no such image"));
    await expect(run(false)).rejects.toThrow("no such image");
    expect(order).toEqual(["asked", "answered"]);
  });

  it("asks while a preview registers its resources", async () => {
    verdict = answerAfter(50);
    await run(true);
    expect(order).toEqual(["asked", "registered", "answered"]);
  });

  it("ends a preview that it refuses", async () => {
    verdict = answerAfter(50, new Error("no such image"));
    await expect(run(true)).rejects.toThrow("no such image");
    expect(order).toEqual(["asked", "registered", "answered"]);
  });
});
