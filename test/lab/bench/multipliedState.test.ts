import { copies, inventedId, multiplyPulumiState, multiplyTofuState } from "../../../lab/bench/multipliedState";

const real = "11111111-2222-4333-8444-555555555555";
const what = { prefix: "bench-10-general", made: 2, wanted: 4, zones: 2 };

describe("Copies", () => {
  it("lie in the zone that their number asks for", () => {
    expect(copies({ prefix: "p", made: 10, wanted: 14, zones: 3 })).toEqual([
      { index: 10, source: 1 },
      { index: 11, source: 2 },
      { index: 12, source: 3 },
      { index: 13, source: 4 },
    ]);
  });

  it("cannot be made of fewer workers than zones", () => {
    expect(() => copies({ prefix: "p", made: 2, wanted: 4, zones: 3 })).toThrow(
      "2 workers cannot stand for workers in 3 zones.",
    );
  });
});

describe("A multiplied state of Pulumi", () => {
  const urn = (name: string) => `urn:pulumi:bench-10::openstack-kubernetes::a$b::${name}`;
  const worker = (index: number, id: string) => ({
    urn: urn(`bench-10-general-${index}`),
    id,
    parent: urn("bench-10-general"),
    inputs: { name: `bench-10-general-${index}`, userData: { ciphertext: "v1:same" } },
  });
  const state = {
    version: 3,
    deployment: { manifest: {}, resources: [{ urn: urn("bench-10-general") }, worker(0, "id-0"), worker(1, real)] },
  };

  it("holds copies with names and ids of their own, and is otherwise as it was", () => {
    expect(multiplyPulumiState(state, what)).toEqual({
      version: 3,
      deployment: {
        manifest: {},
        resources: [...state.deployment.resources, worker(2, inventedId(2)), worker(3, inventedId(3))],
      },
    });
  });

  it("cannot be made without the workers it is said to hold", () => {
    expect(() => multiplyPulumiState({ version: 3, deployment: { resources: [] } }, what)).toThrow(
      "The state holds no bench-10-general-0.",
    );
  });
});

describe("A multiplied state of OpenTofu", () => {
  const worker = (index: number, id: string) => ({
    index_key: index,
    attributes: { id, name: `bench-10-general-${index}`, power_state: "active" },
  });
  const other = {
    type: "openstack_compute_instance_v2",
    name: "bench-10-control-plane-0",
    instances: [{ attributes: { id: "cp" } }],
  };
  const pool = (...instances: ReturnType<typeof worker>[]) => ({
    type: "openstack_compute_instance_v2",
    name: "general",
    instances,
  });

  it("holds more instances of the pool and nothing else more", () => {
    const state = { version: 4, resources: [other, pool(worker(0, "id-0"), worker(1, real))] };
    expect(multiplyTofuState(state, "general", what)).toEqual({
      version: 4,
      resources: [other, pool(worker(0, "id-0"), worker(1, real), worker(2, inventedId(2)), worker(3, inventedId(3)))],
    });
  });
});
