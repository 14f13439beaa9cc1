/** Machines for tests of the repair: whole ones, and what breaks them. */
import type { Node } from "../../src/kubernetes/nodes";
import type { MachineState } from "../../src/repair/machineState";

export const now = Date.parse("2026-11-30T12:00:00Z");
/** RFC 3339. */
export const minutesAgo = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();

export function nodeOf(name: string, conditions: Readonly<Record<string, string>> = {}, since = minutesAgo(90)): Node {
  const all = { Ready: "True", ReadonlyFilesystem: "False", ...conditions };
  return {
    metadata: { name, annotations: {} },
    spec: {},
    status: {
      conditions: Object.entries(all).map(([type, status]) => ({ type, status, lastTransitionTime: since })),
    },
  };
}

/** A machine that was created yesterday and is whole. */
export function machine(name: string, changes: Partial<MachineState> = {}): MachineState {
  const pool = name.replace(/^dev-/, "").replace(/-\d+$/, "");
  const yesterday = minutesAgo(1440);
  return {
    name,
    role: pool === "control-plane" ? "control-plane" : "worker",
    pool,
    server: { id: `id-${name}`, status: "ACTIVE", created: yesterday, updated: yesterday },
    node: nodeOf(name),
    ...changes,
  };
}

/** A server in a status of Nova since so many minutes; its node stopped to report then. */
export const inStatus = (status: string, minutes = 60): Partial<MachineState> => ({
  server: { id: "server", status, created: minutesAgo(1440), updated: minutesAgo(minutes) },
});

export const notReady = (name: string, minutes = 60): MachineState =>
  machine(name, { node: nodeOf(name, { Ready: "Unknown" }, minutesAgo(minutes)) });

/** The control plane and the workers of one pool. */
export const cluster = (workers: number): MachineState[] => [
  ...[0, 1, 2].map((index) => machine(`dev-control-plane-${index}`)),
  ...Array.from({ length: workers }, (_, index) => machine(`dev-general-${index}`)),
];

/** The cluster with other machines in the place of those of the same name. */
export const withMachines = (all: readonly MachineState[], ...others: readonly MachineState[]): MachineState[] =>
  all.map((known) => others.find(({ name }) => name === known.name) ?? known);
