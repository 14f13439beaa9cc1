/**
 * Machines that are rolled, resized or lost on the lab's OpenStack, where servers are machines: real engine, real
 * nodes, real etcd. The API is asked all the while, and a guarded application runs on the workers. Needs 7 GiB of
 * memory. Not proven: that volumes follow (a machine in namespaces has no disks besides its own), zones, Calico.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engine } from "../../../lab/openstack/engine";
import { stackFileOnLab } from "../../../lab/openstack/stack";
import { eventually } from "../../../lab/machines/cluster";
import { guardedPods } from "../machines/pods";
import { commandsRunBy } from "../../docs/runbooks";
import { describeOnServers, ServersLab } from "./serversFixture";

jest.setTimeout(40 * 60_000);

const print = (line: string) => process.stderr.write(`  ${line}\n`);

describeOnServers("machines that are rolled on the lab's OpenStack", () => {
  let lab: ServersLab;
  const controlPlane = ["dev-control-plane-0", "dev-control-plane-1", "dev-control-plane-2"];
  const workers = ["dev-general-0", "dev-general-1"];
  const all = [...controlPlane, ...workers];
  const count = "nodePools.0.count=2";
  /** A change of every machine's template. */
  const key =
    'ssh.authorizedKeys=["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q night@sre"]';

  const upWell = async (...settings: string[]) => {
    const { code, output } = await lab.up("dev", count, ...settings);
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    return output;
  };
  const ids = async () => {
    const rows = JSON.parse(await lab.openstack("server", "list", "-f", "json")) as { Name: string; ID: string }[];
    return Object.fromEntries(rows.map(({ Name, ID }) => [Name, ID]));
  };
  const stale = async () =>
    JSON.parse(await lab.run(engine, "stack", "output", "staleMachines", "--json", "--stack", "dev")) as string[];
  const available = async () =>
    Number((await lab.kubectl("get", "deployment", "guarded", "-o", "jsonpath={.status.availableReplicas}")) || "0");
  /** Names of etcd's members that have started, as one of them tells. */
  const members = async () => {
    const pki = "/etc/kubernetes/pki/etcd";
    const words = [
      "etcdctl",
      "--cacert",
      `${pki}/ca.crt`,
      "--cert",
      `${pki}/server.crt`,
      "--key",
      `${pki}/server.key`,
      "member",
      "list",
    ];
    const list = await lab.kubectl("--namespace", "kube-system", "exec", "etcd-dev-control-plane-0", "--", ...words);
    return list
      .split("\n")
      .flatMap((line) => (line.includes(", started, ") ? [line.split(", ")[2]!] : []))
      .sort();
  };
  const cordoned = async () =>
    lab.kubectl("get", "nodes", "-o", "jsonpath={.items[?(@.spec.unschedulable==true)].metadata.name}");
  const readyNodes = async () =>
    Object.entries(await lab.nodes())
      .flatMap(([node, { ready }]) => (ready ? [node] : []))
      .sort();

  /**
   * Does something while the API is asked again and again; the longest time without an answer, in seconds, and what
   * nodes and pods looked like whenever none of the guarded replicas was available.
   */
  const watched = async <T>(action: () => Promise<T>) => {
    const dips: string[] = [];
    let gap = 0;
    let done = false;
    const watch = async () => {
      for (let last = Date.now(); !done;) {
        const seen = await available().catch(() => undefined);
        if (seen === undefined) continue;
        if (seen < 1) dips.push(await lab.kubectl("get", "nodes,pods", "-o", "wide").catch(() => ""));
        gap = Math.max(gap, Date.now() - last);
        last = Date.now();
      }
    };
    const [result] = await Promise.all([action().finally(() => (done = true)), watch()]);
    return { result, dips, gap: gap / 1000 };
  };

  beforeAll(async () => {
    lab = new ServersLab();
    await upWell();
    const manifest = join(lab.folder, "guarded.json");
    writeFileSync(manifest, JSON.stringify(guardedPods));
    await lab.kubectl("apply", "--filename", manifest);
    await eventually("both pods", 180, async () => (await available()) === 2 || undefined);
  });
  afterAll(() => lab.remove());

  it("are left alone by a changed template, which is told", async () => {
    const before = await ids();
    await upWell(key);
    expect(await ids()).toEqual(before);
    expect(await stale()).toEqual(all);
  });

  it("are all replaced in one `up`, drained and one after the other; API, etcd and a guarded application never stand still", async () => {
    const before = await ids();
    const { result, dips, gap } = await watched(() => upWell(key, 'roll=["control-plane","general"]'));
    print(
      `${/Stack dev is up on the lab after \d+ s/.exec(result)?.[0]}; longest time without an answer of the API ${gap} s`,
    );
    // The engine says it when it happens, and again at the end.
    const drained = [...result.matchAll(/Node (\S+) is drained; its machine can be rolled/g)].map(([, node]) => node);
    expect(drained.slice(0, all.length)).toEqual(all);
    expect(result).toMatch(/Resources:\n\s+~ 1 updated\n\s+\+-5 replaced\n/);
    expect(Object.values(await ids()).filter((id) => Object.values(before).includes(id))).toEqual([]);
    expect(await readyNodes()).toEqual(all);
    expect({ cordoned: await cordoned(), stale: await stale(), members: await members() }).toEqual({
      cordoned: "",
      stale: [],
      members: controlPlane,
    });
    expect(dips).toEqual([]);
    expect(gap).toBeLessThan(30);
  });

  it("have nothing more to do with a `roll` that was left in place", async () => {
    expect(await upWell(key, 'roll=["control-plane","general"]')).toMatch(/Resources:\n\s+\d+ unchanged\n/);
  });

  it("of the control plane are resized one after the other, each once the others are whole", async () => {
    const before = await lab.nodes();
    const { result, dips, gap } = await watched(() => upWell(key, "controlPlane.flavor=m1.xlarge"));
    print(
      `${/Stack dev is up on the lab after \d+ s/.exec(result)?.[0]}; longest time without an answer of the API ${gap} s`,
    );
    // Three machines, and the cluster's record of its configuration.
    expect(result).toMatch(/Resources:\n\s+~ 4 updated\n/);
    const after = await lab.nodes();
    expect(all.filter((node) => after[node]!.boot !== before[node]!.boot)).toEqual(controlPlane);
    expect(dips).toEqual([]);
    expect(gap).toBeLessThan(30);
  });

  it("of the control plane are replaced when they were lost, by the runbook's commands, and join the others", async () => {
    const before = await ids();
    const file = stackFileOnLab(lab.places, "dev");
    expect(readFileSync(file, "utf8")).toContain("m1.xlarge");
    const [commands = ""] = commandsRunBy(__filename, "docs/runbooks/replace-machine.md");
    const [remove, forget, ...rest] = commands.replaceAll("NODE", "dev-control-plane-1").trim().split("\n");
    expect(rest).toEqual(["pulumi up --stack dev"]);
    // The lab's programs, its stack file, and the answers that a person would type.
    const programs = [
      `openstack() { /usr/bin/openstack "$@"; }`,
      `pulumi() { ${engine} "$@" --yes --skip-preview --config-file '${file}'; }`,
    ];
    await lab.run("bash", "-ec", [...programs, remove, forget].join("\n"));
    expect(await upWell(key, "controlPlane.flavor=m1.xlarge")).toMatch(/Resources:\n\s+\+ 1 created\n/);
    const after = await ids();
    expect(all.filter((server) => after[server] !== before[server])).toEqual(["dev-control-plane-1"]);
    expect(await readyNodes()).toEqual(all);
    expect(await members()).toEqual(controlPlane);
  });
});
