/**
 * What OpenStack's services have in common: ports, configuration files, databases, and the server that carries an API.
 */
import { join } from "node:path";
import { sql } from "./infrastructure";
import { openstackAddress } from "./machines";
import type { Lab, Step } from "./units";

/** Ports of OpenStack's APIs, the usual ones. */
export const ports = {
  keystone: 5000,
  placement: 8778,
  glance: 9292,
  nova: 8774,
  neutron: 9696,
  cinder: 8776,
  octavia: 9876,
} as const;

/** Where OpenStack's services listen: machines of the lab reach them too, in a network of the lab's own. */
export const listenAddress = ({ machines }: Pick<Lab, "machines">) =>
  machines === undefined ? "127.0.0.1" : "0.0.0.0";

/** Where a cloud's users find its APIs. */
export const publicHost = ({ machines }: Pick<Lab, "machines">) =>
  machines === undefined ? "127.0.0.1" : openstackAddress;

/** Base URL of an API, for the lab's own services. */
export const apiUrl = (api: keyof typeof ports) => `http://127.0.0.1:${ports[api]}`;

/** Options that name configuration files of the lab. */
export function configuration(lab: Lab, ...files: string[]): string[] {
  return files.flatMap((file) => ["--config-file", join(lab.etc, file)]);
}

/** A schema is made from nothing or not at all: a migration that was cut off cannot be continued. */
export function schema(
  lab: Lab,
  name: string,
  databases: readonly string[],
  commands: readonly (readonly string[])[],
  after: readonly string[] = [],
): Step {
  const create = databases
    .map((database) => `DROP DATABASE IF EXISTS ${database}; CREATE DATABASE ${database} CHARACTER SET utf8mb3;`)
    .join(" ");
  return {
    kind: "step",
    name,
    after: ["mariadb", ...after],
    commands: [sql(lab, create), ...commands],
    repeat: "once",
  };
}

/** Serves a WSGI program at a port. */
export function uwsgi(lab: Lab, port: number, program: string, processes: number, threads: number): string[] {
  return [
    "uwsgi_python3",
    "--master",
    "--die-on-term",
    "--lazy-apps",
    "--enable-threads",
    "--need-app",
    "--disable-logging",
    "--buffer-size=65535",
    "--listen=100",
    // uwsgi does not keep connections; clients that believe so would wait for an answer on a closed one.
    "--add-header=Connection: close",
    // Not all addresses: the site's mirror of images has Keystone's port at its own.
    ...new Set(["127.0.0.1", publicHost(lab)].map((host) => `--http-socket=${host}:${port}`)),
    `--processes=${processes}`,
    `--threads=${threads}`,
    `--wsgi-file=${program}`,
  ];
}
