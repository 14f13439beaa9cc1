import { askParts, type StatusPart } from "../../src/status/askParts";

const fine: StatusPart = {
  name: "fine",
  ask: () => Promise.resolve([{ part: "fine", level: "ok", text: "all well" }]),
  remedy: "none",
};
const never = new Promise<never>(() => undefined);

describe("parts of a status", () => {
  it("are asked at the same time, and answer in their order", async () => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const waiting: StatusPart = {
      ...fine,
      name: "waiting",
      ask: async () => opened.then(() => [{ part: "waiting", level: "ok", text: "was let go" }]),
    };
    const opening: StatusPart = {
      ...fine,
      ask: () => {
        open();
        return fine.ask();
      },
    };
    expect((await askParts([waiting, opening], 5_000)).map(({ part }) => part)).toEqual(["waiting", "fine"]);
  });

  it("that hang or fail cost their own lines only, which say why and what helps", async () => {
    const parts: StatusPart[] = [
      { name: "hung", ask: () => never, remedy: "look" },
      { name: "broken", ask: () => Promise.reject(new Error("connect ECONNREFUSED 192.0.2.1:6443")), remedy: "mend" },
      { name: "down", ask: () => Promise.reject(new Error("no.")), silence: "bad", remedy: "start" },
      {
        name: "blind",
        needs: Promise.reject(new Error("no key")),
        ask: () => never,
        silence: "bad",
        remedy: "find it",
      },
      fine,
    ];
    expect(await askParts(parts, 50)).toEqual([
      { part: "hung", level: "unknown", text: "could not be asked: no answer within 0.05 s", remedy: "look" },
      {
        part: "broken",
        level: "unknown",
        text: "could not be asked: connect ECONNREFUSED 192.0.2.1:6443",
        remedy: "mend",
      },
      { part: "down", level: "bad", text: "could not be asked: no", remedy: "start" },
      { part: "blind", level: "unknown", text: "could not be asked: no key", remedy: "find it" },
      { part: "fine", level: "ok", text: "all well" },
    ]);
  });
});
