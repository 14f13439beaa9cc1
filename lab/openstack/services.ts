/** OpenStack itself: the table of its services, with what each needs and how one sees that it serves. */
import { join } from "node:path";
import { apiUrl, configuration, ports, publicHost, schema, uwsgi } from "./apis";
import { infrastructure, mariadbSocket } from "./infrastructure";
import { sources } from "./layout";
import { driverEnvironment } from "./machines";
import { siteUnits } from "./siteServices";
import { hypervisorNames, type Lab, pythonCommand, type Service, type Step, type Unit } from "./units";

/** Everything the lab runs and does, in no particular order. */
export function allUnits(lab: Lab): Unit[] {
  return [
    ...infrastructure(lab),
    ...keystone(lab),
    ...placement(lab),
    ...glance(lab),
    ...neutron(lab),
    ...nova(lab),
    ...cinder(lab),
    ...octavia(lab),
    ...siteUnits(lab),
    content(lab),
  ];
}

/** Ports that the lab listens on, with the unit that does. */
export function takenPorts(lab: Lab): { port: number; name: string }[] {
  const listening = allUnits(lab).flatMap((unit) =>
    unit.kind === "service" && unit.port !== undefined ? [{ port: unit.port, name: unit.name }] : [],
  );
  return [...listening, { port: 25672, name: "rabbitmq" }];
}

function keystone(lab: Lab): Unit[] {
  const manage = (...args: string[]) =>
    pythonCommand("keystone-manage", ...configuration(lab, "keystone.conf"), ...args);
  const asRoot = ["--keystone-user", "root", "--keystone-group", "root"];
  const url = `${apiUrl("keystone")}/v3`;
  const endpoints = ["public", "internal", "admin"].flatMap((kind) => [`--bootstrap-${kind}-url`, url]);
  return [
    {
      ...schema(
        lab,
        "keystone-schema",
        ["keystone"],
        [
          manage("db_sync"),
          manage("fernet_setup", ...asRoot),
          manage("credential_setup", ...asRoot),
          // The password comes from the environment, OS_BOOTSTRAP_PASSWORD: command lines are seen by every user of the
          // machine.
          manage(
            "bootstrap",
            "--bootstrap-username",
            "admin",
            "--bootstrap-project-name",
            "admin",
            "--bootstrap-region-id",
            "RegionOne",
            "--bootstrap-service-name",
            "keystone",
            ...endpoints,
          ),
        ],
      ),
      fresh: [join(lab.data, "keystone")],
      secretEnvironment: { OS_BOOTSTRAP_PASSWORD: "password" },
    },
    {
      kind: "service",
      name: "keystone",
      after: ["keystone-schema", "memcached"],
      command: uwsgi(lab, ports.keystone, "/usr/bin/keystone-wsgi-public", 2, 4),
      environment: { OS_KEYSTONE_CONFIG_FILES: join(lab.etc, "keystone.conf") },
      port: ports.keystone,
      ready: { kind: "http", url },
    },
    {
      kind: "step",
      name: "identity",
      after: ["keystone"],
      commands: [contentCommand("identity")],
      environment: { LAB_PUBLIC_HOST: publicHost(lab) },
      repeat: "always",
    },
  ];
}

function placement(lab: Lab): Unit[] {
  return [
    schema(
      lab,
      "placement-schema",
      ["placement"],
      [pythonCommand("placement-manage", ...configuration(lab, "placement.conf"), "db", "sync")],
    ),
    {
      kind: "service",
      name: "placement",
      after: ["placement-schema", "identity"],
      command: uwsgi(lab, ports.placement, "/usr/bin/placement-api", 1, 8),
      environment: { OS_PLACEMENT_CONFIG_DIR: lab.etc },
      port: ports.placement,
      ready: { kind: "http", url: apiUrl("placement") },
    },
  ];
}

function glance(lab: Lab): Unit[] {
  const conf = configuration(lab, "glance-api.conf");
  return [
    schema(lab, "glance-schema", ["glance"], [pythonCommand("glance-manage", ...conf, "db_sync")]),
    {
      kind: "service",
      name: "glance",
      after: ["glance-schema", "identity"],
      command: pythonCommand("glance-api", ...conf),
      port: ports.glance,
      ready: { kind: "http", url: `${apiUrl("glance")}/` },
    },
  ];
}

function neutron(lab: Lab): Unit[] {
  const conf = configuration(lab, "neutron.conf", "ml2.ini");
  return [
    schema(lab, "neutron-schema", ["neutron"], [pythonCommand("neutron-db-manage", ...conf, "upgrade", "heads")]),
    {
      kind: "service",
      name: "neutron",
      after: ["neutron-schema", "identity", "rabbitmq", "ovn-controllers"],
      command: pythonCommand("neutron-server", ...conf),
      port: ports.neutron,
      ready: { kind: "http", url: `${apiUrl("neutron")}/` },
    },
  ];
}

