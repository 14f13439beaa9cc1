/** What OpenStack itself stands on: message queue, databases, cache, and OVN without Open vSwitch. */
import { join } from "node:path";
import { hypervisorNames, type Lab, type Service, type Unit } from "./units";

/** Socket of MariaDB: it listens on no port, so that another database on the machine is not in its way. */
export const mariadbSocket = (lab: Lab) => join(lab.run, "mariadb.sock");
/** OVN's databases, as OVN's programs and Neutron name them. */
export const ovnDatabase = (lab: Lab, side: "nb" | "sb") => `unix:${join(lab.run, `ovn${side}.sock`)}`;

/** The SQL client, with a statement to execute. */
export function sql(lab: Lab, statement: string): string[] {
  return [
    "mariadb",
    "--no-defaults",
    "--user=root",
    `--socket=${mariadbSocket(lab)}`,
    "--batch",
    "--skip-column-names",
    `--execute=${statement}`,
  ];
}

const epmdPort = 14369;

/** Services and steps below OpenStack. */
export function infrastructure(lab: Lab): Unit[] {
  return [
    {
      kind: "service",
      name: "memcached",
      after: [],
      command: ["memcached", "-u", "root", "-l", "127.0.0.1", "-p", "11211", "-U", "0", "-m", "128", "-c", "4096"],
      port: 11211,
      ready: { kind: "tcp", port: 11211 },
    },
    // RabbitMQ would start a port mapper that outlives it; started beforehand, on a port of its own, it is ours to
    // stop.
    {
      kind: "service",
      name: "epmd",
      after: [],
      command: ["epmd", "-address", "127.0.0.1", "-port", String(epmdPort)],
      port: epmdPort,
      ready: { kind: "tcp", port: epmdPort },
    },
    rabbitmq(lab),
    {
      kind: "step",
      name: "mariadb-files",
      after: [],
      fresh: [join(lab.data, "mysql")],
      commands: [
        [
          "mariadb-install-db",
          "--no-defaults",
          "--user=root",
          `--datadir=${join(lab.data, "mysql")}`,
          "--auth-root-authentication-method=normal",
          "--skip-test-db",
        ],
      ],
      repeat: "once",
    },
    mariadb(lab),
    ...(["nb", "sb"] as const).flatMap((side) => ovnDatabaseUnits(lab, side)),
    {
      kind: "service",
      name: "ovn-northd",
      after: ["ovn-nb", "ovn-sb"],
      command: [
        "ovn-northd",
        `--ovnnb-db=${ovnDatabase(lab, "nb")}`,
        `--ovnsb-db=${ovnDatabase(lab, "sb")}`,
        `--unixctl=${join(lab.run, "northd.ctl")}`,
      ],
      ready: { kind: "socket", path: join(lab.run, "northd.ctl") },
    },
    {
      kind: "step",
      name: "ovn-global",
      after: ["ovn-northd"],
      commands: [
        ["ovn-nbctl", `--db=${ovnDatabase(lab, "nb")}`, "--no-wait", "init"],
        ["ovn-sbctl", `--db=${ovnDatabase(lab, "sb")}`, "init"],
      ],
      repeat: "always",
    },
    {
      kind: "service",
      name: "ovn-controllers",
      after: ["ovn-global"],
      command: ["/usr/bin/python3", "-m", "ovn_controllers", ovnDatabase(lab, "sb"), ...hypervisorNames(lab)],
      ready: { kind: "log", text: "chassis registered" },
    },
  ];
}

/**
 * Its data is thrown away at each start: OpenStack's queues do not outlive their connections, and a database that was
 * cut off half written is the one thing that keeps RabbitMQ from coming back.
 */
function rabbitmq(lab: Lab): Service {
  return {
    kind: "service",
    name: "rabbitmq",
    after: ["epmd"],
    fresh: [join(lab.data, "rabbitmq")],
    command: ["/usr/lib/rabbitmq/bin/rabbitmq-server"],
    environment: {
      HOME: join(lab.data),
      ERL_EPMD_PORT: String(epmdPort),
      ERL_EPMD_ADDRESS: "127.0.0.1",
      RABBITMQ_NODENAME: "lab@localhost",
      RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
      RABBITMQ_DIST_PORT: "25672",
      RABBITMQ_MNESIA_BASE: join(lab.data, "rabbitmq"),
      RABBITMQ_LOG_BASE: lab.log,
      RABBITMQ_LOGS: "-",
      RABBITMQ_CONFIG_FILE: join(lab.etc, "rabbitmq.conf"),
      RABBITMQ_CONF_ENV_FILE: "/dev/null",
      RABBITMQ_ENABLED_PLUGINS_FILE: "/dev/null",
      RABBITMQ_PID_FILE: join(lab.run, "rabbitmq.pid"),
      // Erlang's schedulers spin while idle unless told not to; and its distribution would listen on all interfaces.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
        "+sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}",
    },
    port: 5672,
    ready: { kind: "tcp", port: 5672 },
  };
}

/** Durability is traded for speed: the lab's data may be lost when the machine, not only MariaDB, loses power. */
function mariadb(lab: Lab): Service {
  return {
    kind: "service",
    name: "mariadb",
    after: ["mariadb-files"],
    command: [
      "mariadbd",
      "--no-defaults",
      "--user=root",
      `--datadir=${join(lab.data, "mysql")}`,
      `--socket=${mariadbSocket(lab)}`,
      `--pid-file=${join(lab.run, "mariadb.pid")}`,
      "--skip-networking",
      "--skip-name-resolve",
      "--skip-log-bin",
      "--max-connections=2000",
      "--innodb-buffer-pool-size=512M",
      "--innodb-flush-log-at-trx-commit=0",
      "--innodb-doublewrite=0",
      "--performance-schema=0",
      "--character-set-server=utf8mb3",
      "--transaction-isolation=READ-COMMITTED",
    ],
    ready: { kind: "socket", path: mariadbSocket(lab) },
  };
}

function ovnDatabaseUnits(lab: Lab, side: "nb" | "sb"): Unit[] {
  const file = join(lab.data, `ovn${side}.db`);
  const schema = side === "nb" ? "OVN_Northbound" : "OVN_Southbound";
  const globals = side === "nb" ? "NB_Global" : "SB_Global";
  return [
    {
      kind: "step",
      name: `ovn-${side}-file`,
      after: [],
      fresh: [file, join(lab.data, `.ovn${side}.db.~lock~`)],
      commands: [["ovsdb-tool", "create", file, `/usr/share/ovn/ovn-${side}.ovsschema`]],
      repeat: "once",
    },
    {
      kind: "service",
      name: `ovn-${side}`,
      after: [`ovn-${side}-file`],
      command: [
        "ovsdb-server",
        `--remote=p${ovnDatabase(lab, side)}`,
        `--remote=db:${schema},${globals},connections`,
        `--unixctl=${join(lab.run, `ovn${side}.ctl`)}`,
        file,
      ],
      ready: { kind: "socket", path: join(lab.run, `ovn${side}.sock`) },
    },
  ];
}
