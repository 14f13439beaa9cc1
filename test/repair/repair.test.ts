/**
 * Whole repairs against stand-ins of Nova and of the Kubernetes API, which have a state: what is asked of them, in
 * which order, and when it ends. Pulumi's part is a function that creates the server again. Does not show what real
 * machines make of it.
 */
import { OpenstackApi } from "../../src/openstack/client";
import { messageOf } from "../../src/engine/messageOf";
import { reboot, replace, type Hands } from "../../src/repair/carryOut";
import { gatherMachines } from "../../src/repair/gatherMachines";
import { repairMachines } from "../../src/repair/repair";
import { standingClock } from "../engine/standingClock";
import { fakeNode, FakeNodes } from "../kubernetes/fakeNodes";
import { keystoneToken, withServer, type FakeAnswer, type FakeRequest } from "../openstack/fakeOpenstack";

interface FakeServer {
  readonly id: string;
  readonly name: string;
  status: string;
  readonly created: string;
  updated: string;
  readonly reboots: string[];
  readonly metadata: Readonly<Record<string, string>>;
}

const start = Date.parse("2026-11-30T12:00:00Z");
const yesterday = "2026-11-29T12:00:00Z";
const names = [0, 1, 2].flatMap((index) => [`dev-control-plane-${index}`, `dev-general-${index}`]).sort();

interface World {
  readonly servers: Map<string, FakeServer>;
  readonly api: FakeNodes;
  /** Everything that was asked of Nova, Kubernetes and Pulumi, in order. */
  readonly calls: string[];
  /** What a reboot does. */
  atReboot: (server: FakeServer) => void;
  /** Nova refuses to reboot. */
  refusesReboots: boolean;
}

const newServer = (name: string): FakeServer => ({
  id: `id-${name}`,
  name,
  status: "ACTIVE",
  created: yesterday,
  updated: yesterday,
  reboots: [],
  metadata: {
    "kubernetes-cluster": "dev",
    "kubernetes-role": name.includes("control-plane") ? "control-plane" : "worker",
    "kubernetes-pool": name.replace(/^dev-(.*)-\d+$/, "$1"),
  },
});

const isReady = (name: string, ready: boolean) => fakeNode(name, { ready });
const makeWhole = (world: World, name: string): void => void world.api.nodes.set(name, isReady(name, true));

function newWorld(volumes: Record<string, number> = {}): World {
  const calls: string[] = [];
  const api = new FakeNodes(new Map(names.map((name) => [name, isReady(name, true)])), [], volumes);
  // Their calls in one list with all others.
  Object.defineProperty(api, "calls", { value: calls });
  const servers = new Map(names.map((name) => [name, newServer(name)]));
  return { servers, api, calls, atReboot: () => undefined, refusesReboots: false };
}

function nova(world: World, { method, url, body }: FakeRequest, now: () => string): FakeAnswer {
  const [path = ""] = url.split("?");
  if (path === "/nova/servers/detail") return { status: 200, body: { servers: [...world.servers.values()] } };
  const [, id, rest] = /^\/nova\/servers\/([^/]+)(\/.*)?$/.exec(path) ?? [];
  const server = [...world.servers.values()].find((one) => one.id === id);
  if (server === undefined) return { status: 404 };
  if (method === "DELETE") {
    world.calls.push(`delete ${server.name}`);
    world.servers.delete(server.name);
    return { status: 204 };
  }
  if (rest === "/os-instance-actions") {
    const actions = server.reboots.map((time) => ({ action: "reboot", start_time: time.replace("Z", "") }));
    return { status: 200, body: { instanceActions: [...actions, { action: "create", start_time: yesterday }] } };
  }
  if (rest !== "/action") return { status: 200, body: { server } };
  world.calls.push(`${Object.keys(body as object)[0]} ${server.name}`);
  if ("os-stop" in (body as object)) Object.assign(server, { status: "SHUTOFF", updated: now() });
  else if (world.refusesReboots)
    return { status: 409, body: { conflictingRequest: { message: "Cannot 'reboot' instance while it is in error" } } };
  else {
    server.reboots.push(now());
    world.atReboot(server);
  }
  return { status: 202 };
}

