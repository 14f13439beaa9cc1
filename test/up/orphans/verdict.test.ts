import { createdTypes, type ResourceItem } from "../../../src/openstack/resourceTypes";
import { judge } from "../../../src/up/orphans/verdict";

const now = new Date("2026-11-22T12:00:00Z");
const { port, server, member } = createdTypes;
const metadata = { "kubernetes-cluster": "dev", "kubernetes-role": "worker" };
const inputs = { name: "dev-general-0", metadata };
const machine = (hours: number, change: Partial<ResourceItem> = {}): ResourceItem => ({
  id: "s",
  metadata,
  created: new Date(now.getTime() - hours * 3_600_000).toISOString(),
  "OS-SRV-USG:launched_at": "2026-11-22T11:59:00.000000",
  ...change,
});

describe("the verdict on something unused that the state does not know", () => {
  it("removes what is recent, in either of OpenStack's forms of time", () => {
    expect(judge(port, { id: "p", created_at: "2026-11-21T12:00:00Z" }, { name: "dev" }, now)).toEqual({
      kind: "remove",
    });
    expect(judge(port, { id: "p", created_at: "2026-11-21T12:00:00" }, { name: "dev" }, now)).toEqual({
      kind: "remove",
    });
    expect(judge(port, { id: "p", created_at: "2026-11-21T13:00:00+01:00" }, { name: "dev" }, now)).toEqual({
      kind: "remove",
    });
  });

  it("removes what has no time of creation", () => {
    expect(judge(port, { id: "p" }, { name: "dev" }, now)).toEqual({ kind: "remove" });
  });

  it("leaves alone what is older than a day, and says how to delete it", () => {
    expect(judge(port, { id: "p", created_at: "2026-11-21T11:59:59Z" }, { name: "dev" }, now)).toEqual({
      kind: "leave",
      sentence:
        "OpenStack has port dev (p) already, which the state of this stack does not know. Nothing uses it, but it is older than 24 hours, so it was left alone; if nobody needs it, `openstack port delete p`.",
    });
  });

  it("names what has no name and no command of its own by its id", () => {
    expect(judge(member, { id: "m", created_at: "2026-11-20T12:00:00" }, {}, now)).toEqual({
      kind: "leave",
      sentence:
        "OpenStack has load-balancer member m already, which the state of this stack does not know. Nothing uses it, but it is older than 24 hours, so it was left alone; if nobody needs it, delete it.",
    });
  });
});

describe("the verdict on a machine that the state does not know", () => {
  it("removes one that is recent", () => {
    expect(judge(server, machine(2), inputs, now)).toEqual({ kind: "remove" });
  });

  it("removes one that has never run, however old", () => {
    expect(judge(server, machine(1_000, { "OS-SRV-USG:launched_at": null }), inputs, now)).toEqual({ kind: "remove" });
  });

  it("stops at one that has been running for longer, since people's work may run on it", () => {
    expect(judge(server, machine(2.01), inputs, now)).toEqual({
      kind: "refuse",
      sentence:
        "OpenStack has server dev-general-0 (s) already, which the state of this stack does not know. It has been running for more than 2 hours, so it may carry work: if the state was restored from an older copy, restore a newer one; if nobody needs the machine, `openstack server delete s` and run `pulumi up` again.",
    });
  });

  it.each([
    ["another cluster's", { "kubernetes-cluster": "prod", "kubernetes-role": "worker" }],
    ["another role's", { "kubernetes-cluster": "dev", "kubernetes-role": "control-plane" }],
    ["somebody's own", {}],
  ])("stops at %s, however new", (_, other) => {
    expect(judge(server, machine(0, { metadata: other }), inputs, now)).toEqual({
      kind: "refuse",
      sentence:
        "OpenStack has server dev-general-0 (s) already, which the state of this stack does not know and which is no machine of this cluster: rename or delete it, or choose another clusterName.",
    });
  });
});
