/**
 * A cluster on the lab's OpenStack whose servers are machines: `npm run lab:up` from nothing, real engine, real nodes, as its user types it. The lab
 * has a folder of its own; the user's is not touched. Needs 6 GiB of memory; took 39 minutes on two cores at a load of 30 to 80. Not proven: security groups,
 * floating IPs and volumes (there is no packet filter, and a machine in namespaces has no disks besides its own), Calico.
 */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../lab/machines/cluster";
import { labFolder, layout } from "../../lab/openstack/layout";
import { installedPackages, machinePackages, unpackedPresent } from "../../lab/openstack/packages";
import { describeOnMachines, hostSettings, tracesOnHost } from "./machinesFixture";

jest.setTimeout(30 * 60_000);

const checkout = join(__dirname, "..", "..");
const machineScript = join(checkout, "lab", "machines", "machine.sh");

function obstacle(): string | undefined {
  const installed = spawnSync("dpkg-query", ["-W", "-f", "${db:Status-Status}\\n", ...installedPackages, ...machinePackages], { encoding: "utf8" });
  if (installed.error !== undefined || installed.status !== 0 || !unpackedPresent(layout(labFolder())))
    return "the lab's packages are not installed (`npm run lab:up -- dev` installs them)";
  const home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  const present = ["versions", "plugins"].flatMap((part) => (existsSync(join(home, part)) ? readdirSync(join(home, part)) : []));
  if (!present.some((entry) => /^\d+\./.test(entry))) return `Pulumi's engine is not in ${home}/versions`;
  const plugin = ["openstack", "tls", "random", "kubernetes"].find((each) => !present.some((entry) => entry.startsWith(`resource-${each}-`)));
  return plugin === undefined ? undefined : `the engine's plugin ${plugin} is not in ${home}/plugins`;
}

const reason = obstacle();
const name = "servers of the lab's OpenStack";
if (reason !== undefined) {
  process.stderr.write(`\n*** SKIPPED: ${name}: ${reason}. Nothing of it is proven by this run. ***\n\n`);
  describe.skip(name, tests);
} else describeOnMachines(name, tests);

interface Answer {
  readonly code: number | null;
  readonly output: string;
}

