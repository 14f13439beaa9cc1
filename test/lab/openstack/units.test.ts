import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labFolder } from "../../../lab/openstack/layout";
import { allUnits, takenPorts } from "../../../lab/openstack/services";
import { environmentOf, labIn, ordered, type Unit } from "../../../lab/openstack/units";

const lab = labIn("/var/lab");
const step = (name: string, ...after: string[]): Unit => ({ kind: "step", name, after, commands: [], repeat: "once" });

describe("the units of the lab", () => {
  it("are put in an order in which each comes after all it needs", () => {
    const place = new Map(ordered(allUnits(lab)).map(({ name }, index) => [name, index]));
    const early = allUnits(lab).flatMap(({ name, after }) =>
      after
        .filter((needed) => (place.get(needed) ?? Infinity) >= (place.get(name) ?? -1))
        .map((needed) => `${name} before ${needed}`),
    );
    expect(early).toEqual([]);
    expect(place.size).toBe(allUnits(lab).length);
  });

  it("end with the content, which needs every API", () => {
    expect(ordered(allUnits(lab)).at(-1)?.name).toBe("content");
  });

  it("tell Nova's and Octavia's drivers where the machines' scripts and folders are, where the lab has machines", () => {
    const withMachines = allUnits({ ...lab, machines: { layers: ["/upper", "/tree"], registryProgram: "/registry" } });
    const environments = withMachines.flatMap(({ name, environment }) =>
      environment?.LAB_LAYERS === undefined ? [] : [[name, environment] as const],
    );
    expect(environments.map(([name]) => name)).toEqual([
      "nova-hypervisor-1",
      "nova-hypervisor-2",
      "nova-hypervisor-3",
      "octavia-worker",
      "balancers",
    ]);
    expect(environments[0]?.[1]).toMatchObject({
      LAB_LAYERS: "/upper:/tree",
      LAB_MACHINES: "/var/lab/openstack/data/machines",
      LAB_BALANCERS: "/var/lab/openstack/data/balancers",
    });
    for (const script of [environments[0]?.[1].LAB_MACHINE, environments[0]?.[1].LAB_DATA_PLANE])
      expect(existsSync(script ?? "")).toBe(true);
    expect(allUnits(lab).filter(({ environment }) => environment?.LAB_LAYERS !== undefined)).toEqual([]);
  });

  it("listen on the ports that OpenStack's own documents name, each once", () => {
    expect(Object.fromEntries(takenPorts(lab).map(({ name, port }) => [`${name} ${port}`, port]))).toEqual({
      "memcached 11211": 11211,
      "epmd 14369": 14369,
      "rabbitmq 5672": 5672,
      "rabbitmq 25672": 25672,
      "keystone 5000": 5000,
      "placement 8778": 8778,
      "glance 9292": 9292,
      "neutron 9696": 9696,
      "nova-api 8774": 8774,
      "cinder-api 8776": 8776,
      "octavia-api 9876": 9876,
    });
  });

  it("keep everything they write below the lab's folder", () => {
    const written = allUnits(lab).flatMap((unit) => [
      ...(unit.fresh ?? []),
      ...Object.entries(environmentOf(lab, { ...unit, secretEnvironment: {} })).flatMap(([name, value]) =>
        /HOME|BASE|PREFIX|_FILE$/.test(name) &&
        name !== "RABBITMQ_CONF_ENV_FILE" &&
        name !== "RABBITMQ_ENABLED_PLUGINS_FILE"
          ? [value]
          : [],
      ),
    ]);
    expect(written.length).toBeGreaterThan(10);
    expect(written.filter((path) => !path.startsWith("/var/lab/openstack/"))).toEqual([]);
  });

  it("put no password on a command line", () => {
    const lines = allUnits(lab).flatMap((unit) =>
      (unit.kind === "service" ? [unit.command] : unit.commands).map((command) => command.join(" ")),
    );
    expect(lines.filter((line) => /password[= ]/.test(line.replace("--auth-root-authentication-method", "")))).toEqual(
      [],
    );
  });

  it("are described without touching the disk", () => {
    const folder = mkdtempSync(join(tmpdir(), "lab-"));
    allUnits(labIn(join(folder, "lab")));
    expect(existsSync(join(folder, "lab"))).toBe(false);
    rmSync(folder, { recursive: true });
  });
});

describe("the order of units", () => {
  it("follows what each needs, whatever the order of the table", () => {
    expect(ordered([step("roof", "walls"), step("walls", "ground"), step("ground")]).map(({ name }) => name)).toEqual([
      "ground",
      "walls",
      "roof",
    ]);
  });

  it("names a unit that is needed and not there", () => {
    expect(() => ordered([step("roof", "walls")])).toThrow("roof is to come after walls, which the lab does not have.");
  });

  it("shows a circle", () => {
    expect(() => ordered([step("hen", "egg"), step("egg", "hen")])).toThrow(
      "Units of the lab wait for each other in a circle: hen -> egg -> hen.",
    );
  });

  it("refuses one name for two units", () => {
    expect(() => ordered([step("a"), step("a")])).toThrow("Two units of the lab have the same name.");
  });
});

describe("the lab's folder", () => {
  it("is the one the environment names, made absolute", () => {
    expect(labFolder({ OPENSTACK_KUBERNETES_LAB: "/srv/lab/" })).toBe("/srv/lab");
  });

  it("lies in the user's cache otherwise", () => {
    expect(labFolder({})).toMatch(/\/\.cache\/openstack-kubernetes\/lab$/);
  });
});
