import { ClusterNotReadyError, waitForCluster, type ClusterGateInput } from "../../src/up/clusterGate";
import { standingClock } from "../engine/standingClock";

const started = Date.parse("2026-01-05T10:00:00Z");

interface Look {
  nodes?: object[];
  sources?: object[];
  kustomizations?: object[];
  /** Conditions of Calico's status. */
  calico?: object[];
  /** Time of the kubelet's last renewal, by node. */
  leases?: Record<string, string>;
  error?: Error;
}

const condition = (status: string, message?: string, lastTransitionTime?: string) => ({
  conditions: [
    {
      type: "Ready",
      status,
      ...(message === undefined ? {} : { message }),
      ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
    },
  ],
});
const node = (name: string, status: object = condition("True")) => ({ metadata: { name }, status });
const object = (name: string, status: object = condition("True"), spec: object = {}) => ({
  metadata: { name, generation: 1 },
  spec,
  status: { observedGeneration: 1, ...status },
});
const reconciled = { sources: [object("flux-system")], kustomizations: [object("flux-system"), object("policies")] };

/** A cluster that looks as `looks` say, one after the other, and from then on as the last. */
function gate(looks: Look[], changes: Partial<ClusterGateInput> = {}) {
  const messages: string[] = [];
  const seen: string[][] = [];
  const time = standingClock(started);
  let look = 0;
  const request: ClusterGateInput["request"] = (_, path) => {
    if (path.startsWith("/api/v1/nodes")) look++;
    const now = looks[Math.min(look, looks.length) - 1] ?? {};
    if (now.error !== undefined) return Promise.reject(now.error);
    const leases = Object.entries(now.leases ?? {}).map(([name, renewTime]) => ({
      metadata: { name },
      spec: { renewTime },
    }));
    if (path.includes("/kube-node-lease/leases"))
      return Promise.resolve({ status: 200, body: JSON.stringify({ items: leases, metadata: {} }) });
    if (path.endsWith("/tigerastatuses") && now.calico !== undefined) {
      const items = [{ metadata: { name: "calico" }, status: { conditions: now.calico } }];
      return Promise.resolve({ status: 200, body: JSON.stringify({ items, metadata: {} }) });
    }
    const items = path.startsWith("/api/v1/nodes")
      ? (now.nodes ?? [])
      : path.includes("source.toolkit")
        ? now.sources
        : path.includes("kustomize.toolkit")
          ? now.kustomizations
          : undefined;
    return Promise.resolve(
      items === undefined
        ? { status: 404, body: "not found" }
        : { status: 200, body: JSON.stringify({ items, metadata: {} }) },
    );
  };
  const run = waitForCluster({
    request,
    machines: ["dev-control-plane-0", "dev-general-0"],
    touched: () => [],
    nodesReady: true,
    isCalico: true,
    timeoutMinutes: 1,
    seen: (nodes) => Promise.resolve(void seen.push(nodes.map(({ metadata }) => metadata.name))),
    consoles: (names) => Promise.resolve(new Map(names.map((name) => [name, `FAILED: ${name} found no mirror\n`]))),
    progress: (message) => messages.push(message),
    clock: time,
    ...changes,
  });
  return { run, messages, seen, time };
}

const flux = { namespace: "flux-system", sync: "flux-system" };
const touched = () => ["dev-general-0"];
const both = [node("dev-control-plane-0"), node("dev-general-0")];