function tests(): void {
  let folder: string;
  let before: Record<string, string>;

  /** A command of the lab, on this test's lab. */
  const command = (...words: string[]): Promise<Answer> => {
    const [script = "", ...rest] = words;
    const child = spawn(process.execPath, ["-r", "./scripts/typescript.js", script, ...rest], {
      cwd: checkout,
      env: {
        ...process.env,
        OPENSTACK_KUBERNETES_LAB: folder,
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    return new Promise((fulfil) => child.on("close", (code) => fulfil({ code, output })));
  };
  const lab = (...words: string[]) => command("scripts/lab.ts", ...words);
  const up = (stack: string, ...settings: string[]) => command("scripts/labUp.ts", stack, ...settings.flatMap((setting) => ["--set", setting]));
  /** Output of a user's command in the lab's network; it must succeed. */
  const run = async (...words: string[]) => {
    const { code, output } = await lab("run", ...words);
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    return output.trim();
  };
  const openstack = (...words: string[]) => run("/usr/bin/openstack", ...words);
  const small = (workers: number) => ["controlPlane.replicas=1", `nodePools.0.count=${workers}`];

  /** One line per node: name, Ready, address, boot id. */
  const nodes = async () => {
    const path =
      '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.status.addresses[0].address} {.status.nodeInfo.bootID}{"\\n"}{end}';
    const lines = (await run("kubectl", "get", "nodes", "-o", `jsonpath=${path}`)).split("\n");
    return Object.fromEntries(
      lines.map((line) => {
        const [node = "", ready = "", address = "", boot = ""] = line.split(" ");
        return [node, { ready: ready === "True", address, boot }] as const;
      }),
    );
  };
  const readiness = async () => Object.fromEntries(Object.entries(await nodes()).map(([node, { ready }]) => [node, ready]));
  /** Boot id of a node once it is Ready with another than `old`; undefined when that takes over five minutes. */
  const anotherBoot = async (node: string, old: string) => {
    for (const end = Date.now() + 300_000; Date.now() < end;) {
      const now = (await nodes())[node]!;
      if (now.ready && now.boot !== old) return now.boot;
    }
    return undefined;
  };
  /** Address of each server by name, as Nova has it from Neutron. */
  const servers = async () => {
    const rows = JSON.parse(await openstack("server", "list", "-f", "json")) as { Name: string; Networks: Record<string, string[]>; Status: string }[];
    return Object.fromEntries(rows.map(({ Name, Networks, Status }) => [Name, { status: Status, address: Object.values(Networks).flat().join() }]));
  };
  /** What a server's machine is called on the host. */
  const machine = async (server: string) =>
    openstack("--os-cloud", "lab-admin", "server", "show", server, "-f", "value", "-c", "OS-EXT-SRV-ATTR:instance_name");
  const state = (host: string) => spawnSync(machineScript, ["state", host], { encoding: "utf8" }).stdout.trim();
  const onHost = (host: string, ...words: string[]) => spawnSync(machineScript, ["enter", host, ...words], { encoding: "utf8" }).stdout.trim();
  /** Mounts and loop devices on the host that lie in the lab's folder. */
  const heldByHost = () => [
    ...readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(folder)),
    ...readdirSync("/sys/block").filter((device) => {
      const file = `/sys/block/${device}/loop/backing_file`;
      return existsSync(file) && readFileSync(file, "utf8").includes(folder);
    }),
  ];

  beforeAll(() => {
    before = hostSettings();
    folder = mkdtempSync("/tmp/lab-");
    const { root, unpacked } = layout(folder);
    mkdirSync(root, { recursive: true });
    cpSync(layout(labFolder()).unpacked, unpacked, { recursive: true });
  });
  afterAll(async () => {
    await lab("down");
    rmSync(folder, { recursive: true, force: true });
  });

  it("become a cluster with `lab:up`, every node Ready at the address that Neutron gave it", async () => {
    const { code, output } = await up("dev", ...small(1));
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    expect(output).toContain('cni: {"kind":"none"');
    expect(await readiness()).toEqual({ "dev-control-plane-0": true, "dev-general-0": true });
    const addresses = Object.fromEntries(Object.entries(await nodes()).map(([node, { address }]) => [node, { status: "ACTIVE", address }]));
    expect(addresses).toEqual(await servers());
  });

  it("have the MAC and MTU of their port, and the id and the user data that Nova keeps", async () => {
    const host = await machine("dev-general-0");
    const [port] = JSON.parse(await openstack("port", "list", "--server", "dev-general-0", "-f", "json")) as { "MAC Address": string }[];
    expect(onHost(host, "cat", "/sys/class/net/eth0/address")).toBe(port!["MAC Address"]);
    expect(onHost(host, "cat", "/sys/class/net/eth0/mtu")).toBe(await openstack("network", "show", "dev", "-f", "value", "-c", "mtu"));
    const drive = "/var/lib/cloud/seed/config_drive/openstack/latest";
    const { uuid } = JSON.parse(onHost(host, "cat", `${drive}/meta_data.json`)) as { uuid: string };
    expect(uuid).toBe(await openstack("server", "show", "dev-general-0", "-f", "value", "-c", "id"));
    const kept = await openstack(
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
    const consoles = [await openstack("console", "log", "show", "dev-control-plane-0"), await openstack("console", "log", "show", "dev-general-0")];
    expect(consoles.map((text) => /openstack-kubernetes: (SUCCESS.*?)\s*$/m.exec(text)?.[1])).toEqual([
      "SUCCESS: dev-control-plane-0 is a control-plane node of dev",
      "SUCCESS: dev-general-0 is a worker node of dev",
    ]);
  });

  it("are added by an `up` after the count was raised, and those that were there are left alone", async () => {
    const old = await nodes();
    const { code, output } = await up("dev", ...small(2));
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    expect(output).toMatch(/Resources:\n\s+\+ 1 created\n\s+\d+ unchanged\n/);
    expect(await readiness()).toEqual({ "dev-control-plane-0": true, "dev-general-0": true, "dev-general-1": true });
    const now = await nodes();
    expect({ ...now, "dev-general-1": undefined }).toEqual({ ...old, "dev-general-1": undefined });
  });

  it("reboot when Nova is asked to, and are Ready again with another boot id", async () => {
    const { "dev-general-1": old } = await nodes();
    await openstack("server", "reboot", "--wait", "dev-general-1");
    expect(await anotherBoot("dev-general-1", old!.boot)).toMatch(/^[0-9a-f-]{36}$/);
    expect(await openstack("server", "show", "dev-general-1", "-f", "value", "-c", "status")).toBe("ACTIVE");
  });

  it("have no process when they are stopped, and come back when they are started", async () => {
    const host = await machine("dev-general-1");
    await openstack("server", "stop", "dev-general-1");
    await eventually("the machine is off", 180, () => (state(host) === "off" && !existsSync(`/run/netns/osk-${host}`)) || undefined);
    await openstack("server", "start", "dev-general-1");
    await eventually("the machine is on", 60, () => state(host) === "on" || undefined);
    expect(onHost(host, "true")).toBe("");
  });

  it("keep their disk when they are resized, and come back from it", async () => {
    const host = await machine("dev-general-1");
    onHost(host, "touch", "/var/tmp/kept");
    await openstack("server", "resize", "--flavor", "m1.xlarge", "--wait", "dev-general-1");
    await openstack("server", "resize", "confirm", "dev-general-1");
    await eventually("the machine is on", 60, () => onHost(host, "ls", "/var/tmp").includes("kept") || undefined);
    expect(state(host)).toBe("on");
  });

  it("are gone after an `up` with a smaller count: server, machine and disk", async () => {
    const host = await machine("dev-general-1");
    const { code, output } = await up("dev", ...small(1));
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    expect(Object.keys(await servers()).sort()).toEqual(["dev-control-plane-0", "dev-general-0"]);
    expect([state(host), existsSync(`/run/netns/osk-${host}`)]).toEqual(["off", false]);
    expect(readdirSync(join(layout(folder).data, "machines", "servers")).filter((entry) => entry.startsWith("dev-general"))).toEqual([
      await machine("dev-general-0"),
    ]);
  });

  it("show why their bootstrap failed in the message of the `up` that waited for them", async () => {
    const nowhere = "http://mirror.site.lab/nothing-is-here";
    const { code, output } = await up(
      "prod",
      ...["controlPlane.replicas=1", "nodePools=[]", "controlPlane.schedulable=true", `packageMirror.kubernetesUrl=${nowhere}`],
      "readiness.apiTimeoutMinutes=3",
    );
    expect(code).not.toBe(0);
    expect(output).toContain("--- console of prod-control-plane-0 ---");
    expect(output).toMatch(/openstack-kubernetes: FAILED: .*nothing-is-here/);
    expect(output).toContain("Stack prod is not complete on the lab: run the command again to continue.");
  });

  it("lose power with the lab and leave nothing on the host; with the lab they come back, and `up` changes nothing", async () => {
    await run("kubectl", "create", "configmap", "kept");
    const old = await nodes();
    expect(await lab("down")).toMatchObject({ code: 0 });
    expect(tracesOnHost()).toEqual([]);
    expect(heldByHost()).toEqual([]);
    expect(hostSettings()).toEqual(before);
    const { code, output } = await up("dev", ...small(1));
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    expect(output).toMatch(/Resources:\n\s+\d+ unchanged\n/);
    expect(await run("kubectl", "get", "configmap", "kept", "-o", "name")).toBe("configmap/kept");
    for (const node of ["dev-control-plane-0", "dev-general-0"]) expect(await anotherBoot(node, old[node]!.boot)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("are not touched by the commands for machines without OpenStack", async () => {
    const { code, output } = await command("scripts/labMachines.ts", "down");
    expect([code, output.trim()]).toEqual([
      1,
      `The machines on this host are those of the lab's OpenStack in ${layout(folder).root}: \`npm run lab -- down\` ends them.`,
    ]);
    expect(state(await machine("dev-general-0"))).toBe("on");
  });

  it("are wiped with the lab", async () => {
    expect(await lab("wipe")).toMatchObject({ code: 0 });
    expect([...tracesOnHost(), ...heldByHost()]).toEqual([]);
    expect(readdirSync(layout(folder).root)).toEqual(["unpacked"]);
  });
}