/** Runs the command without its questions. The answer is how it ended, and after how many minutes. */
async function repair(world: World, { yes = true } = {}) {
  const clock = standingClock(start);
  const shown: string[] = [];
  const time = () => new Date(clock.now()).toISOString();
  const outputs = {
    clusterName: "dev",
    adminKubeconfig: "",
    certificateExpiry: {},
    fileDigests: {},
    kubernetesVersion: {},
    nodes: names.map((name) => ({ name })),
    staleMachines: [],
    templateDigests: {},
  };
  const outcome = await withServer(
    (request, own) =>
      request.url === "/v3/auth/tokens" ? keystoneToken(own, { compute: "/nova" }) : nova(world, request, time),
    async (authUrl) => {
      const api = await OpenstackApi.login({ authUrl, region: "one", auth: {}, insecure: false });
      const hands: Hands = {
        api,
        request: world.api.request,
        pulumi: (...args) => {
          world.calls.push(`pulumi ${args.join(" ")}`);
          if (args[0] === "up")
            for (const name of names.filter((known) => !world.servers.has(known))) {
              world.servers.set(name, { ...newServer(name), created: time(), updated: time() });
              makeWhole(world, name);
            }
          return Promise.resolve();
        },
        tell: () => undefined,
        clock,
        timeoutMinutes: 2,
      };
      return repairMachines({
        settings: { repair: { afterMinutes: 15, maxUnhealthy: "40%" }, roll: [], clockAhead: 0 },
        gather: () => gatherMachines(outputs, api, world.api.request),
        reboot: (machine, others) => reboot(machine, hands, others),
        replace: (machine, others) => replace(machine, hands, others),
        confirmed: () => Promise.resolve(yes),
        show: (plan) => shown.push(plan),
        clock,
      }).catch(messageOf);
    },
  );
  return { outcome, calls: world.calls, shown, minutes: Math.round((clock.now() - start) / 60_000) };
}

const name = "dev-general-1";
const worlds = {
  /** The kubelet of a worker is stopped. */
  stopped: (world: World, machine = name) => world.api.nodes.set(machine, isReady(machine, false)),
  /** A server is off since an hour. */
  off: (world: World, machine = name) => {
    Object.assign(world.servers.get(machine)!, { status: "SHUTOFF", updated: "2026-11-30T11:00:00Z" });
    worlds.stopped(world, machine);
  },
};
const replaced = [
  `os-stop ${name}`,
  `PUT ${name}`,
  `delete ${name}`,
  `DELETE ${name}`,
  `pulumi refresh --target **${name}`,
  "pulumi up",
];

