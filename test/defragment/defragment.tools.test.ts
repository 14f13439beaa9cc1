/**
 * A real etcd of three members is defragmented, and brought back after it reached its quota. The API server is a
 * stand-in that asks the members' own port of metrics, as the real one does; etcdctl runs beside them.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { httpCall } from "../../src/engine/httpCall";
import { messageOf } from "../../src/engine/messageOf";
import { proxiesOf } from "../../src/engine/proxies";
import { defragment } from "../../src/defragment/defragment";
import type { KubernetesRequest } from "../../src/kubernetes/client";
import { askEtcd } from "../../src/status/etcdStatus";
import { describeWithTools } from "../findTool";
import { etcdPrograms } from "../restore/restoreMachine";
import { freePort } from "../s3Server";

jest.setTimeout(180_000);
const run = promisify(execFile);
const names = ["a", "b", "c"];
const missing = Object.values(etcdPrograms).filter((path) => !existsSync(path));
const quota = 16 * 1024 ** 2;

interface Member {
  readonly process: ChildProcess;
  readonly client: string;
  readonly metrics: string;
}

describeWithTools("the defragmentation of etcd", missing, () => {
  let folder: string;
  const members = new Map<string, Member>();
  const told: string[] = [];
  const etcdctl = async (machine: string, command: readonly string[]) => {
    const { client } = members.get(machine)!;
    return (await run(etcdPrograms.etcdctl, ["--endpoints", client, ...command])).stdout;
  };
  /** Annotations of the nodes, by name. */
  const annotations: Record<string, Record<string, string>> = {};
  const request: KubernetesRequest = async (_method, path) => {
    if (path.startsWith("/api/v1/nodes?")) {
      const items = names.map((name) => ({ metadata: { name, annotations: annotations[name] } }));
      return { status: 200, body: JSON.stringify({ items, metadata: {} }) };
    }
    const [, machine = "", asked = ""] = /etcd-(\w):2381\/proxy\/(\w+)$/.exec(path) ?? [];
    const url = new URL(`${members.get(machine)!.metrics}/${asked}`);
    const { status, body } = await httpCall({ method: "GET", url, proxies: proxiesOf({}), timeout: 5_000 });
    return { status, body };
  };
  const calls: string[] = [];
  const act = (least: number, isConfirmed = true, roomy?: number) =>
    defragment({
      controlPlane: names,
      request,
      etcdctl: (machine, command) => {
        calls.push(`${machine} ${command[0]}`);
        return etcdctl(machine, command);
      },
      confirmed: () => Promise.resolve(isConfirmed),
      tell: (message) => told.push(message),
      least,
      ...(roomy === undefined ? {} : { roomy }),
    });
  /** Followers in the order of their names, then the leader. */
  const leaderLast = async () => {
    const found = await askEtcd(request, names);
    return [...found.filter(({ isLeader }) => !isLeader), ...found.filter(({ isLeader }) => isLeader)].map(
      ({ machine }) => machine,
    );
  };
  /** Values of 60 KB, until all are there or etcd refuses. */
  const fill = async (count: number) => {
    const value = "x".repeat(60_000);
    for (let number = 0; number < count; number++) {
      const failed = await new Promise<string>((resolve) => {
        const child = execFile(
          etcdPrograms.etcdctl,
          ["--endpoints", members.get("a")!.client, "put", `k${number}`],
          (_, out, err) => resolve(out === "OK\n" ? "" : err),
        );
        child.stdin!.end(value);
      });
      if (failed !== "") return failed;
    }
    return "";
  };
  /** Deletes all values, and waits until every member tells that their space is free. */
  const empty = async () => {
    await etcdctl("a", ["del", "--prefix", "k"]);
    const { header } = JSON.parse(await etcdctl("a", ["get", "k", "--write-out=json"])) as {
      header: { revision: number };
    };
    await etcdctl("a", ["compact", String(header.revision), "--physical"]);
    // A member counts what it has in use when it writes.
    for (let look = 0; look < 100; look++) {
      await etcdctl("a", ["put", "small", "x"]);
      if ((await askEtcd(request, names)).every(({ inUse = Infinity }) => inUse < 1024 ** 2)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("the space is not free after ten seconds");
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "etcd-"));
    told.length = calls.length = 0;
    const ports = new Map<string, readonly string[]>();
    for (const name of names) {
      const found = [await freePort(), await freePort(), await freePort()];
      ports.set(
        name,
        found.map((port) => `http://127.0.0.1:${port}`),
      );
    }
    const cluster = names.map((name) => `${name}=${ports.get(name)![1]}`).join(",");
    for (const name of names) {
      const [client, peer, metrics] = ports.get(name) as [string, string, string];
      const words = [
        ...["--name", name, "--data-dir", join(folder, name), "--initial-cluster", cluster],
        ...["--listen-client-urls", client, "--advertise-client-urls", client],
        ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--listen-metrics-urls", metrics],
        ...["--quota-backend-bytes", String(quota)],
      ];
      members.set(name, { process: spawn(etcdPrograms.server, words, { stdio: "ignore" }), client, metrics });
    }
    for (let look = 0; look < 200; look++) {
      const found = await askEtcd(request, names);
      if (found.every(({ hasLeader, trouble }) => hasLeader === true && trouble === undefined)) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error("etcd did not start");
  });
  afterEach(() => {
    for (const { process: member } of members.values()) member.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });

  it("gives the free space back, one member after the other, the leader last", async () => {
    expect(await fill(120)).toBe("");
    await empty();
    const order = await leaderLast();
    expect(await act(1024 ** 2)).toBe("done");
    expect(calls).toEqual(order.map((name) => `${name} defrag`));
    const after = await askEtcd(request, names);
    expect(after.map(({ size = 0 }) => size < 1024 ** 2)).toEqual([true, true, true]);
    expect(told.at(-1)).toMatch(/^\w: \d+ MiB became 0 MiB\.$/);
    calls.length = 0;
    expect(await act(1024 ** 2)).toBe("nothing to do");
    expect([calls, told.at(-1)]).toEqual([[], "Nothing to do: no database from 1 MiB on has 45 % free within."]);
  });

  it("asks first", async () => {
    expect(await fill(40)).toBe("");
    await empty();
    expect(await act(1024 ** 2, false)).toBe("declined");
    expect(calls).toEqual([]);
  });

  it("brings an etcd back that reached its quota, once what was too many is deleted", async () => {
    expect(await fill(400)).toContain("database space exceeded");
    await expect(act(1024 ** 2, true, 0.5)).rejects.toThrow(
      /^\w still holds 1\d MiB of 16 MiB, so etcd goes on refusing writes\. Delete what is too many, or raise the quota, and run this again/,
    );
    await etcdctl("a", ["del", "--prefix", "k"]);
    calls.length = 0;
    const order = await leaderLast();
    expect(await act(1024 ** 2)).toBe("done");
    expect(calls.slice(0, -1)).toEqual([
      `${order[0]} endpoint`,
      ...order.map((name) => `${name} compact`),
      ...order.map((name) => `${name} defrag`),
    ]);
    expect(calls.at(-1)).toMatch(/^\w alarm$/);
    expect(told.at(-1)).toBe("The alarm is over: etcd takes writes again.");
    expect(await fill(1)).toBe("");
  });

  it("is refused while `up` changes a control-plane machine, but for an etcd that would not let it end", async () => {
    const order = "openstack-kubernetes/files-order";
    const answer = (state: string) => ({
      "openstack-kubernetes/files-answer": JSON.stringify({ order: "one", state }),
    });
    const refusal = () => act(0).then(String, (error: unknown) => messageOf(error));
    expect(await fill(40)).toBe("");
    await empty();
    const changing: readonly Record<string, string>[] = [
      { "openstack-kubernetes/updating": "schedulable" },
      { "openstack-kubernetes/leaving": "schedulable" },
      { [order]: "one" },
      { [order]: "one", ...answer("working") },
    ];
    for (const marks of changing) {
      annotations.b = marks;
      expect(await refusal()).toBe(
        "Nothing more is defragmented, because `pulumi up` changes b, or was interrupted. Run it to its end first.",
      );
    }
    expect(calls).toEqual([]);
    annotations.b = { [order]: "one", ...answer("reached") };
    expect(await refusal()).toBe("done");
    expect(await fill(400)).toContain("database space exceeded");
    await etcdctl("a", ["del", "--prefix", "k"]);
    annotations.b = { "openstack-kubernetes/updating": "schedulable" };
    expect(await refusal()).toBe("done");
    delete annotations.b;
  });

  it("is refused while a member is away: another pause would be an outage", async () => {
    const order = await leaderLast();
    members.get(order[0]!)!.process.kill("SIGKILL");
    const refusal = await act(0).then(String, (error: unknown) => messageOf(error));
    expect(refusal).toMatch(
      new RegExp(
        `^Nothing more is defragmented, because etcd is not well: ${order[0]} could not be asked \\(.*\\)\\. See docs/runbooks/alerts/EtcdMemberDown\\.md\\.$`,
      ),
    );
    expect(calls).toEqual([]);
  });
});
