/** Settings of which the value decides what a change does. That every key is told at all: everyKey.test.ts. */
import { changedSettings } from "../../src/consequences/changedSettings";

/** The weight of the one change from `before` to `after`, and the sentence that says what it does. */
function change(before: object, after: object, allowed: string[] = []) {
  const [only, ...others] = changedSettings({ before, after }, allowed);
  expect(others).toEqual([]);
  return [only?.key, only?.weight, only?.meaning, only?.allowed];
}

const version = (text: string) => ({ kubernetes: { version: text } });
const replicas = (count: number) => ({ controlPlane: { replicas: count } });
const taints = (...effects: string[]) => ({
  nodePools: [{ name: "a", taints: effects.map((effect) => ({ key: "k", value: "", effect })) }],
});

describe("a changed version of Kubernetes", () => {
  const stack = (of: string, drain = "minor", packageSource = "upstream") => ({
    ...version(of),
    packageSource,
    controlPlane: { replicas: 3 },
    nodePools: [{ name: "a", count: 3 }],
    update: { maxUnavailable: "10%", drain },
  });
  const evicted = "Pods are evicted from each node before (update.drain), as PodDisruptionBudgets allow.";

  it.each([
    ["1.35.8", "1.36.3", "minor", evicted],
    ["1.36.1", "1.36.3", "minor", "Pods stay where they are (update.drain)."],
    ["1.36.1", "1.36.3", "always", evicted],
    ["1.35.8", "1.36.3", "never", "Pods stay where they are (update.drain)."],
  ])("from %s to %s upgrades machines that run; update.drain: %s", (before, after, drain, pods) => {
    expect(change(stack(before, drain), stack(after, drain)).slice(0, 3)).toEqual([
      "kubernetes.version",
      "disruptive",
      `Machines that run take it in the next \`up\`: 3 of the control plane one after the other, then 3 workers, at most 1 at a time; about 15 min. It is refused before anything is touched where the cluster is not fit for it. etcd is saved first; each API server and each etcd member restarts. ${pods} There is no way back to the older version.`,
    ]);
  });

  it.each([
    ["1.36.3", "1.36.1", "Kubernetes has no way back to an older version. Machines that are created could not join."],
    ["1.37.0", "1.34.0", "Kubernetes has no way back to an older version. Machines that are created could not join."],
    ["1.35.2", "1.37.0", "Kubernetes is upgraded one minor at a time. Upgrade to 1.36 first."],
  ])("from %s to %s is destructive", (before, after, meaning) => {
    expect(change(stack(before), stack(after)).slice(0, 3)).toEqual(["kubernetes.version", "destructive", meaning]);
  });

  it("is destructive where packages come with the image", () => {
    const image = (of: string) => stack(of, "minor", "preinstalled");
    expect(change(image("1.36.1"), image("1.36.3")).slice(0, 3)).toEqual([
      "kubernetes.version",
      "destructive",
      "Packages come with the image, so machines that run keep their version, and new ones cannot join them. Choose packageSource upstream or mirror for an upgrade.",
    ]);
  });
});

describe("fewer control-plane machines", () => {
  it.each([
    [3, 1, "etcd goes on counting 3 members and needs 2 of them: with 1 it has no quorum, and the API stops for good."],
    [5, 1, "etcd goes on counting 5 members and needs 3 of them: with 1 it has no quorum, and the API stops for good."],
    [
      5,
      3,
      "etcd goes on counting 5 members: with 3 of them, none may fail before the others are removed from etcd by hand.",
    ],
  ])("(%i to %i) are destructive, and the sentence says whether etcd keeps its quorum", (before, after, meaning) => {
    expect(change(replicas(before), replicas(after))).toEqual(["controlPlane.replicas", "destructive", meaning, false]);
  });

  it("are allowed by the name of the key", () => {
    expect(change(replicas(3), replicas(1), ["controlPlane.replicas"])[3]).toBe(true);
  });
});

describe("a changed taint", () => {
  it("evicts pods at once where its effect becomes NoExecute, whatever it was before", () => {
    const evicts =
      "Pods that do not tolerate k=:NoExecute are evicted from the nodes of the pool at once, PodDisruptionBudgets or not.";
    expect(change(taints("PreferNoSchedule"), taints("NoExecute"))).toEqual([
      "nodePools[0].taints",
      "disruptive",
      evicts,
      true,
    ]);
    expect(change(taints(), taints("NoExecute"))[2]).toBe(evicts);
  });

  it("leaves pods where they are with any other effect, and when it is taken away", () => {
    expect(change(taints(), taints("NoSchedule"))[1]).toBe("disruptive");
    expect(change(taints(), taints("PreferNoSchedule"))[1]).toBe("harmless");
    expect(change(taints("NoExecute"), taints())[1]).toBe("harmless");
  });
});

describe("a section that comes or goes", () => {
  it("is one change, weighed by what goes", () => {
    const cloudProvider = { authUrl: "https://k.example.org", region: "one", loadBalancer: {} };
    expect(change({ cloudProvider }, {})[1]).toBe("destructive");
    expect(change({}, { cloudProvider })[1]).toBe("disruptive");
    expect(change({ flux: { url: "https://a" } }, {})[1]).toBe("disruptive");
  });
});

describe("a pool", () => {
  it("of another name is a new pool and the end of the old one", () => {
    const pools = (name: string) => ({ nodePools: [{ name, count: 1 }] });
    expect(changedSettings({ before: pools("a"), after: pools("b") }, []).map(({ weight }) => weight)).toEqual([
      "harmless",
      "destructive",
    ]);
  });

  it("is the same pool wherever it stands in the list", () => {
    const [a, b] = [
      { name: "a", count: 1 },
      { name: "b", count: 2 },
    ];
    expect(changedSettings({ before: { nodePools: [a, b] }, after: { nodePools: [b, a] } }, [])).toEqual([]);
  });
});

describe("a key that came with a newer program", () => {
  it("at its default is no change", () => {
    expect(changedSettings({ before: {}, after: { configDrive: true } }, [])).toEqual([]);
    expect(changedSettings({ before: {}, after: { configDrive: false } }, [])).toHaveLength(1);
  });
});

describe("a setting of the control plane that runs", () => {
  const cluster = { controlPlane: { replicas: 3 }, nodePools: [{ name: "a", count: 9 }] };
  const audit = (maxAgeDays: number) => ({ ...cluster, kubernetes: { audit: { maxAgeDays } } });
  const oidc = (clientId: string) => ({ ...cluster, oidc: { issuerUrl: "https://i.example.org", clientId } });

  it("is told with the machines that take it, the time, and what restarts; workers are none of them", () => {
    expect(change(audit(30), audit(7))).toEqual([
      "kubernetes.audit.maxAgeDays",
      "harmless",
      "Machines that run take it in the next `up`: 3 of the control plane one after the other; about 3 min. Each API server starts again.",
      true,
    ]);
  });

  it("is disruptive where it is about who may log in", () => {
    const meaning =
      "Machines that run take it in the next `up`: 3 of the control plane one after the other; about 1 min. Nothing restarts. Tokens that the new settings do not allow are refused from then on.";
    expect(change(oidc("a"), oidc("b"))).toEqual(["oidc.clientId", "disruptive", meaning, true]);
    expect(change(cluster, oidc("b"))).toEqual(["oidc", "disruptive", meaning, true]);
  });
});