describe("cluster gate", () => {
  it("waits until Calico says that it carries packets, although its nodes are Ready before", async () => {
    const typha = "Pod calico-system/calico-typha-7969f6895-76pcj has crash looping container: calico-typha";
    const starting = { type: "Progressing", status: "True", message: "Waiting for calico-node" };
    const calico = (...conditions: object[]) => ({ nodes: both, calico: conditions });
    const degraded = calico({ type: "Available", status: "False" }, starting, {
      type: "Degraded",
      status: "True",
      message: typha,
    });
    await expect(gate([degraded]).run).rejects.toThrow(`- the pod network (Calico) is not available: ${typha}\n`);
    const { run, time } = gate([calico(starting), degraded, calico({ type: "Available", status: "True" })]);
    await run;
    expect(time.now()).toBe(started + 20_000);
  });

  it("believes no Ready of a machine that was just made or rebooted before its kubelet has given a sign of life", async () => {
    const at = (renewTime: string) => ({
      nodes: both,
      leases: { "dev-general-0": renewTime, "dev-control-plane-0": "10:00:00" },
    });
    const { run, time, messages } = gate(
      [at("10:00:00"), at("10:00:00"), at("10:00:00"), at("10:00:00"), at("10:00:41")],
      {
        touched,
      },
    );
    await run;
    expect(time.slept).toEqual([10_000, 10_000, 10_000, 10_000]);
    expect(messages).toEqual([
      "waiting for the cluster: the kubelet of machine dev-general-0 gave no sign of life since the machine was made or rebooted (30 s of 60 s)",
    ]);
    await expect(gate([at("10:00:00")], { touched }).run).rejects.toThrow(
      /gave no sign of life.*\n[^]*--- console of dev-general-0 ---/,
    );
  });

  it("counts the first lease of a node as a sign of life", async () => {
    const { run, time } = gate(
      [{ nodes: both.slice(0, 1) }, { nodes: both, leases: { "dev-general-0": "10:00:09" } }],
      { touched },
    );
    await run;
    expect(time.slept).toEqual([10_000]);
  });

  it("opens when every machine is a Ready node, and shows the nodes of each look to who labels them", async () => {
    const { run, seen, time } = gate([
      { nodes: both.slice(0, 1) },
      { nodes: [both[0]!, node("dev-general-0", condition("False"))] },
      { nodes: both },
    ]);
    await run;
    expect({ seen, slept: time.slept }).toEqual({
      seen: [
        ["dev-control-plane-0"],
        ["dev-control-plane-0", "dev-general-0"],
        ["dev-control-plane-0", "dev-general-0"],
      ],
      slept: [10_000, 10_000],
    });
  });

  it("wants nodes only registered where no pod network is ours", async () => {
    const { run, time } = gate(
      [{ nodes: [both[0]!, node("dev-general-0", condition("False", "cni plugin not initialized"))] }],
      { nodesReady: false },
    );
    await run;
    expect(time.slept).toEqual([]);
  });

  it("takes no interest in nodes that are not of this configuration", async () => {
    const { run, time } = gate([{ nodes: [...both, node("dev-general-7", condition("Unknown"))] }]);
    await run;
    expect(time.slept).toEqual([]);
  });

  it("opens when Flux's source and every Kustomization that is not suspended are Ready", async () => {
    const suspended = object("trident", condition("False", "secret not found"), { suspend: true });
    const { run, time } = gate(
      [{ nodes: both, sources: reconciled.sources, kustomizations: [...reconciled.kustomizations, suspended] }],
      { flux },
    );
    await run;
    expect(time.slept).toEqual([]);
  });

  it.each([
    [
      "no definitions yet",
      {},
      ["GitRepository flux-system does not exist", "Kustomization flux-system does not exist"],
    ],
    [
      "a repository that cannot be read",
      { ...reconciled, sources: [object("flux-system", condition("False", "authentication\n required"))] },
      ["GitRepository flux-system is not Ready: authentication required"],
    ],
    [
      "a Kustomization that waits for health",
      {
        sources: [object("flux-system")],
        kustomizations: [
          object("flux-system"),
          object("policies", {
            conditions: [
              {
                type: "Reconciling",
                status: "True",
                message: "Running health checks for revision main@sha1:1 with a timeout of 10m0s",
              },
              { type: "Ready", status: "Unknown", message: "Reconciliation in progress" },
            ],
          }),
        ],
      },
      ["Kustomization policies is not Ready: Running health checks for revision main@sha1:1 with a timeout of 10m0s"],
    ],
    [
      "a Kustomization that failed",
      {
        ...reconciled,
        kustomizations: [object("flux-system"), object("policies", condition("False", "dry-run failed"))],
      },
      ["Kustomization policies is not Ready: dry-run failed"],
    ],
    [
      "a change that Flux has not seen",
      {
        ...reconciled,
        kustomizations: [{ ...object("flux-system"), metadata: { name: "flux-system", generation: 2 } }],
      },
      ["Kustomization flux-system has a change that Flux has not seen yet"],
    ],
  ])("ends at the time limit with what Flux lacks: %s", async (_, look, expected) => {
    const { run } = gate([{ nodes: both, ...look }], { flux });
    const error = (await run.catch((reason: unknown) => reason)) as Error;
    expect(error).toBeInstanceOf(ClusterNotReadyError);
    expect(error.message.split("\n")).toEqual([
      "The machines and the platform exist, but the cluster is not whole after 1 minute (readiness.clusterTimeoutMinutes):",
      ...expected.map((line) => `- ${line}`),
      "Nothing is lost; mend the cause and run `pulumi up` again.",
    ]);
  });

  it("names machines that never became nodes, with their consoles", async () => {
    const { run } = gate([
      { nodes: [node("dev-control-plane-0", condition("Unknown", "Kubelet stopped posting node status."))] },
    ]);
    await expect(run).rejects.toThrow(
      [
        "- node dev-control-plane-0 is not Ready: Kubelet stopped posting node status.",
        "- machine dev-general-0 has not become a node",
        "What keeps a machine from joining: docs/runbooks/machine-does-not-join.md.",
        "A machine that this run did not create may have lost its Node: restart its kubelet (docs/runbooks/node-deleted.md).",
        "Nothing is lost; mend the cause and run `pulumi up` again.",
        "--- console of dev-general-0 ---",
        "FAILED: dev-general-0 found no mirror",
      ].join("\n"),
    );
  });

  it("says nothing of lost Nodes where this run created the machines", async () => {
    const { run } = gate([{ nodes: both.slice(0, 1) }], { touched });
    const { message } = (await run.catch((reason: unknown) => reason)) as Error;
    expect(message.split("\n").slice(1, 4)).toEqual([
      "- machine dev-general-0 has not become a node",
      "What keeps a machine from joining: docs/runbooks/machine-does-not-join.md.",
      "Nothing is lost; mend the cause and run `pulumi up` again.",
    ]);
  });

  it("shows at most twenty lines and three consoles", async () => {
    const machines = Array.from({ length: 30 }, (_, index) => `dev-general-${index}`);
    const { run } = gate([{}], { machines });
    const { message } = (await run.catch((reason: unknown) => reason)) as Error;
    expect(message.split("\n").filter((line) => line.startsWith("- "))).toHaveLength(21);
    expect(message).toContain("- and 10 more");
    expect(message.match(/--- console of /g)).toHaveLength(3);
  });

  it("does not wait for a node that has been broken for longer than the limit", async () => {
    const broken = node(
      "dev-general-0",
      condition("Unknown", "Kubelet stopped posting node status.", "2026-01-05T09:00:00Z"),
    );
    const { run, time } = gate([{ nodes: [both[0]!, broken] }]);
    await expect(run).rejects.toThrow("- node dev-general-0 is not Ready: Kubelet stopped posting node status.");
    expect(time.slept).toEqual([]);
  });

  it("waits all the same while something else is new", async () => {
    const broken = node("dev-control-plane-0", condition("Unknown", undefined, "2026-01-05T09:00:00Z"));
    const { run, time } = gate([{ nodes: [broken] }, { nodes: [broken] }, { nodes: [broken, both[1]!] }]);
    await expect(run).rejects.toThrow("- node dev-control-plane-0 is not Ready\nNothing is lost");
    expect(time.slept).toEqual([10_000, 10_000]);
  });

  it("outlives an API that is away for a moment, and tells every half minute what it waits for", async () => {
    const { run, messages } = gate([
      ...Array.from({ length: 4 }, () => ({ error: new Error("connect ECONNREFUSED") })),
      { nodes: both },
    ]);
    await run;
    expect(messages).toEqual(["waiting for the cluster: connect ECONNREFUSED (30 s of 60 s)"]);
  });
});
