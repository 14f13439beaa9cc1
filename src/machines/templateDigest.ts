/** Digests that tell machines apart which were created otherwise than today's would be. */
import { createHash } from "node:crypto";
import type { MachineSpec, MachineTemplate } from "./planMachines";
import { roles, type MachineRole } from "./roles";
import { fixedInputs, type ServerInput } from "./server";

type Exceptions = { readonly [P in keyof MachineSpec]?: string };

/** The properties of a machine that are no part of its template, each with the reason. */
export function templateExceptions(role: MachineRole): Exceptions {
  return {
    name: "tells machines of one template apart",
    index: "tells machines of one template apart",
    rolled: "is about this `up`, not about the machine",
    configKeys: "where something is set does not change what it is",
    serverGroupPolicy: "a server group that exists keeps its policy",
    labels: "each `up` reconciles them on the nodes",
    taints: "each `up` reconciles them on the nodes",
    ...(roles[role].flavorChange === "resized in place" ? { flavor: "`up` resizes the machine in place" } : {}),
  };
}

/**
 * Digest of a template: of everything that the plan says of the machine less the exceptions above, and of its
 * cloud-init document without facts and secrets. Whoever adds a property to MachineSpec makes it part of the digest. A
 * stale machine is one that was created from a template with another digest than today's.
 */
export function templateDigest(template: MachineTemplate, document: object): string {
  const exceptions = templateExceptions(template.role);
  const machine = Object.entries(template).filter(([property]) => !(property in exceptions));
  return digest({ machine: Object.fromEntries(machine), document });
}

/**
 * Digest of the inputs that a rolled machine would be replaced for, with all facts and secrets in them: the engine
 * replaces a rolled machine exactly when this digest is another than the one it was created with. Pass the digest of
 * the user data instead of the user data, which is the same for many machines.
 */
export function creationDigest(role: MachineRole, inputs: Readonly<Partial<Record<ServerInput, unknown>>>): string {
  return digest(Object.fromEntries(fixedInputs(role).map((input) => [input, inputs[input]])));
}

/** The first 12 hexadecimal digits of a SHA-256 over a value, whatever the order of its keys. */
export function digest(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex").slice(0, 12);
}

/** JSON with the keys of every object in order, so that the order in which somebody wrote a file means nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
