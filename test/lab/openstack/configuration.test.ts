import { fill, renderConfiguration } from "../../../lab/openstack/configuration";
import { labIn } from "../../../lab/openstack/units";

const secrets = { password: "PASSWORD", userPassword: "USER", passphrase: "PASSPHRASE" };
const files = renderConfiguration(labIn("/var/lab"), secrets);
const onMachines = { ...labIn("/var/lab"), machines: { layers: ["/tree"], registryProgram: "/registry" } };

/** Sections of an INI file, each with its lines of the form key = value. */
function sections(text: string): Record<string, Record<string, string>> {
  const result: Record<string, Record<string, string>> = {};
  let current = "";
  for (const line of text.split("\n")) {
    const header = /^\[(.+)\]$/.exec(line);
    const [, key, value] = /^([a-z_.0-9]+) =\s*(.*)$/.exec(line) ?? [];
    if (header?.[1]) result[(current = header[1])] ??= {};
    else if (key) {
      if (result[current]?.[key] !== undefined) throw new Error(`[${current}] ${key} is set twice`);
      (result[current] ??= {})[key] = value ?? "";
    }
  }
  return result;
}

describe("the configuration of the lab's services", () => {
  it("is one file per service, and one per hypervisor", () => {
    expect(Object.keys(files).sort()).toEqual([
      "cinder.conf",
      "glance-api.conf",
      "keystone.conf",
      "ml2.ini",
      "neutron.conf",
      "nova-hypervisor-1.conf",
      "nova-hypervisor-2.conf",
      "nova-hypervisor-3.conf",
      "nova.conf",
      "octavia.conf",
      "placement.conf",
      "rabbitmq.conf",
    ]);
  });

  it.each(Object.keys(files))("leaves no placeholder and sets nothing twice in %s", (name) => {
    expect(files[name]).not.toContain("{{");
    expect(Object.keys(sections(files[name] ?? "")).length).toBeGreaterThan(0);
  });

  it("lets each service log in as itself", () => {
    const users = ["glance-api.conf", "placement.conf", "nova.conf", "neutron.conf", "cinder.conf", "octavia.conf"].map(
      (name) => sections(files[name] ?? "").keystone_authtoken?.username,
    );
    expect(users).toEqual(["glance", "placement", "nova", "neutron", "cinder", "octavia"]);
  });

  it("gives Nova what it needs to call Neutron, Placement and Cinder as itself", () => {
    const nova = sections(files["nova.conf"] ?? "");
    expect(
      ["neutron", "placement", "cinder"].map((section) => [nova[section]?.username, nova[section]?.password]),
    ).toEqual(Array(3).fill(["nova", "PASSWORD"]));
  });

  it("keeps every database on MariaDB's private socket", () => {
    const connections = Object.values(files).flatMap((text) =>
      [...text.matchAll(/^connection = (.*)$/gm)].map(([, url]) => url),
    );
    expect(connections).toHaveLength(8);
    expect(connections.filter((url) => !url?.includes("unix_socket=/var/lab/openstack/run/mariadb.sock"))).toEqual([]);
  });

  it("listens on no address but 127.0.0.1, unless machines in a network of the lab's own ask too", () => {
    const hosts = (rendered: Record<string, string>) =>
      new Set(
        Object.values(rendered).flatMap((text) =>
          [...text.matchAll(/^(?:bind_host|osapi_compute_listen|my_ip) = (.*)$/gm)].map(([, host]) => host),
        ),
      );
    expect(hosts(files)).toEqual(new Set(["127.0.0.1"]));
    expect(hosts(renderConfiguration(onMachines, secrets))).toEqual(new Set(["0.0.0.0", "127.0.0.1"]));
  });

  it("has drivers that only keep books, and those that run machines and haproxy where the lab has machines", () => {
    const drivers = (rendered: Record<string, string>) => [
      sections(rendered["nova.conf"] ?? "").DEFAULT?.compute_driver,
      sections(rendered["octavia.conf"] ?? "").controller_worker?.amphora_driver,
    ];
    expect(drivers(files)).toEqual(["fake.FakeDriver", "amphora_noop_driver"]);
    expect(drivers(renderConfiguration(onMachines, secrets))).toEqual([
      "lab_nova.MachinesDriver",
      "lab_amphora_driver",
    ]);
  });

  it("gives each hypervisor its own name", () => {
    expect(sections(files["nova-hypervisor-2.conf"] ?? "").DEFAULT).toEqual({
      host: "hypervisor-2",
      state_path: "/var/lab/openstack/data/hypervisor-2",
    });
  });
});

describe("a template", () => {
  it("is filled in wherever a value is named", () => {
    expect(fill("{{a}}-{{b}}-{{a}}", { a: "1", b: "2" })).toBe("1-2-1");
  });

  it("that names a value nobody has is an error, which says what there is", () => {
    expect(() => fill("x = {{nothing}}", { something: "1" })).toThrow(
      "The template uses {{nothing}}, which has no value. There are: something.",
    );
  });
});
