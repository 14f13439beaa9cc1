/** The lab's commands: up, status, down, wipe, env. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { writeConfiguration } from "./configuration";
import { locked } from "./lock";
import { outsideNetwork, stopNetwork } from "./machines";
import {
  installationSize,
  installPackages,
  missingPackages,
  restorePolicy,
  unpackedPresent,
  unpackPackages,
} from "./packages";
import { inspectMachine, problems } from "./preflight";
import { serves } from "./probes";
import { processesByUnit, runningLeader, stopEverything, stopUnits } from "./processes";
import { bringUp } from "./schedule";
import { allUnits } from "./services";
import { type Lab, ordered, type Service } from "./units";

/** Prints a line for people; `npm run lab` writes them to standard error, so that `env` can be piped. */
type Say = (line: string) => void;

/** What `up` is told. */
interface UpOptions {
  /** Install packages without asking. */
  readonly yes: boolean;
  readonly stopped: AbortSignal;
}

/**
 * Installs what is missing, starts what does not run, and fills in what a tenant needs; all of it can be repeated.
 * Errors: everything that speaks against the machine, at once; or what failed, with the end of its log.
 */
export async function up(lab: Lab, options: UpOptions, say: Say): Promise<void> {
  const line = timed(say);
  const missing = missingIfDebian(lab);
  const obstacles = problems(await inspectMachine(lab, missing.length > 0));
  if (obstacles.length > 0) throw new Error(obstacles.join("\n"));
  await locked(lab, async () => {
    await bringPackages(lab, missing, options, line);
    writeConfiguration(lab);
    const units = allUnits(lab);
    await bringUp(
      lab,
      units,
      {
        finished: (unit, outcome, seconds) =>
          line(`${unit.name.padEnd(18)}${outcome}${seconds >= 0.1 ? ` after ${seconds.toFixed(1)} s` : ""}`),
        waiting: (names) => line(`still at work on   ${names.join(", ")}`),
      },
      options.stopped,
    );
  });
  const use =
    lab.machines === undefined
      ? '`eval "$(npm run --silent lab -- env)"` lets'
      : "`npm run lab -- run bash` opens a shell in its network, and lets";
  line(`The lab is up. ${use} OpenStack's and Pulumi's commands use it; credentials are in ${lab.cloudsYaml}.`);
}

/** Installs what is missing and starts nothing: for a lab whose network has no way to the packages. Errors: as `up`. */
export async function preparePackages(lab: Lab, options: Pick<UpOptions, "yes">, say: Say): Promise<void> {
  const missing = missingIfDebian(lab);
  // The ports that count are those of the lab's own network.
  const obstacles = problems({ ...(await inspectMachine(lab, missing.length > 0)), takenPorts: [] });
  if (obstacles.length > 0) throw new Error(obstacles.join("\n"));
  await locked(lab, () => bringPackages(lab, missing, options, timed(say)));
}

async function bringPackages(
  lab: Lab,
  missing: readonly string[],
  options: Pick<UpOptions, "yes">,
  line: Say,
): Promise<void> {
  restorePolicy(lab);
  if (missing.length > 0) await install(lab, missing, options, line);
  if (!unpackedPresent(lab)) {
    await unpackPackages(lab);
    line("unpacked          configuration templates of the daemons' packages");
  }
}

function missingIfDebian(lab: Lab): string[] {
  return existsSync("/usr/bin/dpkg-query") ? missingPackages(lab) : [];
}

async function install(
  lab: Lab,
  missing: readonly string[],
  options: Pick<UpOptions, "yes">,
  line: Say,
): Promise<void> {
  const size = await installationSize(missing);
  if (!options.yes) {
    if (!process.stdin.isTTY) throw new Error(`The lab needs ${size} to be installed by apt: say so with --yes.`);
    const question = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await question.question(
      `The lab needs ${size} to be installed by apt; none of their services will be started. Go on? [y/N] `,
    );
    question.close();
    if (!/^y(es)?$/i.test(answer.trim())) throw new Error("Nothing was installed.");
  }
  line(`installing        ${size}; about 5 minutes on two cores, details in ${lab.log}/install.log`);
  const clock = stopwatch();
  const heartbeat = setInterval(() => line(`installing        ${lastLine(`${lab.log}/install.log`)}`), 10_000);
  try {
    await installPackages(lab, missing);
  } finally {
    clearInterval(heartbeat);
  }
  line(`installed         after ${clock().toFixed(0)} s`);
}

