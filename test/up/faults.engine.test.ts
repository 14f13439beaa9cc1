/**
 * Things that go wrong while `up` runs: services that die, answers that get lost, limits that are reached, power that
 * fails. After each, once the fault is lifted, one more `up` makes whole what was begun: OpenStack, asked directly,
 * then has each thing once and nothing that the state does not know, and a further `up` changes nothing. Not proven:
 * that machines boot (Nova's hypervisor is a fake).
 */
import { commandsRunBy } from "../docs/runbooks";
import { describeOnLab, type Setting } from "../realEngine/engineStack";
import { type Call, type Faults, FaultyProxy } from "../realEngine/faultyProxy";
import { type Ending, InterruptibleStack, type Up } from "../realEngine/interruptibleStack";
import { killService, loadBalancersFail, startServices } from "../realEngine/labService";
import { Openstack } from "../realEngine/openstack";
import { removeStrays, strays } from "../realEngine/strays";

jest.setTimeout(20 * 60_000);

const clusterName = "fault";
const authorizedKeys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA nobody"];
const general = { name: "general", count: 1, flavor: "m1.small" };
/**
 * A pool of one machine more, NAME-0: all that `up` does is done by Nova. Each test has a pool of its own, and so makes
 * a machine that was never there.
 */
const pool = (name: string): Setting[] => [{ path: ["nodePools"], value: [general, { ...general, name }] }];
/**
 * A security group, its rules, a port, a floating IP and a machine more: most is done by Neutron. Tests with and
 * without it take turns.
 */
const bastion: Setting[] = [
  { path: ["ssh"], value: { authorizedKeys, bastion: { flavor: "m1.small", allowedCidrs: ["192.0.2.0/24"] } } },
];

/** Another endpoint: no node of this cluster's could reach it, and none is there. */
const loadBalancer: Setting[] = [
  { path: ["apiEndpoint"], value: { kind: "loadBalancer" } },
  { path: ["allowDestruction"], value: ["apiEndpoint"] },
];

const securityGroup = "openstack:networking/secGroup:SecGroup";

