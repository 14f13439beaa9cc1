/** Which machines `up` orders when, against a stand-in API whose nodes have stand-in agents (agents.ts). */
import type { KubernetesRequest } from "../../src/kubernetes/client";
import { orderAnnotation } from "../../src/kubernetes/filesGuard";
import { filesMachines } from "../../src/up/filesMachines";
import { fakeNode } from "../kubernetes/fakeNodes";
import { after, Agents, before, digestOf, having, mirrored } from "./agents";

describe("changed settings", () => {
  it("are ordered of one control-plane machine after the other, of one worker, and then of batches", async () => {
    const agents = new Agents();
    const { told, error } = await agents.take();
    expect(error).toBeUndefined();
    expect(agents.batches()).toEqual([
      ["control-plane-0"],
      ["control-plane-1"],
      ["control-plane-2"],
      ["default-0"],
      ["default-1", "default-2"],
      ["default-3"],
    ]);
    expect(told).toHaveLength(7);
    expect(told[0]).toBe("test-control-plane-0: reached: changed /x (2 s)");
  });

  it("wait before each control-plane machine until the others were whole three times in a row", async () => {
    const agents = new Agents();
    agents.api.brokenPods.add("etcd-test-control-plane-2");
    const { error } = await agents.take();
    expect(error).toMatch(
      /^test-control-plane-0 is not touched: after 30 minutes .* etcd of node test-control-plane-2 is not Ready/,
    );
    expect(agents.orders).toEqual([]);
  });

  it("that restart nothing wait for no other machine, where the control plane has what it was ordered before", async () => {
    const agents = new Agents();
    await agents.take(before);
    agents.api.brokenPods.add("etcd-test-control-plane-2");
    const start = agents.clock.now();
    expect(await agents.take(after)).not.toHaveProperty("error");
    // Two seconds for each of three control-plane machines and three batches of workers.
    expect(agents.clock.now() - start).toBe(12_000);
  });

  it("that all machines have are ordered of none, and nothing is published again", async () => {
    const agents = new Agents();
    await agents.take();
    const published = agents.published.length;
    const ordered = agents.orders.length;
    expect(await agents.take()).toEqual({ told: [] });
    expect(agents.orders).toHaveLength(ordered);
    expect(agents.published.slice(published)).toEqual([]);
  });

  it("stop at the first machine that refuses them, which is named with its reason", async () => {
    const agents = new Agents();
    agents.failing.add("test-default-0");
    const { error } = await agents.take();
    expect(error).toBe(
      "Changed settings were refused by a machine: test-default-0: containerd: invalid. No further machine is touched.\nCorrect the setting, or what it names, and run `pulumi up` again.",
    );
    expect(agents.batches().flat()).not.toContain("default-1");
  });

  it("are ordered once more of a machine that refused them", async () => {
    const agents = new Agents();
    agents.failing.add("test-default-0");
    await agents.take();
    agents.failing.clear();
    expect(await agents.take()).not.toHaveProperty("error");
    expect(agents.orders.filter((order) => order.startsWith("test-default-0 "))).toHaveLength(2);
    expect(agents.orders.filter((order) => order.startsWith("test-control-plane-0 "))).toHaveLength(1);
  });

  it("end with a sentence when an agent does not answer", async () => {
    const agents = new Agents();
    agents.silent.add("test-default-0");
    expect((await agents.take()).error).toMatch(
      /^Changed settings did not reach every machine within 10 minutes \(update\.nodeTimeoutMinutes\): test-default-0: has not answered\. No further machine is touched\./,
    );
  });

  it("come last to a machine that is not Ready, which needs only answer", async () => {
    const agents = new Agents();
    agents.nodes.set(
      "test-default-0",
      fakeNode("test-default-0", { annotations: having(before, "worker"), ready: false }),
    );
    expect(await agents.take()).not.toHaveProperty("error");
    expect(agents.batches().at(-1)).toContain("default-0");
  });

  it("are left on the Node of a machine that is lost: it is named after a minute, and the others have theirs", async () => {
    const agents = new Agents();
    agents.silent.add("test-default-0");
    const lost = fakeNode("test-default-0", { annotations: having(before, "worker"), ready: false });
    agents.nodes.set("test-default-0", lost);
    const start = agents.clock.now();
    const { told, error } = await agents.take();
    expect(error).toBeUndefined();
    expect(told.at(-1)).toBe(
      "warning: test-default-0 is not Ready and does not answer. It takes the changed settings when it is back.",
    );
    expect(told.filter((line) => line.includes("reached"))).toHaveLength(6);
    expect(agents.nodes.get("test-default-0")?.metadata.annotations?.[orderAnnotation]).toBe(digestOf(after));
    // Of which the looks at the control plane, and a minute for the lost one; not the ten minutes of a machine.
    expect(agents.clock.now() - start).toBe(160_000);
  });

  it("are not ordered of a machine without an agent, nor of one with another operating system", async () => {
    const old = new Agents(before, () => ({}));
    expect(await old.take()).toEqual({ told: [] });
    expect(old.orders).toEqual([]);
    const other = new Agents(before, (config, role) => having(config, role, "dnf"));
    await other.take();
    expect(other.orders).toEqual([]);
  });
});

