import { spawnSync } from "node:child_process";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as settings from "@pulumi/pulumi/runtime/settings";
import * as debuggable from "@pulumi/pulumi/runtime/debuggable";
import { simulate } from "../../simulation";
import { SimulatedMonitor } from "../../simulation/simulatedMonitor";
import { spareNotes } from "../../src/engine/registrationSpeed";

const root = path.join(__dirname, "../..");
const runtime = debuggable as unknown as { debuggablePromise: <T>(promise: Promise<T>, context: string) => Promise<T> };
const noted = (promise: Promise<unknown>) => (promise as { _debugStackTrace?: string })._debugStackTrace;

describe("sparing notes", () => {
  beforeAll(spareNotes);

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
    const [message] = registrations.mock.calls
      .map(([request]) => request)
      .filter((request) => request.getName() === "thing");
    registrations.mockRestore();
    expect({ position: message?.getSourceposition(), frames: message?.getStacktrace()?.getFramesList() }).toEqual({
      position: undefined,
      frames: [],
    });
  });

  it("sends the engine no messages for --debug, and all others", async () => {
    const sent: string[] = [];
    const engine = {
      log: (request: { getMessage(): string }, done: () => void) => {
        sent.push(request.getMessage());
        done();
      },
    };
    const found = jest.spyOn(settings, "getEngine").mockReturnValue(engine as never);
    await Promise.all([pulumi.log.debug("Registering resource"), pulumi.log.warn("a warning")]);
    found.mockRestore();
    expect(sent).toEqual(["a warning"]);
  });

  it("leaves the limit as it is, whether the SDK's note succeeds or fails", () => {
    const limit = Error.stackTraceLimit;
    void runtime.debuggablePromise(Promise.resolve(), "test");
    expect(() => runtime.debuggablePromise(undefined as never, "test")).toThrow(TypeError);
    expect(Error.stackTraceLimit).toBe(limit);
  });

  it("leaves the trace of an error in an apply, down to the line of its source", () => {
    const { status, stdout } = spawnSync("node", ["-r", "./scripts/typescript.js", "test/fixtures/faultInApply.ts"], {
      cwd: root,
      encoding: "utf8",
    });
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^Error: by the program\n\s+at .*faultInApply\.ts:17:13\)?\n/) as unknown,
    });
  });

  it("is done once, however often it is asked for", () => {
    const spared = runtime.debuggablePromise;
    spareNotes();
    expect(runtime.debuggablePromise).toBe(spared);
  });
});
