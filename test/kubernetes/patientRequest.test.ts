import type { KubernetesAnswer } from "../../src/kubernetes/client";
import { patientRequest } from "../../src/kubernetes/patientRequest";

const answer = (status: number, message = ""): KubernetesAnswer => ({ status, body: JSON.stringify({ message }) });
const unknownRole = answer(
  403,
  'nodes "a" is forbidden: User "dev-admin" cannot update resource "nodes" in API group ""',
);
const policy = answer(403, "ValidatingAdmissionPolicy 'files' denied request: Only pulumi up may write it");

/** Answers one after the other, the last for ever; an Error is no answer. */
function server(...answers: (KubernetesAnswer | Error)[]) {
  let calls = 0;
  let slept = 0;
  const request = patientRequest(
    () => {
      const next = answers[Math.min(calls++, answers.length - 1)]!;
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
    { sleep: (milliseconds) => Promise.resolve(void (slept += milliseconds)) },
  );
  return { request, calls: () => calls, slept: () => slept };
}

describe("a request while API servers start again", () => {
  it.each(["GET", "POST", "PUT", "DELETE"] as const)(
    "%s is made again where nobody's roles are known yet",
    async (method) => {
      const { request, calls } = server(unknownRole, unknownRole, answer(200));
      expect(await request(method, "/api/v1/nodes/a")).toEqual(answer(200));
      expect(calls()).toBe(3);
    },
  );

  it("is forbidden after half a minute, as it is to whom it is forbidden for good", async () => {
    const { request, slept } = server(unknownRole);
    expect(await request("PUT", "/api/v1/nodes/a")).toEqual(unknownRole);
    expect(slept()).toBe(28_000);
  });

  it.each([policy, answer(404), answer(409), answer(500)])("takes any other answer at once: %j", async (other) => {
    const { request, calls } = server(other);
    expect(await request("PUT", "/api/v1/nodes/a")).toEqual(other);
    expect(calls()).toBe(1);
  });

  it.each(["GET", "PUT"] as const)("%s is made again when no answer came", async (method) => {
    const { request } = server(new Error("refused"), answer(200));
    expect(await request(method, "/api/v1/nodes/a")).toEqual(answer(200));
  });

  it.each(["POST", "DELETE"] as const)(
    "%s is not made again when no answer came: it may have been done",
    async (method) => {
      const { request, calls } = server(new Error("refused"), answer(200));
      await expect(request(method, "/api/v1/nodes/a")).rejects.toThrow("refused");
      expect(calls()).toBe(1);
    },
  );
});