describe("changed settings of many workers", () => {
  it("cost a number of calls that grows with the number of nodes", async () => {
    const calls = async (count: number) => {
      const agents = new Agents(mirrored("https://old.example.org", count));
      let made = 0;
      const { error } = await agents.take(mirrored("https://new.example.org", count), {
        maxUnavailable: "10%",
        request: (...call) => {
          made++;
          return agents.request(...call);
        },
      });
      expect(error).toBeUndefined();
      expect(agents.orders).toHaveLength(count + 3);
      return made;
    };
    const [small, large] = [await calls(30), await calls(300)];
    // An order and two looks for each node; the rest does not depend on their number.
    expect(large - small).toBe(270 * 3);
  });
});

describe("machines that this run created", () => {
  const all = new Set(filesMachines(after).map(({ name }) => name));

  it("are ordered one after the other in the control plane, all workers at once, and reported by nobody", async () => {
    const agents = new Agents(after, () => ({}));
    expect(await agents.take(after, { withAgent: all, created: all })).toEqual({ told: [] });
    expect(agents.batches()).toEqual([
      ["control-plane-0"],
      ["control-plane-1"],
      ["control-plane-2"],
      ["default-0", "default-1", "default-2", "default-3"],
    ]);
    // Two seconds each: they wait for no other machine.
    expect(agents.clock.now()).toBe(8000);
  });

  it("alone are ordered when a pool grows", async () => {
    const grown = mirrored("https://old.example.org", 6);
    const agents = new Agents(grown, (config, role) => having(config, role));
    for (const name of ["test-default-4", "test-default-5"]) agents.nodes.set(name, fakeNode(name));
    const created = new Set(["test-default-4", "test-default-5"]);
    expect(await agents.take(grown, { withAgent: new Set([...all, ...created]), created })).toEqual({ told: [] });
    expect(agents.batches()).toEqual([["default-4", "default-5"]]);
  });

  it("are named every half minute while their agents do not start, and when the time is over", async () => {
    const agents = new Agents(after, () => ({}));
    agents.silent.add("test-default-3");
    const waits: string[] = [];
    const { error } = await agents.take(after, {
      withAgent: all,
      created: all,
      nodeTimeoutMinutes: 2,
      progress: (line) => waits.push(line),
    });
    expect(waits).toEqual([
      "changed settings: 1 machine to wait for, test-default-3: its agent has not started (30 s of 120 s)",
      "changed settings: 1 machine to wait for, test-default-3: its agent has not started (60 s of 120 s)",
      "changed settings: 1 machine to wait for, test-default-3: its agent has not started (90 s of 120 s)",
    ]);
    expect(error).toBe(
      "The agent that takes changed settings to a machine did not start within 2 minutes (update.nodeTimeoutMinutes) on test-default-3. `openstack console log show` tells what a machine's agent did.\nRoll the machine (docs/runbooks/replace-machine.md), or mend what the console names, and run `pulumi up` again.",
    );
  });
});

describe("a run that has nothing to change", () => {
  it("asks for the guard's four objects, a Secret per pool and the nodes, and writes nothing", async () => {
    const agents = new Agents();
    await agents.take();
    const calls: string[] = [];
    const counted: KubernetesRequest = (method, path, body) => {
      calls.push(`${method} ${path.replace(/\?.*/, "").split("/").slice(-2).join("/")}`);
      return agents.request(method, path, body);
    };
    expect(await agents.take(after, { request: counted })).toEqual({ told: [] });
    const guard = "openstack-kubernetes-files";
    expect(calls).toEqual([
      "GET v1/nodes",
      `GET validatingadmissionpolicies/${guard}`,
      `GET validatingadmissionpolicybindings/${guard}`,
      `GET roles/${guard}`,
      `GET rolebindings/${guard}`,
      `GET secrets/${guard}-control-plane`,
      `GET secrets/${guard}-default`,
    ]);
  });
});

describe("a run after one that was interrupted", () => {
  it("orders nothing twice: what was ordered is waited for, what was done is left alone", async () => {
    const agents = new Agents();
    agents.silent.add("test-default-0");
    expect((await agents.take()).error).toContain("test-default-0: has not answered");
    const ordered = agents.orders.length;
    agents.silent.clear();
    const { error } = await agents.take();
    expect(error).toBeUndefined();
    const names = agents.orders.slice(ordered).map((order) => order.split(" ")[0]);
    expect(names.sort()).toEqual(["test-default-1", "test-default-2", "test-default-3"]);
  });
});