describeOnLab("an up that is disturbed", () => {
  const stack = new InterruptibleStack(clusterName, [
    { path: ["clusterName"], value: clusterName },
    { path: ["controlPlane"], value: { replicas: 1, flavor: "m1.medium" } },
    { path: ["apiEndpoint"], value: { kind: "virtualIp" } },
    { path: ["ssh"], value: { authorizedKeys } },
    { path: ["nodePools"], value: [general] },
  ]);
  let openstack: Openstack;
  let administrator: Openstack;
  let proxy: FaultyProxy;

  beforeAll(async () => {
    [openstack, administrator, proxy] = await Promise.all([
      Openstack.connect(),
      Openstack.connect("lab-admin"),
      FaultyProxy.start(),
    ]);
    await stack.prepare();
    await removeStrays(openstack, clusterName, await stack.state());
    await stack.removeLeftovers();
    // Whatever else the project held would be taken for a stray: `up` of another stack on this lab, say.
    expect(occupied(await openstack.counts())).toEqual([]);
    expect(await stack.tryUp()).toMatchObject({ code: 0, errors: "" });
    expect(await strays(openstack, clusterName, await stack.state())).toEqual([]);
  });
  // A fault that a failed test left would hit the next one; what it changed goes with the next one's own `up`.
  afterEach(() => proxy.lift());
  afterAll(async () => {
    await proxy.stop();
    await stack.removeLeftovers();
    expect(occupied(await openstack.counts())).toEqual([]);
  });

  /** Kinds of which the project has any. */
  const occupied = (counts: Record<string, number>) => Object.keys(counts).filter((kind) => counts[kind] !== 0);

  /** The claim of every test: one more `up` is enough, OpenStack has what the state says, and nothing is left to do. */
  async function oneMoreUpIsEnough(settings: readonly Setting[]): Promise<void> {
    expect(await stack.tryUp(settings, proxy.environment)).toMatchObject({ code: 0, errors: "" });
    expect(await strays(openstack, clusterName, await stack.state())).toEqual([]);
    expect(await stack.tryUp(settings, proxy.environment)).toMatchObject({ code: 0, errors: "", steps: [] });
  }

  /** An `up` through the proxy while it misbehaves. It must fail, and because of the proxy. */
  async function upUnder(settings: readonly Setting[], faults: Faults): Promise<void> {
    proxy.inject(faults);
    const { code } = await stack.tryUp(settings, proxy.environment);
    proxy.lift();
    expect({ failed: code !== 0, faulty: proxy.hit.length > 0 }).toEqual({ failed: true, faulty: true });
  }

  /** Resolves once OpenStack itself shows it. Errors: the `up` that should make it ended before. */
  async function appears({ ending }: Up, isThere: () => Promise<boolean>): Promise<void> {
    let ended: Ending | undefined;
    void ending.then((it) => (ended = it));
    while (!(await isThere())) {
      if (ended !== undefined) throw new Error(`The up ended before: ${ended.errors}`);
      await new Promise((fulfil) => setTimeout(fulfil, 200));
    }
  }
  const serverAppears = (up: Up, wanted: string) =>
    appears(up, async () => (await openstack.servers()).some(({ name }) => name === wanted));

  const creates =
    (...collections: string[]) =>
    ({ method, path }: Call) =>
      method === "POST" && collections.some((collection) => path.split("?")[0]?.endsWith(`/${collection}`));

  it("recovers from Neutron's death", async () => {
    const up = await stack.begin(bastion);
    await up.reaches("done", securityGroup, /-bastion$/);
    await killService("neutron");
    const { code } = await up.ending;
    await startServices("neutron");
    expect(code).not.toBe(0);
    await oneMoreUpIsEnough(bastion);
  });

  it("recovers from the death of Nova's API while a machine is built", async () => {
    const up = await stack.begin(pool("nova"));
    await serverAppears(up, "fault-nova-0");
    await killService("nova-api");
    const { code } = await up.ending;
    await startServices("nova-api");
    expect(code).not.toBe(0);
    await oneMoreUpIsEnough(pool("nova"));
  });

  it("recovers from Keystone's death, and without Keystone changes nothing and says so", async () => {
    const up = await stack.begin(bastion);
    await up.reaches("begun", securityGroup, /-bastion$/);
    await killService("keystone");
    await up.ending; // Services remember tokens for a while, so that it may even succeed.
    const without = await stack.tryUp(bastion);
    await startServices("keystone");
    expect([without.code !== 0, without.steps]).toEqual([true, []]);
    expect(without.errors).toContain("Keystone at http://127.0.0.1:5000 could not be reached");
    await oneMoreUpIsEnough(bastion);
  });

  it("recovers from a power cut: the lock is taken away by pulumi cancel, and the machine that nobody knows is made anew", async () => {
    const up = await stack.begin(pool("power"));
    await serverAppears(up, "fault-power-0");
    await up.cutPower();
    const locked = await stack.tryUp(pool("power"));
    expect(locked.code).not.toBe(0);
    expect(locked.errors).toContain("the stack is currently locked");
    await stack.cancel();
    await oneMoreUpIsEnough(pool("power"));
    const pending = async () => ((await stack.state()).pending_operations ?? []).length;
    expect(await pending()).toBeGreaterThan(0);
    const [forget = ""] = commandsRunBy(__filename, "docs/runbooks/interrupted-up.md");
    await stack.commands(forget);
    expect(await pending()).toBe(0);
    expect(await stack.tryUp(pool("power"), proxy.environment)).toMatchObject({ code: 0, errors: "", steps: [] });
  });

  it("recovers from an API that answers 500 to every third creation", async () => {
    let creations = 0;
    await upUnder(bastion, ({ api, method }) =>
      method === "POST" && api !== "keystone" && ++creations % 3 === 0 ? { kind: "answer", status: 500 } : undefined,
    );
    await oneMoreUpIsEnough(bastion);
  });

  it("recovers from a Nova that answers 503 with Retry-After", async () => {
    const headers = { "retry-after": "1" };
    await upUnder(pool("later"), (call) =>
      creates("servers")(call) ? { kind: "answer", status: 503, headers } : undefined,
    );
    await oneMoreUpIsEnough(pool("later"));
  });

  it("recovers from a Neutron that answers 503 without Retry-After", async () => {
    await upUnder(bastion, (call) =>
      creates("ports", "security-group-rules")(call) ? { kind: "answer", status: 503 } : undefined,
    );
    await oneMoreUpIsEnough(bastion);
  });

  it("makes no second machine when Nova's answer is lost after the machine was made", async () => {
    await upUnder(pool("lost"), (call) => (creates("servers")(call) ? { kind: "loseAnswer" } : undefined));
    expect(proxy.hit.map(({ path }) => path)).toEqual(["/v2.1/servers"]);
    expect((await openstack.servers()).map(({ name }) => name)).toContain("fault-lost-0");
    await oneMoreUpIsEnough(pool("lost"));
  });

  it("makes nothing twice when the first answer to each kind of creation is lost, on the way to a bastion", async () => {
    const kinds = ["floatingips", "ports", "security-group-rules", "security-groups", "servers"];
    const lost = new Set<string>();
    proxy.inject((call) => {
      const collection = call.path.split("/").pop() ?? "";
      if (!creates(...kinds)(call) || lost.has(collection)) return undefined;
      lost.add(collection);
      return { kind: "loseAnswer" };
    });
    // Each `up` gets as far as the next lost answer: group; rule and port; floating IP and machine.
    for (let tries = 0; tries < 4 && lost.size < kinds.length; tries++) await stack.tryUp(bastion, proxy.environment);
    proxy.lift();
    expect([...lost].sort()).toEqual(kinds);
    await oneMoreUpIsEnough(bastion);
  });

  it("waits for an API that takes more than ten seconds to answer", async () => {
    proxy.inject((call) => (creates("servers")(call) ? { kind: "delay", milliseconds: 11_000 } : undefined));
    const slow = await stack.tryUp(pool("slow"), proxy.environment);
    expect({ code: slow.code, asked: proxy.hit.length }).toEqual({ code: 0, asked: 1 });
    proxy.lift();
    await oneMoreUpIsEnough(pool("slow"));
  });

  it("recovers from an API that stalls for more than ten seconds and then hangs up", async () => {
    await upUnder(bastion, (call) => (creates("ports")(call) ? { kind: "stall", milliseconds: 11_000 } : undefined));
    await oneMoreUpIsEnough(bastion);
  });

  it("recovers from a quota that is reached after pre-flight", async () => {
    const quotas = `/os-quota-sets/${openstack.projectId}`;
    const { quota_set: before } = await administrator.call<{ quota_set: { instances: number } }>("compute", quotas);
    const limit = (instances: number) => administrator.call("compute", quotas, "PUT", { quota_set: { instances } });
    await limit((await openstack.servers()).length);
    const broken = await stack.tryUp(pool("quota"), { OPENSTACK_KUBERNETES_PREFLIGHT: "warn" });
    await limit(before.instances);
    expect(broken.code).not.toBe(0);
    expect(broken.errors).toContain("Quota exceeded for instances");
    await oneMoreUpIsEnough(pool("quota"));
  });

  it("recovers from a floating-IP pool that has run dry", async () => {
    const { networks } = await administrator.call<{ networks: { subnets: string[] }[] }>(
      "network",
      "/v2.0/networks?name=public",
    );
    const subnet = `/v2.0/subnets/${networks[0]!.subnets[0]}`;
    type Pool = { start: string; end: string };
    const before = (await administrator.call<{ subnet: { allocation_pools: Pool[] } }>("network", subnet)).subnet
      .allocation_pools;
    const give = (allocation_pools: Pool[]) =>
      administrator.call("network", subnet, "PUT", { subnet: { allocation_pools } });
    await give([]);
    const broken = await stack.tryUp(bastion);
    await give(before);
    expect(broken.code).not.toBe(0);
    expect(broken.errors).toContain("No more IP addresses available");
    await oneMoreUpIsEnough(bastion);
  });

  it("removes a load balancer that Octavia could not make, and makes another", async () => {
    await killService("octavia-worker");
    const up = await stack.begin(loadBalancer);
    await appears(up, async () => (await openstack.inventory()).loadBalancers.length > 0);
    await loadBalancersFail();
    const { code, errors } = await up.ending;
    await startServices("octavia-worker");
    expect(code).not.toBe(0);
    expect(errors).toContain("ERROR");
    await oneMoreUpIsEnough(loadBalancer);
  });

  it("replaces a machine for which Nova found no host, even where it is one of a protected control plane", async () => {
    const settings = [
      ...loadBalancer,
      { path: ["controlPlane"], value: { replicas: 3, flavor: "m1.medium" } },
      { path: ["protect"], value: true },
    ];
    const { services } = await administrator.call<{ services: { id: string }[] }>(
      "compute",
      "/os-services?binary=nova-compute",
    );
    const make = (status: "enabled" | "disabled") =>
      Promise.all(services.map(({ id }) => administrator.call("compute", `/os-services/${id}`, "PUT", { status })));
    await make("disabled");
    const broken = await stack.tryUp(settings);
    await make("enabled");
    expect(broken.code).not.toBe(0);
    expect((await openstack.servers()).filter(({ status }) => status === "ERROR").map(({ name }) => name)).toEqual([
      "fault-control-plane-1",
    ]);
    await oneMoreUpIsEnough(settings);
  });
});
