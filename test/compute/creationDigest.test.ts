/**
 * The digest that the roll gate compares, on the whole program: it has to change exactly when the engine replaces a
 * rolled machine, or resizes a rolled worker. When it did not, the machine would go without being waited for or
 * drained.
 */
import type * as pulumi from "@pulumi/pulumi";
import type { Simulated, SimulatedResource } from "../../simulation";
import { Rolling } from "../../src/up/rolling";
import { minimalStack } from "../fixtures/minimalStack";
import { runProgram, servers } from "../runProgram";

type Values = Record<string, unknown>;

const unrolled: Values = { ...minimalStack, network: { externalNetwork: "public" } };
const base: Values = { ...unrolled, roll: ["control-plane", "default"] };
const pool = (change: Values): Values => ({ nodePools: [{ ...minimalStack.nodePools[0], ...change }] });
const controlPlane = (change: Values): Values => ({ controlPlane: { ...minimalStack.controlPlane, ...change } });
const nodes = (run: Simulated) => [...servers(run, "control-plane"), ...servers(run, "worker")];
const digestOf = ({ inputs }: SimulatedResource, key = "creation-digest") =>
  (inputs.metadata as Record<string, string>)[key];

describe("creation digest of a rolled machine", () => {
  let before: Simulated;
  let digests: ReadonlyMap<string, string | undefined>;
  beforeAll(async () => {
    before = await runProgram(base);
    digests = new Map(nodes(before).map((server) => [server.name, digestOf(server)]));
  });

  const all = ["control-plane", "worker"] as const;
  it.each<[string, Values, readonly (typeof all)[number][]]>([
    ["nothing", {}, []],
    ["tags", { tags: { owner: "me" } }, []],
    ["the config drive", { configDrive: false }, all],
    ["the image of all machines", { image: "ubuntu-24.04.1" }, all],
    ["the version of Kubernetes", { kubernetes: { version: "1.36.2" } }, all],
    ["the kind of endpoint", { apiEndpoint: { kind: "virtualIp", address: "10.10.0.100" } }, all],
    ["a floating IP of the endpoint", { apiEndpoint: { kind: "loadBalancer", floatingIp: true } }, ["control-plane"]],
    ["the number of control-plane machines", controlPlane({ replicas: 5 }), ["control-plane"]],
    ["the control plane's flavor", controlPlane({ flavor: "large" }), []],
    ["the etcd volume", controlPlane({ etcdVolume: { sizeGb: 20 } }), ["control-plane"]],
    ["the policy of a server group that stays", controlPlane({ serverGroupPolicy: "anti-affinity" }), []],
    ["the end of a server group", controlPlane({ serverGroupPolicy: "none" }), ["control-plane"]],
    ["the pool's flavor", pool({ flavor: "huge" }), ["worker"]],
    ["the pool's labels", pool({ labels: { tier: "x" } }), ["worker"]],
    ["the pool's taints", pool({ taints: [{ key: "k", effect: "NoSchedule" }] }), ["worker"]],
    ["the pool's zones", pool({ availabilityZones: ["a"] }), ["worker"]],
    ["the pool's boot volume", pool({ bootVolume: { sizeGb: 50 } }), ["worker"]],
    ["the pool's volumes", pool({ volumes: [{ name: "data", sizeGb: 10 }] }), ["worker"]],
  ])("changes with what the engine replaces it for: %s", async (_what, change, roles) => {
    const after = await runProgram({ ...base, ...change }, { previous: before.toPrevious() });
    const existing = nodes(after).filter(({ name }) => digests.has(name));
    const named = (list: readonly SimulatedResource[]) => list.map(({ name }) => name);
    const changed = named(existing.filter((server) => digestOf(server) !== digests.get(server.name)));
    const replaced = named(existing.filter((server) => server.change?.operation === "replace"));
    const resizedWorkers = named(
      servers(after, "worker").filter(({ change }) => change?.changed.includes("flavorName")),
    );
    expect(changed).toEqual([...replaced, ...resizedWorkers]);
    expect(changed).toEqual(roles.flatMap((role) => named(servers(before, role))));
  });

  it("is what the roll gate gets for the machine, and no secret", async () => {
    const held = new Map<string, pulumi.Output<string>>();
    const hold = jest.spyOn(Rolling.prototype, "hold").mockImplementation(({ name, creationDigest }, userData) => {
      held.set(name, creationDigest);
      return userData;
    });
    const seen: Record<string, unknown> = {};
    try {
      const run = await runProgram(base);
      await Promise.all(
        [...held].map(
          ([name, digest]) => new Promise<void>((done) => digest.apply((value) => done(void (seen[name] = value)))),
        ),
      );
      expect(seen).toEqual(Object.fromEntries(nodes(run).map((server) => [server.name, digestOf(server)])));
      expect(nodes(run).flatMap(({ secretInputs }) => secretInputs)).toEqual(Array(5).fill("userData"));
    } finally {
      hold.mockRestore();
    }
  });

  it("is the same for the workers of a pool, and is no part of the template", () => {
    const [first, second] = servers(before, "worker");
    expect(digestOf(first!)).toMatch(/^[0-9a-f]{12}$/);
    expect(digestOf(first!)).toBe(digestOf(second!));
    expect(digestOf(first!)).not.toBe(digestOf(first!, "template-digest"));
  });
});

describe("a machine that is not rolled", () => {
  it("keeps both digests, and one of an older program gets none", async () => {
    const run = await runProgram(unrolled);
    const previous = run.toPrevious();
    const older = structuredClone(previous) as unknown as {
      resources: Record<string, { type: string; inputs: { metadata?: { value: Record<string, string> } } }>;
    };
    for (const { type, inputs } of Object.values(older.resources))
      if (type.endsWith(":Instance")) {
        delete inputs.metadata!.value["creation-digest"];
        inputs.metadata!.value["template-digest"] = "of-the-past";
      }
    const after = await runProgram(
      { ...unrolled, configDrive: false },
      { previous: older as unknown as typeof previous },
    );
    expect(nodes(after).map(({ change }) => change?.operation)).toEqual(Array(5).fill("same"));
    expect(after.outputs.staleMachines).toEqual(nodes(after).map(({ name }) => name));
  });
});
