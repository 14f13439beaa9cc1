/** What the lab is made of: services that run, and steps that are done. */
import { join } from "node:path";
import { type Layout, layout, sources } from "./layout";
import { type LabMachines, machinesOf } from "./machines";
import { loadSecrets, type Secrets } from "./secrets";

/** How one finds out that a service serves. */
type Probe =
  /** Answers over HTTP, with any status but a server error. */
  | { readonly kind: "http"; readonly url: string }
  /** Accepts connections. */
  | { readonly kind: "tcp"; readonly port: number }
  /** Its Unix socket accepts connections. */
  | { readonly kind: "socket"; readonly path: string }
  /** A line of its log, of this run, holds the text. */
  | { readonly kind: "log"; readonly text: string }
  /** It has reported to Nova's or Cinder's database since it was started. */
  | { readonly kind: "report"; readonly database: string; readonly binary: string; readonly host: string };

interface Common {
  /** Name in messages, of the log and of the record in `run`. */
  readonly name: string;
  /** Units that must be ready before this one begins. */
  readonly after: readonly string[];
  /** Files and folders to remove beforehand: an interrupted attempt may have left them half made. */
  readonly fresh?: readonly string[];
  /** Beside what all have (`environmentOf`). */
  readonly environment?: Readonly<Record<string, string>>;
  /** Variables whose values are the lab's passwords. */
  readonly secretEnvironment?: Readonly<Record<string, keyof Secrets>>;
}

/** A process that stays. */
export interface Service extends Common {
  readonly kind: "service";
  readonly command: readonly string[];
  /** TCP port it listens on at 127.0.0.1. */
  readonly port?: number;
  readonly ready: Probe;
}

/** Commands that end. */
export interface Step extends Common {
  readonly kind: "step";
  readonly commands: readonly (readonly string[])[];
  /** Done once in the life of the data, or each time the lab comes up. */
  readonly repeat: "once" | "always";
}

export type Unit = Service | Step;

/** What the tables of units are computed from. */
export interface Lab extends Layout {
  /** Number of hypervisors (Nova's fake driver); one per availability zone. */
  readonly hypervisors: number;
  /** Absent: nothing boots, servers are ACTIVE in Nova's books only. */
  readonly machines?: LabMachines;
  /** Quotas of the project to set, by OpenStack's names. Empty: as they are. */
  readonly quotas: Readonly<Record<string, number>>;
}

/** A lab in its folder: three zones with a hypervisor each. */
export function labIn(folder: string, quotas: Readonly<Record<string, number>> = {}): Lab {
  const places = layout(folder);
  return { ...places, hypervisors: 3, quotas, machines: machinesOf(places) };
}

/** Names of the hypervisors. */
export function hypervisorNames(lab: Lab): string[] {
  return Array.from({ length: lab.hypervisors }, (_, index) => `hypervisor-${index + 1}`);
}

/**
 * Environment of what the lab starts: Debian's own programs, none of the user's proxies, Python settings or OpenStack
 * variables.
 */
export function environmentOf(lab: Lab, unit: Unit): Record<string, string> {
  const secrets = Object.entries(unit.secretEnvironment ?? {}).map(
    ([variable, name]) => [variable, loadSecrets(lab)[name]] as const,
  );
  return {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: lab.data,
    LAB_ROOT: lab.root,
    TMPDIR: join(lab.data, "tmp"),
    LANG: "C.UTF-8",
    PYTHONPATH: sources.python,
    // Compiled Python beside the checkout's files or in /usr would be a trace outside the lab's folder.
    PYTHONPYCACHEPREFIX: join(lab.data, "pycache"),
    ...unit.environment,
    ...Object.fromEntries(secrets),
  };
}

/** The command that a Python package installs under this name, whether or not its file in /usr/bin was packaged. */
export function pythonCommand(name: string, ...args: string[]): string[] {
  return ["/usr/bin/python3", join(sources.python, "console.py"), name, ...args];
}

/** `units` in an order in which each comes after all it needs. Errors: an unknown name, a name used twice, a circle. */
export function ordered(units: readonly Unit[]): Unit[] {
  const byName = new Map(units.map((unit) => [unit.name, unit]));
  if (byName.size !== units.length) throw new Error("Two units of the lab have the same name.");
  const result: Unit[] = [];
  const onTheWay = new Set<string>();
  const place = (unit: Unit) => {
    if (result.includes(unit)) return;
    if (onTheWay.has(unit.name))
      throw new Error(`Units of the lab wait for each other in a circle: ${[...onTheWay, unit.name].join(" -> ")}.`);
    onTheWay.add(unit.name);
    for (const name of unit.after) {
      const needed = byName.get(name);
      if (!needed) throw new Error(`${unit.name} is to come after ${name}, which the lab does not have.`);
      place(needed);
    }
    onTheWay.delete(unit.name);
    result.push(unit);
  };
  units.forEach(place);
  return result;
}
