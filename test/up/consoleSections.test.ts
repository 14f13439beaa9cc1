import { consoleSections } from "../../src/up/consoleSections";

describe("consoles at the end of a message", () => {
  it("show what a machine said, without what looks like a secret", async () => {
    const password = "hunter2-mirror";
    const consoles = new Map([
      ["dev-general-0", `openstack-kubernetes: FAILED: http://repo:${password}@mirror.example.org does not answer\n\n`],
      ["dev-general-1", "\n"],
    ]);
    expect(await consoleSections(() => Promise.resolve(consoles))).toEqual([
      "--- console of dev-general-0 ---\nopenstack-kubernetes: FAILED: http://repo:(left out)@mirror.example.org does not answer",
      "--- console of dev-general-1 ---\n(empty)",
    ]);
  });

  it("say why they could not be read", async () => {
    expect(await consoleSections(() => Promise.reject(new Error("no log-in")))).toEqual([
      "The machines' consoles could not be read: no log-in",
    ]);
  });
});