/** State of one service. */
interface ServiceStatus {
  readonly name: string;
  readonly state: "serving" | "starting" | "stopped";
  readonly pid?: number;
  /** Proportional share of memory of all its processes, in MiB. */
  readonly memoryMib?: number;
}

/** State of all services; changes nothing. */
export async function status(lab: Lab): Promise<ServiceStatus[]> {
  const services = ordered(allUnits(lab)).filter((unit): unit is Service => unit.kind === "service");
  const processes = processesByUnit(lab);
  return Promise.all(
    services.map(async (service): Promise<ServiceStatus> => {
      const leader = runningLeader(lab, service.name);
      if (!leader) return { name: service.name, state: "stopped" };
      const serving = await serves(lab, service, 0);
      const memoryMib = Math.round(
        (processes.get(service.name) ?? []).reduce((sum, { pid }) => sum + proportionalKib(pid), 0) / 1024,
      );
      return { name: service.name, state: serving ? "serving" : "starting", pid: leader.pid, memoryMib };
    }),
  );
}

/** Stops all services, those that others need last, and whatever else belongs to the lab. Data stays. */
export async function down(lab: Lab, say: Say): Promise<void> {
  const clock = stopwatch();
  await locked(lab, () => stopAll(lab));
  say(
    `Nothing of the lab runs any more (${clock().toFixed(0)} s). Its data is kept: \`up\` continues with it, \`wipe\` removes it.`,
  );
}

async function stopAll(lab: Lab): Promise<void> {
  restorePolicy(lab);
  const units = ordered(allUnits(lab));
  const below = new Set(["mariadb", "rabbitmq", "memcached", "epmd", "ovn-nb", "ovn-sb", "ovn-northd"]);
  const names = units.map(({ name }) => name);
  await stopUnits(
    lab,
    names.filter((name) => !below.has(name)),
  );
  await stopUnits(lab, ["rabbitmq", "ovn-northd", "mariadb", "memcached"]);
  await stopEverything(lab);
  stopNetwork(lab);
  rmSync(lab.run, { recursive: true, force: true });
}

/**
 * Stops everything and removes the data, the credentials and the logs; the installed packages and what was unpacked of
 * them stay.
 */
export async function wipe(lab: Lab, say: Say): Promise<void> {
  await locked(lab, async () => {
    await stopAll(lab);
    for (const path of [lab.data, lab.etc, lab.log, lab.cloudsYaml]) rmSync(path, { recursive: true, force: true });
  });
  say("The lab's data is gone: the next `up` starts from nothing.");
}

/**
 * Lines for a shell that let the OpenStack client, the program and Pulumi's engine use the lab, its state included.
 * Errors: the lab was never up, so that there are no credentials; it has machines, and so a network in which a shell
 * must stand.
 */
export function environmentLines(lab: Lab): string[] {
  requireCredentials(lab);
  if (lab.machines !== undefined)
    throw new Error(
      "This lab has a network of its own: `npm run lab -- run bash` opens a shell in it, with everything set.",
    );
  return [
    `export OS_CLIENT_CONFIG_FILE='${lab.cloudsYaml}'`,
    "export OS_CLOUD=lab",
    `export PULUMI_BACKEND_URL='file://${lab.state}'`,
    `export PULUMI_CONFIG_PASSPHRASE_FILE='${lab.passphrase}'`,
  ];
}

/** Errors: the lab was never up, so that there are no credentials. */
export function requireCredentials(lab: Lab): void {
  if (!existsSync(lab.cloudsYaml)) throw new Error("The lab has no credentials yet: run `npm run lab -- up` first.");
}

/** Was the lab up by its own records, and can this process reach it? */
export function isRunning(lab: Lab): boolean {
  return !outsideNetwork(lab) && runningLeader(lab, "keystone") !== undefined && existsSync(lab.cloudsYaml);
}

function proportionalKib(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // It ended meanwhile.
  }
}

function lastLine(file: string): string {
  return existsSync(file) ? (readFileSync(file, "utf8").trimEnd().split("\n").pop() ?? "").slice(0, 120) : "";
}

/** Lines with the seconds since now before them. */
function timed(say: Say): Say {
  const clock = stopwatch();
  return (text) => say(`[${clock().toFixed(0).padStart(4)} s] ${text}`);
}

function stopwatch(): () => number {
  const began = Date.now();
  return () => (Date.now() - began) / 1000;
}