describe("npm run repair", () => {
  it("does nothing to a cluster that is whole", async () => {
    expect(await repair(newWorld())).toEqual({
      outcome: "whole",
      calls: [],
      shown: ["No machine needs a repair."],
      minutes: 0,
    });
  });

  it("reboots a machine that is off, and ends when its node is Ready again", async () => {
    const world = newWorld();
    worlds.off(world);
    world.atReboot = (server) => {
      server.status = "ACTIVE";
      makeWhole(world, server.name);
    };
    expect(await repair(world)).toMatchObject({ outcome: "whole", calls: [`reboot ${name}`], minutes: 0 });
  });

  it("replaces a machine that a reboot did not help within the time", async () => {
    const world = newWorld({ [name]: 3 });
    worlds.stopped(world);
    const { outcome, calls, minutes } = await repair(world);
    expect({ outcome, calls }).toEqual({ outcome: "whole", calls: [`reboot ${name}`, ...replaced] });
    expect(minutes).toBeGreaterThanOrEqual(15);
    expect(minutes).toBeLessThan(17);
  });

  it("frees the volumes of a worker before its server is deleted, by the taint that Kubernetes knows", async () => {
    const world = newWorld();
    worlds.stopped(world);
    world.servers.get(name)!.reboots.push("2026-11-30T11:00:00Z");
    let taints: unknown;
    const { request } = world.api;
    Object.defineProperty(world.api, "request", {
      value: (...call: Parameters<typeof request>) => {
        if (call[0] === "PUT") ({ taints } = (call[2] as { spec: { taints: unknown } }).spec);
        return request(...call);
      },
    });
    expect((await repair(world)).calls).toEqual(replaced);
    expect(taints).toEqual([{ key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: "NoExecute" }]);
  });

  it("creates a machine again whose server was deleted", async () => {
    const world = newWorld();
    worlds.stopped(world);
    world.servers.delete(name);
    const { outcome, calls } = await repair(world);
    expect(outcome).toBe("whole");
    expect(calls).toEqual([`PUT ${name}`, `DELETE ${name}`, ...replaced.slice(-2)]);
  });

  it("replaces at once what Nova refuses to reboot", async () => {
    const world = newWorld();
    worlds.off(world);
    world.servers.get(name)!.status = "ERROR";
    world.refusesReboots = true;
    const { outcome, calls, minutes } = await repair(world);
    expect(outcome).toBe("whole");
    expect(calls).toEqual([`reboot ${name}`, ...replaced.slice(1)]);
    expect(minutes).toBe(0);
  });

  it("replaces a control-plane machine without a word to its Node, which the new machine removes", async () => {
    const world = newWorld();
    const controlPlane = "dev-control-plane-1";
    world.servers.delete(controlPlane);
    const { outcome, calls } = await repair(world);
    expect(outcome).toBe("whole");
    expect(calls).toEqual([`pulumi refresh --target **${controlPlane}`, "pulumi up"]);
  });

  it("touches no control-plane machine while etcd of another does not run", async () => {
    const world = newWorld();
    world.servers.delete("dev-control-plane-1");
    world.api.brokenPods.add("etcd-dev-control-plane-2");
    const { outcome, calls } = await repair(world);
    expect(outcome).toMatch(
      /^dev-control-plane-1 is not touched: after 2 minutes .* etcd of node dev-control-plane-2 is not Ready/,
    );
    expect(calls).toEqual([]);
  });

  it("reboots a machine that never joined, which no output of the stack names because that `up` failed", async () => {
    const world = newWorld();
    const stranger = "dev-general-3";
    world.servers.set(stranger, newServer(stranger));
    world.atReboot = (server) => makeWhole(world, server.name);
    const { outcome, calls, shown } = await repair(world);
    expect({ outcome, calls }).toEqual({ outcome: "whole", calls: [`reboot ${stranger}`] });
    expect(shown[0]).toMatch(/^dev-general-3 runs, but is no Node of the cluster\.\n/);
  });

  it("leaves alone what is no node of the cluster: its bastion, and machines of a cluster called alike", async () => {
    const world = newWorld();
    const add = (other: string, metadata: Record<string, string>) =>
      world.servers.set(other, { ...newServer(other), status: "ERROR", metadata });
    add("dev-bastion", { "kubernetes-cluster": "dev", "kubernetes-role": "bastion", "kubernetes-pool": "bastion" });
    add("dev-b-general-0", {
      "kubernetes-cluster": "dev-b",
      "kubernetes-role": "worker",
      "kubernetes-pool": "general",
    });
    add("dev-jump", {});
    expect(await repair(world)).toMatchObject({ outcome: "whole", calls: [] });
  });

  it("leaves a pool of which most is broken, and says so", async () => {
    const world = newWorld();
    worlds.stopped(world);
    worlds.off(world, "dev-general-2");
    const { outcome, calls, shown } = await repair(world);
    expect({ outcome, calls }).toEqual({ outcome: "left", calls: [] });
    expect(shown).toEqual([expect.stringMatching(/^2 of 3 workers of pool general are not whole/) as string]);
  });

  it("only says what it would do, and what that means, where nobody confirms", async () => {
    const world = newWorld();
    worlds.off(world);
    expect(await repair(world, { yes: false })).toEqual({
      outcome: "declined",
      calls: [],
      shown: [
        `${name} is off (Nova: SHUTOFF).\n  It is rebooted (hard): whatever runs on it starts again, and its disks stay as they are.`,
      ],
      minutes: 0,
    });
  });

  it("goes on where an interrupted one ended: with a server that is deleted and no longer in the state", async () => {
    const world = newWorld();
    world.servers.delete(name);
    world.api.nodes.delete(name);
    const { outcome, calls } = await repair(world);
    expect(outcome).toBe("whole");
    expect(calls).toEqual([`DELETE ${name}`, ...replaced.slice(-2)]);
  });
});
