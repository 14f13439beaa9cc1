/** The services' configuration files: templates of `etc/`, filled in. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listenAddress, publicHost } from "./apis";
import { mariadbSocket, ovnDatabase } from "./infrastructure";
import { sources } from "./layout";
import { loadSecrets, type Secrets } from "./secrets";
import { hypervisorNames, type Lab } from "./units";

/**
 * Replaces each `{{name}}` of a template by its value.
 * Errors: names the placeholder that has no value.
 */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{([^}]*)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined)
      throw new Error(
        `The template uses {{${name}}}, which has no value. There are: ${Object.keys(values).join(", ")}.`,
      );
    return value;
  });
}

/** Sections in which a service finds how to call others: by service. */
const clientSections: Readonly<Record<string, readonly string[]>> = {
  glance: [],
  placement: [],
  nova: ["neutron", "placement", "cinder"],
  neutron: ["nova", "placement"],
  cinder: ["nova", "service_user"],
  octavia: ["service_auth", "neutron", "nova", "glance"],
};

/** All configuration files of a lab: name to content. Pure, but for reading the templates. */
export function renderConfiguration(lab: Lab, secrets: Secrets): Record<string, string> {
  const template = (name: string) => readFileSync(join(sources.templates, name), "utf8");
  const databases = ["keystone", "glance", "placement", "nova_api", "nova_cell1", "neutron", "cinder", "octavia"];
  const values: Record<string, string> = {
    data: lab.data,
    unpacked: lab.unpacked,
    password: secrets.password,
    passphrase: secrets.passphrase,
    listen: listenAddress(lab),
    publicHost: publicHost(lab),
    queue: `rabbit://lab:${secrets.password}@127.0.0.1:5672/`,
    "ovn:nb": ovnDatabase(lab, "nb"),
    "ovn:sb": ovnDatabase(lab, "sb"),
    computeDriver: lab.machines === undefined ? "fake.FakeDriver" : "lab_nova.MachinesDriver",
    amphoraDriver: lab.machines === undefined ? "amphora_noop_driver" : "lab_amphora_driver",
  };
  for (const name of databases)
    values[`database:${name}`] =
      `mysql+pymysql://root@localhost/${name}?unix_socket=${mariadbSocket(lab)}&charset=utf8`;
  const fileOf = (service: string) => (service === "glance" ? "glance-api.conf" : `${service}.conf`);
  const files: Record<string, string> = {};
  for (const [service, sections] of Object.entries(clientSections)) {
    const own = { ...values, service };
    const clients = sections.map((section) => fill(template("client.conf"), { ...own, section }));
    files[fileOf(service)] = [
      fill(template(fileOf(service)), own),
      fill(template("shared.conf"), own),
      ...clients,
    ].join("\n");
  }
  for (const name of ["keystone.conf", "ml2.ini", "rabbitmq.conf"]) files[name] = fill(template(name), values);
  for (const host of hypervisorNames(lab))
    files[`nova-${host}.conf`] = fill(template("nova-hypervisor.conf"), { ...values, host });
  return files;
}

/** Folders the services expect to find. */
function dataFolders(lab: Lab): string[] {
  const folders = [
    "tmp",
    "locks",
    "glance/images",
    "glance/tasks",
    "glance/staging",
    "nova",
    "neutron",
    "cinder",
    "octavia",
    "site",
    ...hypervisorNames(lab),
  ];
  return [lab.etc, lab.log, lab.run, lab.done, lab.state, ...folders.map((name) => join(lab.data, name))];
}

/** Writes all configuration files; only root may read them. */
export function writeConfiguration(lab: Lab): void {
  for (const folder of dataFolders(lab)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const secrets = loadSecrets(lab);
  for (const [name, content] of Object.entries(renderConfiguration(lab, secrets)))
    writeFileSync(join(lab.etc, name), content, { mode: 0o600 });
  writeFileSync(lab.passphrase, secrets.passphrase, { mode: 0o600 });
}
