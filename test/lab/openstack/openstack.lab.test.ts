/**
 * The lab's own behaviour, on a second lab in a folder and a network namespace of its own: the user's lab, if one runs,
 * is not touched. Takes about five minutes and 3 GB of memory. Not proven: installing the packages (they are there
 * already).
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { labFolder, layout } from "../../../lab/openstack/layout";
import { installedPackages, unpackedPresent } from "../../../lab/openstack/packages";
import { allUnits } from "../../../lab/openstack/services";
import { labIn } from "../../../lab/openstack/units";
import { describeUnless } from "../../describeUnless";

jest.setTimeout(10 * 60_000);

const checkout = join(__dirname, "..", "..", "..");

function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "it needs root";
  if (!existsSync("/etc/os-release") || !readFileSync("/etc/os-release", "utf8").includes("VERSION_CODENAME=bookworm"))
    return "this is not Debian 12";
  const installed = spawnSync("dpkg-query", ["-W", "-f", "${db:Status-Status}\\n", ...installedPackages], {
    encoding: "utf8",
  });
  if (installed.status !== 0 || !unpackedPresent(layout(labFolder())))
    return "the lab's packages are not installed (`npm run lab -- up` installs them)";
  if (spawnSync("unshare", ["--net", "true"]).status !== 0) return "this machine allows no network namespaces";
  return undefined;
}

describeUnless(obstacle(), "the lab of OpenStack", () => {
  let folder: string;
  let namespace: ChildProcess;
  const names = allUnits(labIn("/")).flatMap((unit) => (unit.kind === "service" ? [unit.name] : []));

  /** A command in the second lab's network namespace. */
  const inside = (command: string, args: readonly string[]) => {
    const child = spawn("nsenter", [`--net=/proc/${namespace.pid}/ns/net`, command, ...args], {
      cwd: checkout,
      env: { ...process.env, OPENSTACK_KUBERNETES_LAB: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const result = new Promise<{ code: number | null; output: string }>((fulfil) =>
      child.on("close", (code) => fulfil({ code, output })),
    );
    return { child, result };
  };
  const lab = (...args: string[]) =>
    inside(process.execPath, ["-r", "./scripts/typescript.js", "scripts/lab.ts", ...args]);
  const openstack = async (cloud: string, ...args: string[]) => {
    const { code, output } = await inside("env", [
      `OS_CLIENT_CONFIG_FILE=${layout(folder).cloudsYaml}`,
      `OS_CLOUD=${cloud}`,
      "/usr/bin/openstack",
      ...args,
    ]).result;
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    return output.trim();
  };
  const states = async () => {
    const { code, output } = await lab("status").result;
    const lines = output.split("\n").flatMap((line) => {
      const [name = "", state = "", , pid = ""] = line.trim().split(/\s+/);
      return names.includes(name) ? [[name, { state, pid }] as const] : [];
    });
    return { code, services: Object.fromEntries(lines) };
  };
  /**
   * Processes in the second lab's network namespace, but for the one that holds it. Zombies hold nothing and are not
   * counted.
   */
  const processesInside = () => {
    const wanted = readlinkSync(`/proc/${namespace.pid}/ns/net`);
    return readdirSync("/proc").filter((pid) => {
      try {
        return (
          /^\d+$/.test(pid) &&
          Number(pid) !== namespace.pid &&
          readlinkSync(`/proc/${pid}/ns/net`) === wanted &&
          readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] !== "Z"
        );
      } catch {
        return false;
      }
    });
  };

  beforeAll(async () => {
    folder = mkdtempSync("/tmp/lab-");
    const { root, unpacked } = layout(folder);
    mkdirSync(root, { recursive: true });
    cpSync(layout(labFolder()).unpacked, unpacked, { recursive: true });
    namespace = spawn("unshare", ["--net", "sh", "-c", "ip link set lo up && exec sleep infinity"], {
      stdio: "ignore",
    });
    await new Promise((fulfil) => setTimeout(fulfil, 500));
  });
  afterAll(async () => {
    await lab("down").result;
    namespace.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  it("tells, without changing anything, that nothing runs", async () => {
    const { code, services } = await states();
    expect(code).toBe(3);
    expect(new Set(Object.values(services).map(({ state }) => state))).toEqual(new Set(["stopped"]));
    expect(readdirSync(layout(folder).root)).toEqual(["unpacked"]);
  });

  it("refuses to start beside a program that holds its port, and says which port", async () => {
    const { child } = inside("python3", ["-m", "http.server", "--bind", "127.0.0.1", "5000"]);
    await new Promise((fulfil) => setTimeout(fulfil, 1500));
    const { code, output } = await lab("up").result;
    child.kill("SIGKILL");
    expect(code).toBe(1);
    expect(output).toContain("Port 5000 of 127.0.0.1, which the lab needs for keystone, is taken by another program");
    expect(output).not.toContain("at Object.");
  });

  it("comes up although it was killed three times on its way", async () => {
    for (const seconds of [2, 9, 25]) {
      const { child, result } = lab("up");
      await new Promise((fulfil) => setTimeout(fulfil, seconds * 1000));
      child.kill("SIGKILL");
      await result;
    }
    const { code, output } = await lab("up").result;
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    expect(output).toContain("The lab is up.");
    const { code: status, services } = await states();
    expect(status).toBe(0);
    expect(Object.keys(services).sort()).toEqual([...names].sort());
  });

  it("starts nothing anew when it is up already", async () => {
    const before = await states();
    const { code } = await lab("up").result;
    expect(code).toBe(0);
    expect(await states()).toEqual(before);
  });

  it("lets a tenant in by application credential, from a file that nobody else may read", async () => {
    expect(statSync(layout(folder).cloudsYaml).mode & 0o777).toBe(0o600);
    expect((await openstack("lab", "flavor", "list", "-f", "value", "-c", "Name")).split("\n").sort()).toEqual([
      "m1.2xlarge",
      "m1.large",
      "m1.medium",
      "m1.small",
      "m1.xlarge",
    ]);
    expect(await openstack("lab", "network", "list", "--external", "-f", "value", "-c", "Name")).toBe("public");
    expect(
      (await openstack("lab", "availability", "zone", "list", "--compute", "-f", "value", "-c", "Zone Name"))
        .split("\n")
        .filter((zone) => zone.startsWith("az"))
        .sort(),
    ).toEqual(["az1", "az2", "az3"]);
  });

  it("makes a machine ACTIVE, its disk a volume", async () => {
    await openstack("lab", "network", "create", "n");
    await openstack("lab", "subnet", "create", "s", "--network", "n", "--subnet-range", "10.9.0.0/24");
    const wishes = [
      "--flavor",
      "m1.small",
      "--image",
      "debian-12",
      "--boot-from-volume",
      "20",
      "--network",
      "n",
      "--wait",
    ];
    expect(await openstack("lab", "server", "create", ...wishes, "m", "-f", "value", "-c", "status")).toBe("ACTIVE");
    expect(await openstack("lab", "volume", "list", "-f", "value", "-c", "Status", "-c", "Size")).toBe("in-use 20");
  });

  it("sets the quotas it is told, and refuses one it does not know", async () => {
    expect((await lab("up", "--quota", "cores=7").result).code).toBe(0);
    expect(await openstack("lab", "quota", "show", "-f", "value", "-c", "cores")).toBe("7");
    const { code, output } = await lab("up", "--quota", "wishes=3").result;
    expect(code).toBe(1);
    expect(output).toContain("There is no quota wishes; there are: instances, cores,");
  });

  it("shows a service that was killed, and starts it again", async () => {
    const { services } = await states();
    process.kill(-Number(services.neutron?.pid), "SIGKILL");
    const after = await states();
    expect([after.code, after.services.neutron?.state]).toEqual([3, "stopped"]);
    expect((await lab("up").result).code).toBe(0);
    expect((await states()).code).toBe(0);
    expect(await openstack("lab", "server", "list", "-f", "value", "-c", "Status")).toBe("ACTIVE");
  });

  it("leaves no process when it is brought down, and has its data when it comes up again", async () => {
    expect(processesInside().length).toBeGreaterThan(names.length);
    expect((await lab("down").result).code).toBe(0);
    expect(processesInside()).toEqual([]);
    expect((await lab("up").result).code).toBe(0);
    expect(await openstack("lab", "server", "list", "-f", "value", "-c", "Name", "-c", "Status")).toBe("m ACTIVE");
  });

  it("keeps only the unpacked packages when it is wiped", async () => {
    expect((await lab("wipe").result).code).toBe(0);
    expect(processesInside()).toEqual([]);
    expect(readdirSync(layout(folder).root)).toEqual(["unpacked"]);
    expect((await lab("env").result).output).toContain(
      "The lab has no credentials yet: run `npm run lab -- up` first.",
    );
  });
});
