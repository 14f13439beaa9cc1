import { spawnSync } from "node:child_process";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as debuggable from "@pulumi/pulumi/runtime/debuggable";
import { simulate } from "../../simulation";
import { SimulatedMonitor } from "../../simulation/simulatedMonitor";
import { spareStackTraces } from "../../src/operations/registrationSpeed";

const root = path.join(__dirname, "../..");
const runtime = debuggable as unknown as { debuggablePromise: <T>(promise: Promise<T>, context: string) => Promise<T> };
const noted = (promise: Promise<unknown>) => (promise as { _debugStackTrace?: string })._debugStackTrace;

describe("sparing stack traces", () => {
  beforeAll(spareStackTraces);

  it("leaves the SDK's notes on promises without a trace", async () => {
    const promise = Promise.resolve(1);
    await expect(runtime.debuggablePromise(promise, "test")).resolves.toBe(1);
    expect(noted(promise)?.trim()).toMatch(/^Error:?$/);
  });

  it("leaves the state without the program's way to each resource", async () => {
    const registrations = jest.spyOn(SimulatedMonitor.prototype, "registerResource");
    await simulate(() => {
      new pulumi.ComponentResource("test:index:Anything", "thing");
    });
    const [told] = registrations.mock.calls.map(([request]) => request).filter((request) => request.getName() === "thing");
    registrations.mockRestore();
    expect({ position: told?.getSourceposition(), frames: told?.getStacktrace()?.getFramesList() }).toEqual({ position: undefined, frames: [] });
  });

  it("leaves the limit as it is, whether the SDK's note succeeds or fails", () => {
    const limit = Error.stackTraceLimit;
    void runtime.debuggablePromise(Promise.resolve(), "test");
    expect(() => runtime.debuggablePromise(undefined as never, "test")).toThrow(TypeError);
    expect(Error.stackTraceLimit).toBe(limit);
  });

  it("leaves the trace of an error in an apply, down to the line of its source", () => {
    const { status, stdout } = spawnSync("node", ["-r", "./scripts/typescript.js", "test/fixtures/faultInApply.ts"], { cwd: root, encoding: "utf8" });
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^Error: by the program\n\s+at .*faultInApply\.ts:14:13\)?\n/) as unknown });
  });

  it("is done once, however often it is asked for", () => {
    const spared = runtime.debuggablePromise;
    spareStackTraces();
    expect(runtime.debuggablePromise).toBe(spared);
  });
});
