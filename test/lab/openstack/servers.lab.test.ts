/**
 * A cluster on the lab's OpenStack whose servers are machines: `npm run lab:up` from nothing, real engine, real nodes,
 * as its user types it. The lab has a folder of its own; the user's is not touched. Needs 7 GiB of memory; took 17
 * minutes on two quiet cores. Not proven: security groups, floating IPs and volumes (there is no packet filter, and a
 * machine in namespaces has no disks besides its own), Calico.
 */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../../lab/machines/cluster";
import { hostSettings, tracesOnHost } from "../machines/machinesFixture";
import { guardedPods } from "../machines/pods";
import { describeOnServers, machineState, onHost, ServersLab } from "./serversFixture";

jest.setTimeout(30 * 60_000);

const print = (line: string) => process.stderr.write(`  ${line}\n`);

describeOnServers("servers of the lab's OpenStack", () => {
  let lab: ServersLab;
  let before: Record<string, string>;
  const controlPlane = ["dev-control-plane-0", "dev-control-plane-1", "dev-control-plane-2"];
  const general = ["dev-general-0", "dev-general-1", "dev-general-2"];
  /** The stack as its file says, but with another count of workers. */
  const workers = (count: number) => `nodePools.0.count=${count}`;
  /** The one update of a changed count: the cluster's record of its configuration. */
  const clusterRecorded = /~ +openstack-kubernetes:index:Cluster dev updat\S+ .*configuration/;
  /** `lab:up`, which must succeed; its output. */
  const upWell = async (...settings: string[]) => {
    const { code, output } = await lab.up("dev", ...settings);
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    return output;
  };
  const readiness = async () =>
    Object.fromEntries(Object.entries(await lab.nodes()).map(([node, { ready }]) => [node, ready]));

  beforeAll(() => {
    before = hostSettings();
    lab = new ServersLab();
  });
  afterAll(() => lab.remove());

  it("become the cluster of Pulumi.dev.yaml with `lab:up`, every node Ready at the address that Neutron gave it", async () => {
    const start = Date.now();
    const output = await upWell();
    expect(output).toContain('cni: {"kind":"none"');
    print(
      `${/Stack dev is up on the lab after \d+ s/.exec(output)?.[0]}; from no lab at all ${Math.round((Date.now() - start) / 1000)} s`,
    );
    expect(await readiness()).toEqual(Object.fromEntries([...controlPlane, ...general].map((node) => [node, true])));
    const addresses = Object.fromEntries(
      Object.entries(await lab.nodes()).map(([node, { address }]) => [node, { status: "ACTIVE", address }]),
    );
    expect(addresses).toEqual(await lab.servers());
  });

  it("have the MAC and MTU of their port, and the id and the user data that Nova keeps", async () => {
    const host = await lab.machine("dev-general-0");
    const [port] = JSON.parse(await lab.openstack("port", "list", "--server", "dev-general-0", "-f", "json")) as {
      "MAC Address": string;
    }[];
    expect(onHost(host, "cat", "/sys/class/net/eth0/address")).toBe(port!["MAC Address"]);
    expect(onHost(host, "cat", "/sys/class/net/eth0/mtu")).toBe(
      await lab.openstack("network", "show", "dev", "-f", "value", "-c", "mtu"),
    );
    const drive = "/var/lib/cloud/seed/config_drive/openstack/latest";
    const { uuid } = JSON.parse(onHost(host, "cat", `${drive}/meta_data.json`)) as { uuid: string };
    expect(uuid).toBe(await lab.openstack("server", "show", "dev-general-0", "-f", "value", "-c", "id"));
    const kept = await lab.openstack(
      "--os-cloud",
      "lab-admin",
      "--os-compute-api-version",
      "2.3",
      "server",
      "show",
      uuid,
      "-f",
      "value",
      "-c",
      "OS-EXT-SRV-ATTR:user_data",
    );
    expect(onHost(host, "base64", "--wrap=0", `${drive}/user_data`)).toBe(kept);
  });

  it("print on the console that Nova returns how their bootstrap ended", async () => {
    for (const [names, role] of [
      [controlPlane, "control-plane"],
      [general, "worker"],
    ] as const) {
      for (const server of names) {
        const text = await lab.openstack("console", "log", "show", server);
        expect(/openstack-kubernetes: (SUCCESS.*?)\s*$/m.exec(text)?.[1]).toBe(
          `SUCCESS: ${server} is a ${role} node of dev`,
        );
      }
    }
  });

  it("are added by an `up` after the count was raised, and those that were there are left alone", async () => {
    const old = await lab.nodes();
    const output = await upWell(workers(4));
    expect(output).toMatch(/Resources:\n\s+\+ 1 created\n\s+~ 1 updated\n\s+2 changes. \d+ unchanged\n/);
    expect(output).toMatch(clusterRecorded);
    const now = await lab.nodes();
    expect(now["dev-general-3"]).toMatchObject({ ready: true });
    expect({ ...now, "dev-general-3": undefined }).toEqual({ ...old, "dev-general-3": undefined });
  });

  it("reboot when Nova is asked to, and are Ready again with another boot id", async () => {
    const { "dev-general-3": old } = await lab.nodes();
    await lab.openstack("server", "reboot", "--wait", "dev-general-3");
    expect(await lab.anotherBoot("dev-general-3", old!.boot)).toMatch(/^[0-9a-f-]{36}$/);
    expect(await lab.openstack("server", "show", "dev-general-3", "-f", "value", "-c", "status")).toBe("ACTIVE");
  });

  it("have no process when they are stopped, and come back when they are started", async () => {
    const host = await lab.machine("dev-general-3");
    await lab.openstack("server", "stop", "dev-general-3");
    await eventually(
      "the machine is off",
      180,
      () => (machineState(host) === "off" && !existsSync(`/run/netns/osk-${host}`)) || undefined,
    );
    await lab.openstack("server", "start", "dev-general-3");
    await eventually("the machine is on", 60, () => machineState(host) === "on" || undefined);
    expect(onHost(host, "true")).toBe("");
  });

  it("keep their disk when they are resized, and come back from it", async () => {
    const host = await lab.machine("dev-general-3");
    onHost(host, "touch", "/var/tmp/kept");
    await lab.openstack("server", "resize", "--flavor", "m1.xlarge", "--wait", "dev-general-3");
    await lab.openstack("server", "resize", "confirm", "dev-general-3");
    await eventually("the machine is on", 60, () => onHost(host, "ls", "/var/tmp").includes("kept") || undefined);
    expect(machineState(host)).toBe("on");
  });

  it("are emptied by an `up` with a smaller count, then gone: server, machine and disk; what ran there never stood still", async () => {
    const host = await lab.machine("dev-general-3");
    await eventually("dev-general-3 Ready again", 300, async () => (await readiness())["dev-general-3"] || undefined);
    const where = async () =>
      (await lab.kubectl("get", "pods", "-l", "app=guarded", "-o", "jsonpath={.items[*].spec.nodeName}"))
        .split(" ")
        .sort();
    const available = async () =>
      Number((await lab.kubectl("get", "deployment", "guarded", "-o", "jsonpath={.status.availableReplicas}")) || "0");
    await lab.kubectl("cordon", ...general);
    const manifest = join(lab.folder, "guarded.json");
    writeFileSync(manifest, JSON.stringify(guardedPods));
    await lab.kubectl("apply", "--filename", manifest);
    await eventually("both pods", 180, async () => (await available()) === 2 || undefined);
    expect(await where()).toEqual(["dev-general-3", "dev-general-3"]);
    await lab.kubectl("uncordon", ...general);

    const seen: number[] = [];
    let done = false;
    const watch = async () => {
      while (!done) seen.push(await available());
    };
    const [output] = await Promise.all([upWell(workers(3)).finally(() => (done = true)), watch()]);
    expect(output).toContain("Node dev-general-3 is drained; its machine can go.");
    expect(output).toMatch(/Resources:\n\s+~ 1 updated\n\s+- 1 deleted\n\s+2 changes. \d+ unchanged\n/);
    expect(output).toMatch(clusterRecorded);
    expect(seen.length).toBeGreaterThan(5);
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(1);
    expect((await where()).filter((node) => !general.includes(node))).toEqual([]);
    expect(Object.keys(await lab.servers()).sort()).toEqual([...controlPlane, ...general]);
    expect([machineState(host), existsSync(`/run/netns/osk-${host}`)]).toEqual(["off", false]);
    const left = await Promise.all([...controlPlane, ...general].map((server) => lab.machine(server)));
    expect(readdirSync(join(lab.places.data, "machines", "servers")).sort()).toEqual(left.sort());
  });

  it("show why their bootstrap failed in the message of the `up` that waited for them", async () => {
    const nowhere = "http://mirror.site.lab/nothing-is-here";
    const { code, output } = await lab.up(
      "prod",
      ...[
        "controlPlane.replicas=1",
        "nodePools=[]",
        "controlPlane.schedulable=true",
        `packageMirror.kubernetesUrl=${nowhere}`,
      ],
      "readiness.apiTimeoutMinutes=3",
    );
    expect(code).not.toBe(0);
    expect(output).toContain("--- console of prod-control-plane-0 ---");
    expect(output).toMatch(/openstack-kubernetes: FAILED: .*nothing-is-here/);
    expect(output).toContain("Stack prod is not complete on the lab: run the command again to continue.");
  });

  it("lose power with the lab and leave nothing on the host; with the lab they come back, and `up` changes nothing", async () => {
    await lab.kubectl("create", "configmap", "kept");
    const old = await lab.nodes();
    expect(await lab.lab("down")).toMatchObject({ code: 0 });
    expect(tracesOnHost()).toEqual([]);
    expect(lab.heldByHost()).toEqual([]);
    expect(hostSettings()).toEqual(before);
    const output = await upWell();
    expect(output).toMatch(/Resources:\n\s+\d+ unchanged\n/);
    expect(output).toContain("Node dev-general-3 is removed: its machine is gone.");
    expect(await lab.kubectl("get", "configmap", "kept", "-o", "name")).toBe("configmap/kept");
    for (const node of [...controlPlane, ...general])
      expect(await lab.anotherBoot(node, old[node]!.boot)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("are not touched by the commands for machines without OpenStack", async () => {
    const { code, output } = await lab.command("scripts/labMachines.ts", "down");
    expect([code, output.trim()]).toEqual([
      1,
      `The machines on this host are those of the lab's OpenStack in ${lab.places.root}: \`npm run lab -- down\` ends them.`,
    ]);
    expect(machineState(await lab.machine("dev-general-0"))).toBe("on");
  });

  it("are wiped with the lab", async () => {
    expect(await lab.lab("wipe")).toMatchObject({ code: 0 });
    expect([...tracesOnHost(), ...lab.heldByHost()]).toEqual([]);
    expect(readdirSync(lab.places.root)).toEqual(["unpacked"]);
  });
});