function nova(lab: Lab): Unit[] {
  const conf = configuration(lab, "nova.conf");
  const manage = (...args: string[]) => pythonCommand("nova-manage", ...conf, ...args);
  const cell0 = `mysql+pymysql://root@localhost/nova_cell0?unix_socket=${mariadbSocket(lab)}&charset=utf8`;
  const daemon = (name: string, after: string[]): Service => ({
    kind: "service",
    name,
    after,
    command: pythonCommand(name, ...conf),
    ready: { kind: "report", database: "nova_cell1", binary: name, host: "controller" },
  });
  const compute =
    lab.machines === undefined ? pythonCommand("nova-compute") : ["/usr/bin/python3", "-m", "nova_compute"];
  const computes = hypervisorNames(lab).map((host): Service => ({
    kind: "service",
    name: `nova-${host}`,
    // A compute service gives up when nobody answers its first question.
    after: ["nova-conductor", "placement"],
    command: [...compute, ...conf, ...configuration(lab, `nova-${host}.conf`)],
    environment: lab.machines && driverEnvironment(lab, lab.machines),
    ready: { kind: "report", database: "nova_cell1", binary: "nova-compute", host },
  }));
  return [
    schema(
      lab,
      "nova-schema",
      ["nova_api", "nova_cell0", "nova_cell1"],
      [
        manage("api_db", "sync"),
        manage("cell_v2", "map_cell0", "--database_connection", cell0),
        manage("db", "sync"),
        manage("cell_v2", "create_cell", "--name=cell1"),
      ],
    ),
    // They ask Keystone's catalogue for Placement when they start, and end when Placement does not answer there.
    daemon("nova-conductor", ["nova-schema", "rabbitmq", "placement"]),
    daemon("nova-scheduler", ["nova-schema", "rabbitmq", "placement"]),
    {
      kind: "service",
      name: "nova-api",
      after: ["nova-schema", "rabbitmq", "placement"],
      command: pythonCommand("nova-api-os-compute", ...conf),
      port: ports.nova,
      ready: { kind: "http", url: `${apiUrl("nova")}/` },
    },
    ...computes,
    {
      kind: "step",
      name: "nova-cell-hosts",
      after: computes.map(({ name }) => name),
      commands: [manage("cell_v2", "discover_hosts")],
      repeat: "always",
    },
  ];
}

function cinder(lab: Lab): Unit[] {
  const conf = configuration(lab, "cinder.conf");
  const daemon = (name: string, host: string): Service => ({
    kind: "service",
    name,
    after: ["cinder-schema", "rabbitmq", "identity"],
    command: pythonCommand(name, ...conf),
    ready: { kind: "report", database: "cinder", binary: name, host },
  });
  return [
    schema(lab, "cinder-schema", ["cinder"], [pythonCommand("cinder-manage", ...conf, "db", "sync")]),
    {
      kind: "service",
      name: "cinder-api",
      after: ["cinder-schema", "rabbitmq", "identity"],
      command: [
        ...uwsgi(lab, ports.cinder, join(lab.unpacked, "usr/bin/cinder-wsgi"), 1, 4),
        `--pyargv=${conf.join(" ")}`,
      ],
      port: ports.cinder,
      ready: { kind: "http", url: `${apiUrl("cinder")}/` },
    },
    daemon("cinder-scheduler", "controller"),
    daemon("cinder-volume", "controller@nothing"),
  ];
}

function octavia(lab: Lab): Unit[] {
  const conf = configuration(lab, "octavia.conf");
  const authority = (kind: string) => join(lab.data, "octavia", `ca.${kind}`);
  return [
    {
      kind: "step",
      name: "octavia-authority",
      after: [],
      commands: [
        [
          "openssl",
          "req",
          "-x509",
          "-newkey",
          "rsa:2048",
          "-nodes",
          "-keyout",
          authority("key"),
          "-out",
          authority("pem"),
          "-days",
          "3650",
          "-subj",
          "/CN=lab",
        ],
      ],
      repeat: "once",
    },
    schema(lab, "octavia-schema", ["octavia"], [pythonCommand("octavia-db-manage", ...conf, "upgrade", "head")]),
    {
      kind: "service",
      name: "octavia-worker",
      after: ["octavia-schema", "octavia-authority", "rabbitmq", "identity"],
      command: pythonCommand("octavia-worker", ...conf),
      environment: lab.machines && driverEnvironment(lab, lab.machines),
      ready: { kind: "log", text: "Starting V2 consumer" },
    },
    {
      kind: "service",
      name: "octavia-api",
      after: ["octavia-schema", "rabbitmq", "identity"],
      command: [...uwsgi(lab, ports.octavia, "/usr/bin/octavia-wsgi", 1, 4), `--pyargv=${conf.join(" ")}`],
      port: ports.octavia,
      ready: { kind: "http", url: `${apiUrl("octavia")}/` },
    },
  ];
}

/** What a tenant of a cloud finds there: flavors, images, external network, zones, quotas. */
function content(lab: Lab): Step {
  return {
    kind: "step",
    name: "content",
    after: [
      "glance",
      "neutron",
      "nova-api",
      "nova-scheduler",
      "nova-cell-hosts",
      "cinder-api",
      "cinder-volume",
      "cinder-scheduler",
      "octavia-api",
      "octavia-worker",
    ],
    commands: [[...contentCommand("content"), JSON.stringify(lab.quotas)]],
    repeat: "always",
  };
}

function contentCommand(part: "identity" | "content"): string[] {
  return ["/usr/bin/python3", join(sources.python, "content.py"), part];
}
