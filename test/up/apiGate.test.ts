import { ApiNotReadyError, waitForApi } from "../../src/up/apiGate";
import { standingClock } from "../engine/standingClock";

function gate(
  answers: (number | Error)[],
  consoles: () => Promise<ReadonlyMap<string, string>> = () => Promise.resolve(new Map()),
  notRunning: () => Promise<readonly string[]> = () => Promise.resolve([]),
) {
  const messages: string[] = [];
  const time = standingClock();
  const last = answers.at(-1);
  const run = waitForApi({
    url: "https://10.0.0.5:6443",
    timeoutMinutes: 1,
    request: () => {
      const answer = answers.shift() ?? last ?? 0;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ status: answer, body: "" });
    },
    consoles,
    notRunning,
    progress: (message) => messages.push(message),
    clock: time,
  });
  return { run, messages, time };
}

describe("API gate", () => {
  it("opens at the first 200 of /readyz", async () => {
    const { run, messages, time } = gate([new Error("connect ECONNREFUSED"), 500, 200]);
    await run;
    expect({ messages, slept: time.slept }).toEqual({ messages: [], slept: [5000, 5000] });
  });

  it("tells every half minute what it waits for and why", async () => {
    const { run, messages } = gate([...Array.from({ length: 7 }, () => new Error("connect ECONNREFUSED")), 200]);
    await run;
    expect(messages).toEqual([
      "waiting for the Kubernetes API at https://10.0.0.5:6443: connect ECONNREFUSED (30 s of 60 s)",
    ]);
  });

  it("ends at the time limit with the last answer and the consoles", async () => {
    const { run } = gate([500], () =>
      Promise.resolve(
        new Map([
          ["dev-control-plane-0", "step\nopenstack-kubernetes: FAILED: no route\n"],
          ["dev-control-plane-1", ""],
        ]),
      ),
    );
    await expect(run).rejects.toThrow(
      new ApiNotReadyError(
        [
          "The Kubernetes API at https://10.0.0.5:6443 was not ready after 1 minute (readiness.apiTimeoutMinutes); last answer: /readyz answers 500.",
          "The machines exist; mend the cause (docs/runbooks/endpoint-down.md) and run `pulumi up` again.",
          "--- console of dev-control-plane-0 ---",
          "step\nopenstack-kubernetes: FAILED: no route",
          "--- console of dev-control-plane-1 ---",
          "(empty)",
        ].join("\n"),
      ),
    );
  });

  it("still tells the last answer when the consoles cannot be read", async () => {
    const { run } = gate([new Error("timed out")], () =>
      Promise.reject(new Error("Keystone refused the log-in (401)")),
    );
    await expect(run).rejects.toThrow(
      /last answer: timed out\.\n.*\nThe machines' consoles could not be read: Keystone refused the log-in \(401\)$/,
    );
  });

  it("names the control-plane machines that do not run, while it waits and at the time limit", async () => {
    let asked = 0;
    const { run, messages } = gate([new Error("connect EHOSTUNREACH")], undefined, () => {
      asked++;
      return Promise.resolve(["dev-control-plane-1 (SHUTOFF)", "dev-control-plane-2 (deleted)"]);
    });
    await expect(run).rejects.toThrow(
      [
        "The Kubernetes API at https://10.0.0.5:6443 was not ready after 1 minute (readiness.apiTimeoutMinutes); last answer: connect EHOSTUNREACH; not running in OpenStack: dev-control-plane-1 (SHUTOFF), dev-control-plane-2 (deleted).",
        "Start those that are off, replace those that are gone (docs/runbooks/replace-machine.md), and run `pulumi up` again.",
      ].join("\n"),
    );
    expect(messages).toEqual([
      "waiting for the Kubernetes API at https://10.0.0.5:6443: connect EHOSTUNREACH; not running in OpenStack: dev-control-plane-1 (SHUTOFF), dev-control-plane-2 (deleted) (30 s of 60 s)",
    ]);
    expect(asked).toBe(3);
  });

  it("says nothing of machines when OpenStack does not answer", async () => {
    const { run } = gate([500], undefined, () => Promise.reject(new Error("Keystone refused the log-in (401)")));
    await expect(run).rejects.toThrow("last answer: /readyz answers 500.\nThe machines exist;");
  });
});
